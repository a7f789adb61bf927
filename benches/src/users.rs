//! Many rows at once: all users fetched as one value of megabytes, the second time and from then on, by one caller.

use std::hint::black_box;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::RedisServer;

use crate::contenders::{User, compute_all, computed, decode, encode};
use redis_cached_benches::Failure;
use redis_cached_benches::options::Options;
use redis_cached_benches::table::{Spread, Table, time};

const BY_HAND: &str = "bench:bare:users";
/// How often in a row an access may be repeated that was no hit: see [`redis_cached::CacheBuilder::deadline`].
const REPEATS: usize = 3;

#[redis_cached(ttl = 3600, key = "bench:this:users:<count>")]
async fn users(count: u64) -> Vec<User> {
    compute_all(count)
}

#[redis_cached(ttl = 3600, key = "bench:this:users:lz4:<count>", compress = Lz4)]
async fn lz4_users(count: u64) -> Vec<User> {
    compute_all(count)
}

#[redis_cached(ttl = 3600, key = "bench:this:users:zstd:<count>", compress = Zstd)]
async fn zstd_users(count: u64) -> Vec<User> {
    compute_all(count)
}

#[redis_cached(ttl = 3600, key = "bench:this:users:reval:<count>", local = revalidate)]
async fn revalidated_users(count: u64) -> Vec<User> {
    compute_all(count)
}

#[redis_cached(ttl = 3600, key = "bench:this:users:reval-arc:<count>", local = revalidate)]
async fn revalidated_arc(count: u64) -> Arc<Vec<User>> {
    Arc::new(compute_all(count))
}

#[redis_cached(ttl = 3600, key = "bench:this:users:local:<count>", local = "1h")]
async fn local_users(count: u64) -> Arc<Vec<User>> {
    Arc::new(compute_all(count))
}

type Access<'a> = Pin<Box<dyn Future<Output = Result<(), String>> + 'a>>;

type MakeAccess<'a> = Box<dyn Fn() -> Access<'a> + 'a>;

/// One way to get all users.
struct Way<'a> {
    name: &'static str,
    /// Where the value is in Redis.
    key: String,
    /// Accesses that are timed as one, where one is too short for the clock.
    at_once: u32,
    access: MakeAccess<'a>,
}

pub(crate) async fn run(options: &Options, server: &RedisServer) -> Result<Table, Failure> {
    let count = options.users;
    Cache::connect(server.url()).await?.set_global()?;
    let connection = redis::Client::open(server.url())?.get_multiplexed_async_connection().await?;
    let () = connection.clone().set_ex(BY_HAND, encode(&compute_all(count))?, 3600).await?;
    let of_this = |name, part: &str, at_once, access| Way {
        name,
        key: format!("bench:this:users:{part}{count}"),
        at_once,
        access,
    };
    let ways = [
        Way {
            name: "redis-rs, by hand",
            key: BY_HAND.to_owned(),
            at_once: 1,
            access: access(move || {
                let connection = connection.clone();
                async move { all_there(&by_hand(connection).await?, count) }
            }),
        },
        of_this("redis-cached", "", 1, access(move || async move { all_there(&users(count).await, count) })),
        of_this("Lz4", "lz4:", 1, access(move || async move { all_there(&lz4_users(count).await, count) })),
        of_this(
            "Zstd",
            "zstd:",
            1,
            access(move || async move { all_there(&zstd_users(count).await, count) }),
        ),
        of_this(
            "revalidated",
            "reval:",
            1,
            access(move || async move { all_there(&revalidated_users(count).await, count) }),
        ),
        of_this(
            "revalidated, an Arc",
            "reval-arc:",
            50,
            access(move || async move { all_there(&revalidated_arc(count).await, count) }),
        ),
        of_this(
            "local",
            "local:",
            1000,
            access(move || async move { all_there(&local_users(count).await, count) }),
        ),
    ];

    let mut times = vec![Vec::new(); ways.len()];
    // Computed and stored, then found in Redis, and where that is asked for kept here.
    for way in ways.iter().chain(&ways) {
        (way.access)().await?;
        Cache::global().flush().await.expect("stored");
    }
    for round in 0..options.rounds {
        // Another one begins in each round.
        for place in 0..ways.len() {
            let way = (round + place) % ways.len();
            times[way].push(timed(&ways[way]).await?);
        }
    }
    let title = format!("{count} users as one value, found by one caller: {} rounds", options.rounds);
    Ok(table(&title, &ways, &times, server))
}

fn access<'a, F: Future<Output = Result<(), String>> + 'a>(make: impl Fn() -> F + 'a) -> MakeAccess<'a> {
    Box::new(move || Box::pin(make()))
}

async fn by_hand(mut connection: MultiplexedConnection) -> Result<Vec<User>, String> {
    let bytes: Vec<u8> = connection.get(BY_HAND).await.map_err(|error| error.to_string())?;
    decode(&bytes)
}

fn all_there(users: &[User], count: u64) -> Result<(), String> {
    let last = black_box(users).last().map(|user| user.id + 1);
    if users.len() as u64 == count && last == Some(count) {
        Ok(())
    } else {
        Err(format!("{} users instead of {count}", users.len()))
    }
}

/// Seconds that an access takes which is a hit.
async fn timed(way: &Way<'_>) -> Result<f64, String> {
    for _ in 0..REPEATS {
        let (before, began) = (computed(), Instant::now());
        for _ in 0..way.at_once {
            (way.access)().await?;
        }
        let took = began.elapsed().as_secs_f64() / f64::from(way.at_once);
        if computed() == before {
            return Ok(took);
        }
        eprintln!("An access of {} was no hit", way.name);
        // What was computed instead must be stored before it can be found.
        Cache::global().flush().await.expect("stored");
    }
    Err(format!("{}: no hit in {REPEATS} accesses", way.name))
}

fn table(title: &str, ways: &[Way<'_>], times: &[Vec<f64>], server: &RedisServer) -> Table {
    let rows = ["an access", "times as fast as by hand", "bytes in Redis"];
    let mut table = Table::new(title, "median (least – most) of the rounds", rows);
    for (way, taken) in ways.iter().zip(times) {
        let ratios = times[0].iter().zip(taken).map(|(by_hand, taken)| by_hand / taken).collect();
        let bytes: u64 = server.query(&["STRLEN", &way.key]);
        table.column(
            way.name,
            [Spread::of(taken.clone()).said(time), Spread::of(ratios).to_string(), bytes.to_string()],
        );
    }
    table
}
