//! The routes.

use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use redis_cached::Page;
use serde::Deserialize;

use crate::users::{User, Users};

pub(crate) fn router(users: Users) -> Router {
    // A real service has the last two behind the login of its administrators.
    Router::new()
        .route("/users/{id}", get(show).put(rename))
        .route("/stats", get(stats))
        .route("/cache", get(page))
        .with_state(users)
}

async fn show(State(users): State<Users>, Path(id): Path<u64>) -> Result<Json<User>, StatusCode> {
    users.user(id).await.map(Json).ok_or(StatusCode::NOT_FOUND)
}

#[derive(Deserialize)]
struct Rename {
    name: String,
}

async fn rename(
    State(users): State<Users>,
    Path(id): Path<u64>,
    Json(Rename { name }): Json<Rename>,
) -> Result<StatusCode, (StatusCode, String)> {
    match users.rename(id, &name).await {
        Ok(true) => Ok(StatusCode::NO_CONTENT),
        Ok(false) => Err((StatusCode::NOT_FOUND, format!("there is no user {id}\n"))),
        Err(error) => Err((
            StatusCode::SERVICE_UNAVAILABLE,
            format!("renamed, but readers may see the old name: {error}\n"),
        )),
    }
}

async fn stats(State(users): State<Users>) -> String {
    format!("{}\n", users.cache.stats())
}

/// What the cache does, for a browser, where it is renewed every five seconds.
async fn page(State(users): State<Users>) -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, Page::HTML_CONTENT_TYPE),
        (header::CONTENT_SECURITY_POLICY, Page::CONTENT_SECURITY_POLICY),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, users.cache.page().await.title("Users").live(Duration::from_secs(5)).to_html())
}
