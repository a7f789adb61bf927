//! What readers say of an article.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{delete, get};
use axum::{Json, Router};
use redis_cached::{redis_cached, redis_invalidates};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::articles::article_at;
use crate::error::{Answer, Failure};
use crate::login::{Login, OptionalLogin};
use crate::profiles::{followed_by, profile};
use crate::users::users;
use crate::{App, Db};

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/articles/{slug}/comments", get(list).post(add))
        .route("/articles/{slug}/comments/{id}", delete(remove))
}

/// The author is a number: a name that changes is none of this list's business.
#[derive(Serialize, Deserialize)]
pub(crate) struct Comment {
    id: i64,
    author: i64,
    body: String,
    created_at: String,
}

#[redis_cached(ttl = "1h", key = "comments:<article>", skip(db), cache = db.cache)]
pub(crate) async fn comments(db: &Db, article: i64) -> sqlx::Result<Vec<Comment>> {
    let rows: Vec<(i64, i64, String, String)> = sqlx::query_as(
        r#"SELECT id, author, body, to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
           FROM comments WHERE article = $1 ORDER BY id"#,
    )
    .bind(article)
    .fetch_all(&db.pool)
    .await?;
    let comment = |(id, author, body, created_at)| Comment { id, author, body, created_at };
    Ok(rows.into_iter().map(comment).collect())
}

#[redis_invalidates(comments(db, article))]
async fn insert(db: &Db, article: i64, author: i64, body: &str) -> sqlx::Result<i64> {
    sqlx::query_scalar("INSERT INTO comments (article, author, body) VALUES ($1, $2, $3) RETURNING id")
        .bind(article)
        .bind(author)
        .bind(body)
        .fetch_one(&db.pool)
        .await
}

#[redis_invalidates(comments(db, article))]
async fn delete_one(db: &Db, article: i64, id: i64) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM comments WHERE article = $1 AND id = $2")
        .bind(article)
        .bind(id)
        .execute(&db.pool)
        .await?;
    Ok(())
}

async fn shown(db: &Db, reader: Option<i64>, comments: &[Comment]) -> Result<Vec<Value>, Failure> {
    let authors: Vec<i64> = comments.iter().map(|comment| comment.author).collect();
    let users = users(db, &authors).await?;
    let followed = followed_by(db, reader).await?;
    let shown = |Comment { id, author, body, created_at }: &Comment| {
        let author = profile(users.get(author)?, followed.contains(author));
        Some(
            json!({ "id": id, "createdAt": created_at, "updatedAt": created_at, "body": body, "author": author }),
        )
    };
    Ok(comments.iter().filter_map(shown).collect())
}

async fn list(
    State(app): State<App>,
    OptionalLogin(reader): OptionalLogin,
    Path(slug): Path<String>,
) -> Answer {
    let article = article_at(&app.db, &slug).await?.ok_or(Failure::NotFound)?;
    let comments = comments(&app.db, article).await?;
    Ok(Json(json!({ "comments": shown(&app.db, reader, &comments).await? })))
}

#[derive(Deserialize)]
struct Request {
    comment: NewComment,
}

#[derive(Deserialize)]
struct NewComment {
    body: String,
}

async fn add(
    State(app): State<App>,
    Login(reader): Login,
    Path(slug): Path<String>,
    Json(Request { comment }): Json<Request>,
) -> Answer {
    let article = article_at(&app.db, &slug).await?.ok_or(Failure::NotFound)?;
    let id = insert(&app.db, article, reader, &comment.body).await?;
    let mut added = comments(&app.db, article).await?;
    added.retain(|comment| comment.id == id);
    let added = shown(&app.db, Some(reader), &added).await?.pop().ok_or(Failure::NotFound)?;
    Ok(Json(json!({ "comment": added })))
}

async fn remove(
    State(app): State<App>,
    Login(reader): Login,
    Path((slug, id)): Path<(String, i64)>,
) -> Result<StatusCode, Failure> {
    let article = article_at(&app.db, &slug).await?.ok_or(Failure::NotFound)?;
    let comments = comments(&app.db, article).await?;
    let comment = comments.iter().find(|comment| comment.id == id).ok_or(Failure::NotFound)?;
    if comment.author != reader {
        return Err(Failure::Forbidden);
    }
    delete_one(&app.db, article, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
