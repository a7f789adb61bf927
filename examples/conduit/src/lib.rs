//! A server of the RealWorld API ("Conduit"): users, profiles, articles, feeds, favorites, comments and tags, over axum and sqlx on Postgres.
//!
//! What asks the database is cached, and what changes it says which entries that touches; handlers put answers together and are not cached. A test sends the same random requests to
//! this server and to a twin without a cache, and compares all answers. See `docs/recipes.md`.

mod articles;
mod comments;
mod error;
mod favorites;
mod lists;
mod login;
mod passwords;
mod profiles;
mod tags;
mod users;

use std::sync::Arc;

use axum::Router;
use redis_cached::Cache;
use sqlx::Executor;
use sqlx::postgres::PgPool;

/// The database with the cache in front of it. Two servers in one process have two, so it is not the global one.
#[derive(Clone)]
pub(crate) struct Db {
    pub(crate) pool: PgPool,
    pub(crate) cache: Cache,
}

/// What the handlers need. Clones are cheap.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) db: Db,
    pub(crate) secret: Arc<[u8]>,
    pub(crate) hashing: Cost,
}

pub use passwords::Cost;

/// The routes over a database and a cache. Tokens are signed with the secret.
pub fn router(pool: PgPool, cache: Cache, secret: &[u8], hashing: Cost) -> Router {
    let app = App { db: Db { pool, cache }, secret: secret.into(), hashing };
    let api = Router::new()
        .merge(users::routes())
        .merge(profiles::routes())
        .merge(articles::routes())
        .merge(lists::routes())
        .merge(favorites::routes())
        .merge(comments::routes())
        .merge(tags::routes())
        .with_state(app);
    Router::new().nest("/api", api)
}

/// Makes the tables where there are none.
///
/// # Errors
/// The database's.
pub async fn make_tables(pool: &PgPool) -> sqlx::Result<()> {
    pool.execute(include_str!("tables.sql")).await?;
    Ok(())
}
