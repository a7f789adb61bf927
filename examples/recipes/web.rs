//! Articles over HTTP, from Postgres: axum and sqlx.
//!
//! `DATABASE_URL=postgres://… REDIS_URL=redis://… cargo run -p redis-cached-recipes --example recipe-web`

use std::collections::BTreeSet;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, put};
use axum::{Json, Router};
use redis_cached::{Cache, KeyPart, Tag, redis_cached, redis_invalidates};
use serde::{Deserialize, Serialize};
use sqlx::postgres::{PgPool, PgRow};
use sqlx::{Executor, Row};

// What is cached: the functions that ask the database.

#[derive(Serialize, Deserialize)]
struct Article {
    slug: String,
    author: String,
    title: String,
}

impl Article {
    fn of(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self { slug: row.try_get("slug")?, author: row.try_get("author")?, title: row.try_get("title")? })
    }
}

/// That there is none is remembered as well: links to deleted articles are followed again and again.
#[redis_cached(ttl = "1h", negative_ttl = "30s", key = "article:<slug>", skip(db))]
async fn article(db: &PgPool, slug: &str) -> sqlx::Result<Option<Article>> {
    let found = sqlx::query("SELECT * FROM articles WHERE slug = $1").bind(slug).fetch_optional(db).await?;
    found.as_ref().map(Article::of).transpose()
}

#[derive(KeyPart, Deserialize)]
struct Filter {
    author: Option<String>,
    #[serde(default)]
    offset: u32,
}

/// Nobody can say which of these lists an article is in, so all of them are one group.
#[redis_cached(ttl = "10m", key = "articles:<filter>", skip(db), group = "article lists")]
async fn articles(db: &PgPool, filter: &Filter) -> sqlx::Result<Vec<Article>> {
    let rows = sqlx::query(
        "SELECT * FROM articles WHERE $1::text IS NULL OR author = $1 ORDER BY slug LIMIT 20 OFFSET $2",
    )
    .bind(&filter.author)
    .bind(i64::from(filter.offset))
    .fetch_all(db)
    .await?;
    rows.iter().map(Article::of).collect()
}

#[derive(Tag)]
#[tag("reader:<0>")]
struct Reader<'a>(&'a str);

/// Cached by itself, because it depends on who is asking. The article is the same for all.
#[redis_cached(ttl = "1h", key = "favorites:<reader>", skip(db), tags = [Reader(reader)])]
async fn favorites(db: &PgPool, reader: &str) -> sqlx::Result<BTreeSet<String>> {
    let rows = sqlx::query("SELECT slug FROM favorites WHERE reader = $1").bind(reader).fetch_all(db).await?;
    rows.iter().map(|row| row.try_get("slug")).collect()
}

/// Returns whether it is new, which is no article: what it invalidates is named by its arguments.
#[redis_invalidates(article(&article.slug), group("article lists"))]
async fn save(db: &PgPool, article: &Article) -> sqlx::Result<bool> {
    let saved = sqlx::query(
        "INSERT INTO articles (slug, author, title) VALUES ($1, $2, $3)
         ON CONFLICT (slug) DO UPDATE SET author = $2, title = $3 RETURNING xmax = 0 AS is_new",
    )
    .bind(&article.slug)
    .bind(&article.author)
    .bind(&article.title)
    .fetch_one(db)
    .await?;
    saved.try_get("is_new")
}

/// It commits, so the attribute is here. A commit whose answer was lost may have happened: `on_error` invalidates then as well.
#[redis_invalidates(article(slug), group("article lists"), on_error)]
async fn retitle(db: &PgPool, slug: &str, title: &str) -> sqlx::Result<()> {
    let mut transaction = db.begin().await?;
    let statement = "UPDATE articles SET title = $2 WHERE slug = $1";
    sqlx::query(statement).bind(slug).bind(title).execute(&mut *transaction).await?;
    let statement = "INSERT INTO revisions (slug, title) VALUES ($1, $2)";
    sqlx::query(statement).bind(slug).bind(title).execute(&mut *transaction).await?;
    transaction.commit().await // the entry is removed after this
}

#[redis_invalidates(tag(Reader(reader)))]
async fn add_favorite(db: &PgPool, reader: &str, slug: &str) -> sqlx::Result<()> {
    let statement = "INSERT INTO favorites (reader, slug) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    sqlx::query(statement).bind(reader).bind(slug).execute(db).await?;
    Ok(())
}

// What is not: the handlers, which put answers together.

#[derive(Serialize)]
struct Page {
    #[serde(flatten)]
    article: Article,
    favorite: bool,
}

/// The login is optional: without one there is nothing more to ask.
async fn show(
    State(db): State<PgPool>,
    Path(slug): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Page>, StatusCode> {
    let article = article(&db, &slug).await.map_err(failed)?.ok_or(StatusCode::NOT_FOUND)?;
    let favorite = match reader(&headers) {
        Some(reader) => favorites(&db, reader).await.map_err(failed)?.contains(&slug),
        None => false,
    };
    Ok(Json(Page { article, favorite }))
}

async fn list(
    State(db): State<PgPool>,
    Query(filter): Query<Filter>,
) -> Result<Json<Vec<Article>>, StatusCode> {
    articles(&db, &filter).await.map(Json).map_err(failed)
}

async fn write(State(db): State<PgPool>, Json(article): Json<Article>) -> Result<StatusCode, StatusCode> {
    let is_new = save(&db, &article).await.map_err(failed)?;
    Ok(if is_new { StatusCode::CREATED } else { StatusCode::NO_CONTENT })
}

async fn change_title(
    State(db): State<PgPool>,
    Path(slug): Path<String>,
    title: String,
) -> Result<StatusCode, StatusCode> {
    retitle(&db, &slug, &title).await.map_err(failed)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn favor(
    State(db): State<PgPool>,
    Path(slug): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, StatusCode> {
    let reader = reader(&headers).ok_or(StatusCode::UNAUTHORIZED)?;
    add_favorite(&db, reader, &slug).await.map_err(failed)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Stands for your login.
fn reader(headers: &HeaderMap) -> Option<&str> {
    headers.get("x-reader")?.to_str().ok()
}

/// An error of the database. There are none of the cache.
#[allow(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn failed(error: sqlx::Error) -> StatusCode {
    eprintln!("{error}");
    StatusCode::INTERNAL_SERVER_ERROR
}

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS articles (slug text PRIMARY KEY, author text NOT NULL, title text NOT NULL);
    CREATE TABLE IF NOT EXISTS revisions (slug text NOT NULL, title text NOT NULL);
    CREATE TABLE IF NOT EXISTS favorites (reader text, slug text, PRIMARY KEY (reader, slug));";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cache = Cache::builder()
        .url(std::env::var("REDIS_URL")?)
        .prefix("blog:") // another program on this server has another one
        .connect_lazy()?; // the service starts, and answers, while Redis is unreachable
    cache.set_global()?;

    let db = PgPool::connect(&std::env::var("DATABASE_URL")?).await?;
    db.execute(SCHEMA).await?;
    let routes = Router::new()
        .route("/articles", get(list).put(write))
        .route("/articles/{slug}", get(show))
        .route("/articles/{slug}/title", put(change_title))
        .route("/articles/{slug}/favorite", put(favor))
        .with_state(db);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    let shutdown = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    axum::serve(listener, routes).with_graceful_shutdown(shutdown).await?;

    if let Err(error) = cache.flush().await {
        eprintln!("{error}"); // what was computed last is stored, and what was invalidated last is gone, if Redis is there
    }
    Ok(())
}
