//! Users as others see them, and who follows whom.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use redis_cached::{Tag, redis_cached, redis_invalidates};
use serde_json::{Value, json};

use crate::error::{Answer, Failure};
use crate::login::{Login, OptionalLogin};
use crate::users::{User, user, user_named};
use crate::{App, Db};

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/profiles/{username}", get(show))
        .route("/profiles/{username}/follow", post(follow).delete(unfollow))
}

/// What depends on whom a reader follows: the set itself, and the feed.
#[derive(Tag)]
#[tag("follower:<0>")]
pub(crate) struct Follower(pub(crate) i64);

#[redis_cached(ttl = "1h", key = "followed:<reader>", skip(db), cache = db.cache, tags = [Follower(reader)])]
pub(crate) async fn followed(db: &Db, reader: i64) -> sqlx::Result<BTreeSet<i64>> {
    let ids: Vec<i64> = sqlx::query_scalar("SELECT followed FROM follows WHERE follower = $1")
        .bind(reader)
        .fetch_all(&db.pool)
        .await?;
    Ok(ids.into_iter().collect())
}

/// Nobody who is not logged in follows anybody, and nothing is asked.
pub(crate) async fn followed_by(db: &Db, reader: Option<i64>) -> sqlx::Result<BTreeSet<i64>> {
    match reader {
        Some(reader) => followed(db, reader).await,
        None => Ok(BTreeSet::new()),
    }
}

#[redis_invalidates(tag(Follower(reader)), cache = db.cache)]
async fn set_followed(db: &Db, reader: i64, author: i64, follows: bool) -> sqlx::Result<()> {
    let statement = if follows {
        "INSERT INTO follows (follower, followed) VALUES ($1, $2) ON CONFLICT DO NOTHING"
    } else {
        "DELETE FROM follows WHERE follower = $1 AND followed = $2"
    };
    sqlx::query(statement).bind(reader).bind(author).execute(&db.pool).await?;
    Ok(())
}

pub(crate) fn profile(user: &User, following: bool) -> Value {
    let User { username, bio, image, .. } = user;
    json!({ "username": username, "bio": bio, "image": image, "following": following })
}

async fn answer(db: &Db, reader: Option<i64>, author: i64) -> Answer {
    let following = followed_by(db, reader).await?.contains(&author);
    Ok(Json(json!({ "profile": profile(&user(db, author).await?, following) })))
}

async fn show(
    State(app): State<App>,
    OptionalLogin(reader): OptionalLogin,
    Path(username): Path<String>,
) -> Answer {
    let author = user_named(&app.db, &username).await?.ok_or(Failure::NotFound)?;
    answer(&app.db, reader, author).await
}

async fn follow(state: State<App>, login: Login, username: Path<String>) -> Answer {
    change(state, login, username, true).await
}

async fn unfollow(state: State<App>, login: Login, username: Path<String>) -> Answer {
    change(state, login, username, false).await
}

async fn change(
    State(app): State<App>,
    Login(reader): Login,
    Path(username): Path<String>,
    follows: bool,
) -> Answer {
    let author = user_named(&app.db, &username).await?.ok_or(Failure::NotFound)?;
    set_followed(&app.db, reader, author, follows).await?;
    answer(&app.db, Some(reader), author).await
}
