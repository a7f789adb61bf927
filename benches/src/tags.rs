//! All entries of one tag invalidated at once: what is sent, how long it takes, and how busy the server is meanwhile.
//!
//! The peers have no tags. By hand there are two ways, both of which remove the entries one by one: to search all keys for
//! those with a prefix, or to keep a set of the keys, as libraries of other languages do. The keys here are the tag's and no
//! others, which is the best case of the search: it goes through every key that the database has.
//!
//! What the figures do not show: an entry that is stored meanwhile survives both ways by hand, and the set costs a command
//! more at each store. The tag costs a key more at each hit, and leaves the entries, which nothing finds any more, to their
//! TTL or to eviction: hence the keys that are left.

use std::time::Instant;

use redis::aio::MultiplexedConnection;
use redis_cached::Cache;
use redis_cached_test_support::RedisServer;

use crate::contenders::Tagged;
use redis_cached_benches::Failure;
use redis_cached_benches::commands::Commands;
use redis_cached_benches::options::Options;
use redis_cached_benches::table::{Spread, Table, time};

/// How many entries are looked for, before and after.
const SAMPLES: u64 = 20;

/// What came of a way, by round. Times are in seconds.
#[derive(Default)]
struct Rounds {
    times: Vec<f64>,
    commands: Vec<Commands>,
    /// Keys, in the last round.
    left: u64,
}

/// The server is emptied again and again: it must be our own.
pub(crate) async fn run(options: &Options, server: &RedisServer) -> Result<Table, Failure> {
    Cache::connect(server.url()).await?.set_global()?;
    let mut hand = redis::Client::open(server.url())?.get_multiplexed_async_connection().await?;
    let mut all = Tagged::ALL.map(|_| Rounds::default());
    for round in 0..options.rounds {
        // Another one begins in each round.
        for place in 0..all.len() {
            let at = (round + place) % all.len();
            all[at].add(Tagged::ALL[at], options.tagged, server, &mut hand).await?;
        }
    }
    let title = format!("{} entries of one tag, invalidated: {} rounds", options.tagged, options.rounds);
    let mut table = Table::new(&title, "median (least – most) of the rounds", ROWS);
    for (way, rounds) in Tagged::ALL.into_iter().zip(all) {
        table.column(way.name(), rounds.cells());
    }
    Ok(table)
}

const ROWS: [&str; 5] =
    ["until it is done", "commands", "the server's time for them", "the longest of them", "keys left"];

impl Rounds {
    async fn add(
        &mut self,
        way: Tagged,
        count: u64,
        server: &RedisServer,
        hand: &mut MultiplexedConnection,
    ) -> Result<(), Failure> {
        // What the last round left to be stored belongs to nobody.
        Cache::global().flush().await.expect("stored");
        server.flush_all();
        way.fill(count, hand).await?;
        all_are(true, way, count, hand).await?;
        Commands::count(server);
        let began = Instant::now();
        way.invalidate(hand).await?;
        self.times.push(began.elapsed().as_secs_f64());
        self.commands.push(Commands::counted(server)?);
        // Before the samples, which are stored again where they are missed.
        self.left = server.query(&["DBSIZE"]);
        all_are(false, way, count, hand).await
    }

    fn cells(self) -> [String; ROWS.len()] {
        let of = |figure: fn(&Commands) -> f64| Spread::of(self.commands.iter().map(figure).collect());
        [
            Spread::of(self.times.clone()).said(time),
            self.commands.last().map(ToString::to_string).unwrap_or_default(),
            of(|commands| commands.busy).said(time),
            of(|commands| commands.longest).said(time),
            self.left.to_string(),
        ]
    }
}

/// Looks for some entries, from the first to the last.
async fn all_are(
    there: bool,
    way: Tagged,
    count: u64,
    hand: &mut MultiplexedConnection,
) -> Result<(), Failure> {
    for sample in 0..SAMPLES {
        let id = sample * (count - 1) / (SAMPLES - 1);
        if way.finds(id, hand).await? != there {
            let what = if there { "was not found before" } else { "was found after" };
            return Err(format!("{}: entry {id} {what} the invalidation", way.name()).into());
        }
    }
    Ok(())
}
