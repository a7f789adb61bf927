//! The words that articles are filed under.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use redis_cached::redis_cached;
use serde_json::json;

use crate::error::Answer;
use crate::{App, Db};

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/tags", get(list))
}

#[redis_cached(ttl = "1h", key = "tags", skip(db), cache = db.cache)]
pub(crate) async fn tags(db: &Db) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar("SELECT DISTINCT unnest(tags) AS tag FROM articles ORDER BY tag")
        .fetch_all(&db.pool)
        .await
}

async fn list(State(app): State<App>) -> Answer {
    Ok(Json(json!({ "tags": tags(&app.db).await? })))
}
