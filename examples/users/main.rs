//! A large result, first from a database and then from the cache, timed and compared.
//!
//! `cargo run --release --example users [ROWS]` reads 100,000 users, or as many as it is told, out of SQLite, and keeps
//! them in the Redis at `REDIS_URL`, or else at redis://127.0.0.1:6379.

mod database;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::HumanCount;
use redis_cached::{Cache, redis_cached};
use rusqlite::Connection;

use crate::database::User;

type Failure = Box<dyn std::error::Error>;

/// What the second access takes in the articles that this experiment is taken from, in milliseconds.
const ARTICLE: f64 = 5.0;

/// All users. An ordinary function, for an ordinary blocking database; the attribute works there as on `async fn`.
#[redis_cached(ttl = 3600, key = "users:all", skip(db))]
fn all_users(db: &Connection) -> rusqlite::Result<Vec<User>> {
    database::read_users(db)
}

/// The same, and the decoded rows are kept in this process. Redis is asked at each access whether they are still the entry.
#[redis_cached(ttl = 3600, key = "users:all:kept", local = revalidate, skip(db))]
fn kept_users(db: &Connection) -> rusqlite::Result<Arc<Vec<User>>> {
    database::read_users(db).map(Arc::new)
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Failure> {
    let rows = match std::env::args().nth(1) {
        Some(rows) => {
            rows.parse().map_err(|_| format!("how many rows is \"{rows}\"? usage: users [ROWS]"))?
        }
        None => 100_000,
    };
    let url = std::env::var("REDIS_URL").unwrap_or_else(|_| "redis://127.0.0.1:6379".into());

    // One value of several megabytes takes longer on the wire than the default deadline is meant for.
    let cache = Cache::builder().url(&url).deadline(Duration::from_secs(5)).connect_lazy()?;
    cache.set_global()?;
    start_cold()?;

    let db = database::open(rows)?;
    let (first, took_first) = timed(|| all_users(&db))?;
    let (second, took_second) = timed(|| all_users(&db))?;
    // Computed and stored, then read and decoded, and from then on confirmed by 17 bytes.
    kept_users(&db)?;
    cache.blocking().flush()?;
    kept_users(&db)?;
    let (kept, took_kept) = timed(|| kept_users(&db))?;

    let in_database = database::read_users(&db)?;
    let same = second.iter().zip(&in_database).filter(|(cached, row)| cached == row).count();
    let count = |number: usize| HumanCount(number as u64).to_string();

    println!();
    println!("first access   {:>9.1} ms   from the database, and stored", millis(took_first));
    println!("second access  {:>9.1} ms   from the cache", millis(took_second));
    println!("kept here      {:>9.1} ms   revalidated by 17 bytes", millis(took_kept));
    println!(
        "the article    {ARTICLE:>9.1} ms   for the second access: {}",
        if millis(took_kept) < ARTICLE {
            "beaten by what is kept here"
        } else {
            "not beaten on this machine"
        }
    );
    println!("ratio          {:>9.1}", took_first.as_secs_f64() / took_second.as_secs_f64());
    match size_in_redis(&url)? {
        Some(bytes) => {
            println!("value          {:>9} bytes in Redis, for {} users", count(bytes), count(first.len()));
        }
        None => println!("value          for {} users", count(first.len())),
    }
    println!("compared       {:>9} of {} rows are equal", count(same), count(in_database.len()));
    println!("\n{}", cache.stats());

    if second == in_database && *kept == in_database {
        Ok(())
    } else {
        Err("the cache and the database differ".into())
    }
}

/// Removes what an earlier run has left. It is also how this program learns whether there is a Redis: an annotated call
/// would only be slower without one, and an explicit operation says so.
fn start_cold() -> Result<(), Failure> {
    all_users_entry().blocking().invalidate().map_err(|error| {
        format!(
            "There is no cache to measure: {error}.\n\
             Start a redis-server, or give the URL of one: REDIS_URL=redis://host:port cargo run --release --example users\n\
             To see the program work without one: REDIS_URL=memory:// cargo run --release --example users"
        )
    })?;
    Ok(kept_users_entry().blocking().invalidate()?)
}

/// The length of the entry, asked of Redis itself. `None` for memory, and where the key's server is not the one that the URL names.
fn size_in_redis(url: &str) -> Result<Option<usize>, Failure> {
    if !url.starts_with("redis:") {
        return Ok(None);
    }
    let mut redis = redis::Client::open(url)?.get_connection()?;
    Ok(Some(redis::cmd("STRLEN").arg(all_users_entry().key()).query(&mut redis)?))
}

fn timed<T, E>(work: impl FnOnce() -> Result<T, E>) -> Result<(T, Duration), E> {
    let begin = Instant::now();
    let value = work()?;
    Ok((value, begin.elapsed()))
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
