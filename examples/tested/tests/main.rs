//! What a team tests of its caching: one file a question.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod outages;
mod repository;
mod server;
mod time;

use redis_cached_tested::{Article, Database, publish};

fn written_by(author: &str, id: u64, title: &str) -> Article {
    Article { id, author: author.to_owned(), title: title.to_owned() }
}

/// A database with an article of Ann's, number 7. To be made within a cache's scope, since it is published.
async fn database() -> Database {
    let db = Database::default();
    publish(&db, written_by("ann", 7, "First")).await.unwrap();
    db
}
