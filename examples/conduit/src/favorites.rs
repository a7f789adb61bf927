//! Which readers like which articles.

use std::collections::{BTreeSet, HashMap};

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::post;
use redis_cached::{Tag, redis_cached, redis_invalidates};

use crate::articles::{answer, article_at};
use crate::error::{Answer, Failure};
use crate::login::Login;
use crate::{App, Db};

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/articles/{slug}/favorite", post(favor).delete(disfavor))
}

/// What depends on a reader's favorites: the set itself, and the list of these articles.
#[derive(Tag)]
#[tag("favorites:<0>")]
pub(crate) struct FavoritesOf(pub(crate) i64);

#[redis_cached(ttl = "1h", key = "favorites:<reader>", skip(db), cache = db.cache, tags = [FavoritesOf(reader)])]
pub(crate) async fn favorites(db: &Db, reader: i64) -> sqlx::Result<BTreeSet<i64>> {
    let ids: Vec<i64> = sqlx::query_scalar("SELECT article FROM favorites WHERE reader = $1")
        .bind(reader)
        .fetch_all(&db.pool)
        .await?;
    Ok(ids.into_iter().collect())
}

pub(crate) async fn favorites_of(db: &Db, reader: Option<i64>) -> sqlx::Result<BTreeSet<i64>> {
    match reader {
        Some(reader) => favorites(db, reader).await,
        None => Ok(BTreeSet::new()),
    }
}

/// How many readers like each of these articles.
#[redis_cached(ttl = "1h", key = "favorite count:<articles>", batch = articles, skip(db), cache = db.cache)]
pub(crate) async fn favorite_counts(db: &Db, articles: &[i64]) -> sqlx::Result<HashMap<i64, i64>> {
    let counts: Vec<(i64, i64)> = sqlx::query_as(
        "SELECT id, (SELECT count(*) FROM favorites WHERE article = id) FROM articles WHERE id = ANY($1)",
    )
    .bind(articles)
    .fetch_all(&db.pool)
    .await?;
    Ok(counts.into_iter().collect())
}

#[redis_invalidates(favorite_counts(db, article), tag(FavoritesOf(reader)), cache = db.cache)]
async fn set_favorite(db: &Db, reader: i64, article: i64, is_favorite: bool) -> sqlx::Result<()> {
    let statement = if is_favorite {
        "INSERT INTO favorites (reader, article) VALUES ($1, $2) ON CONFLICT DO NOTHING"
    } else {
        "DELETE FROM favorites WHERE reader = $1 AND article = $2"
    };
    sqlx::query(statement).bind(reader).bind(article).execute(&db.pool).await?;
    Ok(())
}

async fn favor(state: State<App>, login: Login, slug: Path<String>) -> Answer {
    change(state, login, slug, true).await
}

async fn disfavor(state: State<App>, login: Login, slug: Path<String>) -> Answer {
    change(state, login, slug, false).await
}

async fn change(
    State(app): State<App>,
    Login(reader): Login,
    Path(slug): Path<String>,
    is_favorite: bool,
) -> Answer {
    let article = article_at(&app.db, &slug).await?.ok_or(Failure::NotFound)?;
    set_favorite(&app.db, reader, article, is_favorite).await?;
    answer(&app.db, Some(reader), article).await
}
