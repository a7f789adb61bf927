//! Registration, login, and the user who is asking.

use std::collections::HashMap;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use redis_cached::{redis_cached, redis_invalidates};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::error::{Answer, Failure};
use crate::login::{Login, token};
use crate::{App, Db, passwords};

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/users", post(register))
        .route("/users/login", post(log_in))
        .route("/user", get(current).put(change))
}

/// What may be shown of a user. Without the password's hash: what is not cached cannot leak from the cache.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) email: String,
    pub(crate) username: String,
    pub(crate) bio: Option<String>,
    pub(crate) image: Option<String>,
}

/// A page of articles names its authors by one call.
#[redis_cached(ttl = "1h", key = "user:<ids>", batch = ids, skip(db), cache = db.cache)]
pub(crate) async fn users(db: &Db, ids: &[i64]) -> sqlx::Result<HashMap<i64, User>> {
    type Row = (i64, String, String, Option<String>, Option<String>);
    let rows: Vec<Row> =
        sqlx::query_as("SELECT id, email, username, bio, image FROM users WHERE id = ANY($1)")
            .bind(ids)
            .fetch_all(&db.pool)
            .await?;
    let user = |(id, email, username, bio, image)| (id, User { email, username, bio, image });
    Ok(rows.into_iter().map(user).collect())
}

pub(crate) async fn user(db: &Db, id: i64) -> Result<User, Failure> {
    users(db, &[id]).await?.remove(&id).ok_or(Failure::NotFound)
}

/// Who has a name. That nobody has is remembered for a moment, and until somebody takes it.
#[redis_cached(ttl = "1h", negative_ttl = "30s", key = "user named <username>", skip(db), cache = db.cache)]
pub(crate) async fn user_named(db: &Db, username: &str) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar("SELECT id FROM users WHERE username = $1")
        .bind(username)
        .fetch_optional(&db.pool)
        .await
}

#[redis_invalidates(user_named(db, username))]
async fn insert(db: &Db, username: &str, email: &str, hash: &str) -> sqlx::Result<i64> {
    sqlx::query_scalar("INSERT INTO users (username, email, password) VALUES ($1, $2, $3) RETURNING id")
        .bind(username)
        .bind(email)
        .bind(hash)
        .fetch_one(&db.pool)
        .await
}

/// Both names are touched, the old one and the new one. What names its author by number is not.
#[redis_invalidates(users(db, id), user_named(db, old), user_named(db, &new.username))]
async fn update(db: &Db, id: i64, old: &str, new: &User, hash: Option<&str>) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE users SET email = $2, username = $3, bio = $4, image = $5, password = coalesce($6, password)
         WHERE id = $1",
    )
    .bind(id)
    .bind(&new.email)
    .bind(&new.username)
    .bind(&new.bio)
    .bind(&new.image)
    .bind(hash)
    .execute(&db.pool)
    .await?;
    Ok(())
}

/// The same user with their token, as four routes answer.
async fn with_token(app: &App, id: i64) -> Answer {
    let User { email, username, bio, image } = user(&app.db, id).await?;
    let token = token(app, id);
    let user = json!({ "email": email, "token": token, "username": username, "bio": bio, "image": image });
    Ok(Json(json!({ "user": user })))
}

#[derive(Deserialize)]
struct Request<T> {
    user: T,
}

#[derive(Deserialize)]
struct NewUser {
    username: String,
    email: String,
    password: String,
}

async fn register(State(app): State<App>, Json(Request { user }): Json<Request<NewUser>>) -> Answer {
    if user.username.is_empty() || user.email.is_empty() || user.password.is_empty() {
        return Err(Failure::Invalid("can't be blank"));
    }
    let hash = app.hashing.hash(user.password).await.ok_or(Failure::Invalid("no such password"))?;
    let id = insert(&app.db, &user.username, &user.email, &hash).await?;
    with_token(&app, id).await
}

#[derive(Deserialize)]
struct Credentials {
    email: String,
    password: String,
}

/// A login asks the database: nothing that decides about it is cached.
async fn log_in(State(app): State<App>, Json(Request { user }): Json<Request<Credentials>>) -> Answer {
    let found: Option<(i64, String)> = sqlx::query_as("SELECT id, password FROM users WHERE email = $1")
        .bind(&user.email)
        .fetch_optional(&app.db.pool)
        .await?;
    let (id, hash) = found.ok_or(Failure::Unauthorized)?;
    if !passwords::fits(user.password, hash).await {
        return Err(Failure::Unauthorized);
    }
    with_token(&app, id).await
}

async fn current(State(app): State<App>, Login(id): Login) -> Answer {
    with_token(&app, id).await
}

#[derive(Deserialize)]
struct Changes {
    username: Option<String>,
    email: Option<String>,
    password: Option<String>,
    bio: Option<String>,
    image: Option<String>,
}

async fn change(
    State(app): State<App>,
    Login(id): Login,
    Json(Request { user: changes }): Json<Request<Changes>>,
) -> Answer {
    let old = user(&app.db, id).await?;
    let new = User {
        email: changes.email.unwrap_or(old.email),
        username: changes.username.unwrap_or_else(|| old.username.clone()),
        bio: changes.bio.or(old.bio),
        image: changes.image.or(old.image),
    };
    let hash = match changes.password {
        Some(password) => Some(app.hashing.hash(password).await.ok_or(Failure::Invalid("no such password"))?),
        None => None,
    };
    update(&app.db, id, &old.username, &new, hash.as_deref()).await?;
    with_token(&app, id).await
}
