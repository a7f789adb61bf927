//! Articles one by one.

use std::collections::HashMap;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use redis_cached::{redis_cached, redis_invalidates};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::{Answer, Failure};
use crate::favorites::{favorite_counts, favorites_of};
use crate::login::{Login, OptionalLogin};
use crate::profiles::{followed_by, profile};
use crate::users::users;
use crate::{App, Db, tags};

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/articles", post(create))
        .route("/articles/{slug}", get(show).put(change).delete(remove))
}

/// An article, the same for all readers.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Article {
    slug: String,
    author: i64,
    title: String,
    description: String,
    body: String,
    tags: Vec<String>,
    created_at: String,
    updated_at: String,
}

/// The number of the article with this slug. That there is none is remembered for a moment, and until somebody writes it.
#[redis_cached(ttl = "1h", negative_ttl = "30s", key = "article at <slug>", skip(db), cache = db.cache)]
pub(crate) async fn article_at(db: &Db, slug: &str) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar("SELECT id FROM articles WHERE slug = $1").bind(slug).fetch_optional(&db.pool).await
}

/// A page of them by one call. A list holds numbers, so a changed title is an entry and not all lists.
#[redis_cached(ttl = "1h", key = "article:<ids>", batch = ids, skip(db), cache = db.cache)]
async fn articles(db: &Db, ids: &[i64]) -> sqlx::Result<HashMap<i64, Article>> {
    type Row = (i64, String, i64, String, String, String, Vec<String>, String, String);
    let rows: Vec<Row> = sqlx::query_as(
        r#"SELECT id, slug, author, title, description, body, tags,
                  to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                  to_char(updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
           FROM articles WHERE id = ANY($1)"#,
    )
    .bind(ids)
    .fetch_all(&db.pool)
    .await?;
    let article = |(id, slug, author, title, description, body, tags, created_at, updated_at)| {
        (id, Article { slug, author, title, description, body, tags, created_at, updated_at })
    };
    Ok(rows.into_iter().map(article).collect())
}

#[derive(Deserialize)]
struct NewArticle {
    title: String,
    description: String,
    body: String,
    #[serde(rename = "tagList", default)]
    tags: Vec<String>,
}

/// A new article is on lists that nobody can name, so all of them are one group. It answers with a number, which is no article.
#[redis_invalidates(article_at(db, slug), tags::tags(db), group("article lists"), cache = db.cache)]
async fn insert(db: &Db, author: i64, slug: &str, new: &NewArticle) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "INSERT INTO articles (slug, author, title, description, body, tags) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
    )
    .bind(slug)
    .bind(author)
    .bind(&new.title)
    .bind(&new.description)
    .bind(&new.body)
    .bind(&new.tags)
    .fetch_one(&db.pool)
    .await
}

/// Another title is another slug, and both are touched.
#[redis_invalidates(articles(db, id), article_at(db, old), article_at(db, &new.slug))]
async fn update(db: &Db, id: i64, old: &str, new: &Article) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE articles SET slug = $2, title = $3, description = $4, body = $5, updated_at = now()
         WHERE id = $1",
    )
    .bind(id)
    .bind(&new.slug)
    .bind(&new.title)
    .bind(&new.description)
    .bind(&new.body)
    .execute(&db.pool)
    .await?;
    Ok(())
}

/// What is looked up by the article's number needs no mention: nothing leads to it any more, and the number is never given again.
#[redis_invalidates(article_at(db, slug), tags::tags(db), group("article lists"), cache = db.cache)]
async fn delete(db: &Db, id: i64, slug: &str) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM articles WHERE id = $1").bind(id).execute(&db.pool).await?;
    Ok(())
}

/// Articles as a reader sees them: what is the same for all, put together with what is theirs. Five look-ups, however many articles.
pub(crate) async fn shown(db: &Db, reader: Option<i64>, ids: &[i64]) -> Result<Vec<Value>, Failure> {
    let articles = articles(db, ids).await?;
    let authors: Vec<i64> = articles.values().map(|article| article.author).collect();
    let users = users(db, &authors).await?;
    let counts = favorite_counts(db, ids).await?;
    let favorites = favorites_of(db, reader).await?;
    let followed = followed_by(db, reader).await?;
    let shown = |id: &i64| {
        let article = articles.get(id)?;
        let author = profile(users.get(&article.author)?, followed.contains(&article.author));
        Some(json!({
            "slug": article.slug, "title": article.title, "description": article.description, "body": article.body,
            "tagList": article.tags, "createdAt": article.created_at, "updatedAt": article.updated_at,
            "favorited": favorites.contains(id), "favoritesCount": counts.get(id), "author": author,
        }))
    };
    Ok(ids.iter().filter_map(shown).collect())
}

pub(crate) async fn answer(db: &Db, reader: Option<i64>, id: i64) -> Answer {
    let article = shown(db, reader, &[id]).await?.pop().ok_or(Failure::NotFound)?;
    Ok(Json(json!({ "article": article })))
}

/// Lower case, and hyphens for all that is neither letter nor digit.
fn slug_of(title: &str) -> String {
    let words = title.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("-")
}

async fn show(
    State(app): State<App>,
    OptionalLogin(reader): OptionalLogin,
    Path(slug): Path<String>,
) -> Answer {
    let id = article_at(&app.db, &slug).await?.ok_or(Failure::NotFound)?;
    answer(&app.db, reader, id).await
}

#[derive(Deserialize)]
struct Request<T> {
    article: T,
}

async fn create(
    State(app): State<App>,
    Login(author): Login,
    Json(Request { article }): Json<Request<NewArticle>>,
) -> Answer {
    let slug = slug_of(&article.title);
    if slug.is_empty() {
        return Err(Failure::Invalid("the title can't be blank"));
    }
    let id = insert(&app.db, author, &slug, &article).await?;
    answer(&app.db, Some(author), id).await
}

#[derive(Deserialize)]
struct Changes {
    title: Option<String>,
    description: Option<String>,
    body: Option<String>,
}

/// The article, if it is the author who asks.
async fn of_author(db: &Db, slug: &str, author: i64) -> Result<(i64, Article), Failure> {
    let id = article_at(db, slug).await?.ok_or(Failure::NotFound)?;
    let article = articles(db, &[id]).await?.remove(&id).ok_or(Failure::NotFound)?;
    if article.author == author { Ok((id, article)) } else { Err(Failure::Forbidden) }
}

async fn change(
    State(app): State<App>,
    Login(author): Login,
    Path(slug): Path<String>,
    Json(Request { article: changes }): Json<Request<Changes>>,
) -> Answer {
    let (id, old) = of_author(&app.db, &slug, author).await?;
    let title = changes.title.unwrap_or(old.title);
    let new = Article {
        slug: slug_of(&title),
        title,
        description: changes.description.unwrap_or(old.description),
        body: changes.body.unwrap_or(old.body),
        ..old
    };
    update(&app.db, id, &slug, &new).await?;
    answer(&app.db, Some(author), id).await
}

async fn remove(
    State(app): State<App>,
    Login(author): Login,
    Path(slug): Path<String>,
) -> Result<StatusCode, Failure> {
    let (id, _) = of_author(&app.db, &slug, author).await?;
    delete(&app.db, id, &slug).await?;
    Ok(StatusCode::NO_CONTENT)
}
