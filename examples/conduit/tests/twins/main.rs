//! The server and a twin without a cache get the same random requests, over HTTP, and answer the same.
//!
//! Few users, titles and tags, so that requests meet: a writer that forgets to invalidate is found within some hundreds of them, as the second test shows.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod client;
mod requests;

use redis_cached::Cache;
use redis_cached_conduit::{Cost, make_tables, router};
use redis_cached_test_support::{Postgres, RedisServer};
use serde_json::Value;
use sqlx::postgres::PgPool;

use crate::client::{Answer, Client};
use crate::requests::Requests;

/// A server on a free port. It ends with the test's runtime.
async fn serve(pool: &PgPool, cache: &Cache) -> Client {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let routes = router(pool.clone(), cache.clone(), b"a secret of the test", Cost::least());
    tokio::spawn(axum::serve(listener, routes).into_future());
    Client::connect(address).await
}

async fn database(postgres: &Postgres, name: &str) -> PgPool {
    let pool = PgPool::connect(&postgres.create_database(name)).await.unwrap();
    make_tables(&pool).await.unwrap();
    pool
}

/// Times differ between the twins. What is left of them is whether an article was changed since it was written.
fn without_times(mut value: Value) -> Value {
    match &mut value {
        Value::Array(values) => values.iter_mut().for_each(|value| *value = without_times(value.take())),
        Value::Object(fields) => {
            if let (Some(created), Some(updated)) = (fields.remove("createdAt"), fields.remove("updatedAt")) {
                fields.insert("changed".to_owned(), Value::Bool(created != updated));
            }
            fields.values_mut().for_each(|value| *value = without_times(value.take()));
        }
        _ => {}
    }
    value
}

/// The servers of one side: the one that is asked, and the one that is told.
struct Side {
    reader: Client,
    writer: Client,
}

impl Side {
    async fn answer(&mut self, request: &requests::Request) -> Answer {
        let client = if request.method == "GET" { &mut self.reader } else { &mut self.writer };
        let answer = client.ask(request).await;
        Answer { body: without_times(answer.body), ..answer }
    }
}

/// The first request that the sides answer differently, among so many.
async fn first_difference(cached: &mut Side, plain: &mut Side, seed: u64, requests: usize) -> Option<String> {
    let mut random = Requests::new(seed);
    for number in 0..requests {
        let request = random.next_request();
        let (left, right) = (cached.answer(&request).await, plain.answer(&request).await);
        assert!(right.status < 500, "{request:?}: {right:?}");
        if left != right {
            return Some(format!("request {number}, {request:?}:\n  cached {left:?}\n  plain  {right:?}"));
        }
        random.learn(&request, &right);
    }
    None
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_twins_answer_alike() {
    let (postgres, redis) = (Postgres::start(), RedisServer::start());
    let cache = Cache::connect(redis.url()).await.unwrap();
    let (cached_db, plain_db) = (database(&postgres, "cached").await, database(&postgres, "plain").await);
    // Two servers that share Redis, as behind a load balancer: what one changes the other must not remember.
    let other = Cache::connect(redis.url()).await.unwrap();
    let mut cached =
        Side { reader: serve(&cached_db, &cache).await, writer: serve(&cached_db, &other).await };
    let off = Cache::disabled();
    let mut plain = Side { reader: serve(&plain_db, &off).await, writer: serve(&plain_db, &off).await };

    let difference = first_difference(&mut cached, &mut plain, 1, REQUESTS).await;
    assert_eq!(difference, None);
    let functions = cache.stats().functions;
    let (hits, misses) =
        functions.iter().fold((0, 0), |sum, function| (sum.0 + function.hits, sum.1 + function.misses));
    assert!(hits > misses, "hardly anything was cached: {}", cache.stats());
    println!("{REQUESTS} requests\n{}", cache.stats());
}

const REQUESTS: usize = 2_500;

/// What the comparison is worth: here the server that writes has no cache, and invalidates nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_that_forgets_is_found() {
    let postgres = Postgres::start();
    let (cached_db, plain_db) = (database(&postgres, "cached").await, database(&postgres, "plain").await);
    let off = Cache::disabled();
    let mut cached =
        Side { reader: serve(&cached_db, &Cache::memory()).await, writer: serve(&cached_db, &off).await };
    let mut plain = Side { reader: serve(&plain_db, &off).await, writer: serve(&plain_db, &off).await };
    let difference = first_difference(&mut cached, &mut plain, 1, REQUESTS).await;
    println!("{}", difference.expect("a difference"));
}
