//! Lists of articles: by filters, and a reader's feed.

use axum::extract::{Query, State};
use axum::routing::get;
use axum::{Json, Router};
use redis_cached::{KeyPart, redis_cached};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::articles::shown;
use crate::error::{Answer, Failure};
use crate::favorites::FavoritesOf;
use crate::login::{Login, OptionalLogin};
use crate::profiles::Follower;
use crate::users::user_named;
use crate::{App, Db};

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/articles", get(list)).route("/articles/feed", get(feed))
}

/// As the address has it.
#[derive(Deserialize)]
struct Filters {
    tag: Option<String>,
    author: Option<String>,
    favorited: Option<String>,
    #[serde(default = "twenty")]
    limit: u32,
    #[serde(default)]
    offset: u32,
}

const fn twenty() -> u32 {
    20
}

/// As the database is asked: by numbers, so that no list depends on a name.
#[derive(KeyPart)]
struct Filter {
    tag: Option<String>,
    author: Option<i64>,
    favorited: Option<i64>,
    limit: u32,
    offset: u32,
}

#[derive(KeyPart, Deserialize)]
struct Part {
    #[serde(default = "twenty")]
    limit: u32,
    #[serde(default)]
    offset: u32,
}

/// The articles on this part of a list, and how many are on all of it.
#[derive(Default, Serialize, Deserialize)]
struct Page {
    ids: Vec<i64>,
    count: i64,
}

#[redis_cached(
    ttl = "10m", key = "articles:<filter>", skip(db), cache = db.cache,
    group = "article lists", tags = [filter.favorited.map(FavoritesOf)]
)]
async fn filtered(db: &Db, filter: &Filter) -> sqlx::Result<Page> {
    let (ids, count) = sqlx::query_as(
        "WITH found AS (
             SELECT id FROM articles
             WHERE ($1::text IS NULL OR $1 = ANY(tags)) AND ($2::bigint IS NULL OR author = $2)
               AND ($3::bigint IS NULL OR id IN (SELECT article FROM favorites WHERE reader = $3))
         )
         SELECT ARRAY(SELECT id FROM found ORDER BY id DESC LIMIT $4 OFFSET $5), (SELECT count(*) FROM found)",
    )
    .bind(&filter.tag)
    .bind(filter.author)
    .bind(filter.favorited)
    .bind(i64::from(filter.limit))
    .bind(i64::from(filter.offset))
    .fetch_one(&db.pool)
    .await?;
    Ok(Page { ids, count })
}

#[redis_cached(
    ttl = "10m", key = "feed:<reader>:<part>", skip(db), cache = db.cache,
    group = "article lists", tags = [Follower(reader)]
)]
async fn followed_articles(db: &Db, reader: i64, part: &Part) -> sqlx::Result<Page> {
    let (ids, count) = sqlx::query_as(
        "WITH found AS (
             SELECT id FROM articles WHERE author IN (SELECT followed FROM follows WHERE follower = $1)
         )
         SELECT ARRAY(SELECT id FROM found ORDER BY id DESC LIMIT $2 OFFSET $3), (SELECT count(*) FROM found)",
    )
    .bind(reader)
    .bind(i64::from(part.limit))
    .bind(i64::from(part.offset))
    .fetch_one(&db.pool)
    .await?;
    Ok(Page { ids, count })
}

async fn answer(db: &Db, reader: Option<i64>, page: Page) -> Answer {
    let articles = shown(db, reader, &page.ids).await?;
    Ok(Json(json!({ "articles": articles, "articlesCount": page.count })))
}

/// Who has a name that a filter gives. `Err` is an empty list: nobody has it.
async fn named(db: &Db, name: Option<&str>) -> Result<Result<Option<i64>, Page>, Failure> {
    let Some(name) = name else { return Ok(Ok(None)) };
    Ok(user_named(db, name).await?.map(Some).ok_or_else(Page::default))
}

async fn list(
    State(app): State<App>,
    OptionalLogin(reader): OptionalLogin,
    Query(filters): Query<Filters>,
) -> Answer {
    let Filters { tag, author, favorited, limit, offset } = filters;
    let author = named(&app.db, author.as_deref()).await?;
    let favorited = named(&app.db, favorited.as_deref()).await?;
    let page = match (author, favorited) {
        (Ok(author), Ok(favorited)) => {
            let filter = Filter { tag, author, favorited, limit: limit.min(100), offset };
            filtered(&app.db, &filter).await?
        }
        (Err(empty), _) | (_, Err(empty)) => empty,
    };
    answer(&app.db, reader, page).await
}

async fn feed(State(app): State<App>, Login(reader): Login, Query(part): Query<Part>) -> Answer {
    let part = Part { limit: part.limit.min(100), ..part };
    let page = followed_articles(&app.db, reader, &part).await?;
    answer(&app.db, Some(reader), page).await
}
