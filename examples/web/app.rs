//! The routes.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use redis_cached::{Cache, Page, PageToken};
use serde::Deserialize;

use crate::users::{User, Users};

/// With a token the page has forms that invalidate.
pub(crate) fn router(users: Users, token: Option<PageToken>) -> Router {
    // A real service has `/stats` and `/cache` behind the login of its administrators.
    let page = match token {
        None => get(page).with_state(users.cache.clone()),
        Some(token) => {
            get(page_with_forms).post(invalidate).with_state(Admin { cache: users.cache.clone(), token })
        }
    };
    Router::new()
        .route("/users/{id}", get(show).put(rename))
        .route("/stats", get(stats))
        .with_state(users)
        .route("/cache", page)
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
async fn page(State(cache): State<Cache>) -> impl IntoResponse {
    (PAGE_HEADERS, cache.page().await.title("Users").live(RENEWED).to_html())
}

const RENEWED: Duration = Duration::from_secs(5);

const PAGE_HEADERS: [(HeaderName, &str); 3] = [
    (header::CONTENT_TYPE, Page::HTML_CONTENT_TYPE),
    (header::CONTENT_SECURITY_POLICY, Page::CONTENT_SECURITY_POLICY),
    (header::CACHE_CONTROL, "no-store"),
];

/// What the page needs where it may invalidate.
#[derive(Clone)]
struct Admin {
    cache: Cache,
    token: PageToken,
}

/// The page with forms, which are sent to its own address.
async fn page_with_forms(State(Admin { cache, token }): State<Admin>) -> impl IntoResponse {
    let page = cache.page().await.title("Users").live(RENEWED).allow_invalidation(&token);
    (PAGE_HEADERS, page.to_html())
}

async fn invalidate(State(Admin { cache, token }): State<Admin>, form: Bytes) -> impl IntoResponse {
    let answer = cache.invalidate_from_page(&token, &form).await;
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, PAGE_HEADERS, answer.html)
}
