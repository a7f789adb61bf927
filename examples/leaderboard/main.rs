//! A game's ranking of 100,000 players, of which nobody wants to read more than a part: each value is stored in the type of Redis from which
//! that part can be read.
//!
//! Needs no Redis: `cargo run --release --example leaderboard`.
//! With one: `REDIS_URL=redis://127.0.0.1:6379 cargo run --release --example leaderboard`.

mod compared;
mod game;

use std::collections::HashSet;
use std::process::ExitCode;
use std::time::Duration;

use indicatif::HumanCount;
use redis_cached::{Cache, Error, redis_cached};

use crate::compared::Comparison;
use crate::game::{Game, Match, Player};

const PLAYERS: u64 = 100_000;
/// Whose page is shown.
const SHOWN: u64 = 4711;

/// Everybody's rating. The entry also tells the best, and at which place somebody is.
#[redis_cached(ttl = 60, key = "leaderboard:ranking", shape = SortedSet, skip(game))]
async fn ranking(game: &Game) -> Vec<(u64, f64)> {
    game.ratings().await
}

/// A row, most of which is a replay. The entry also gives the fields that a page shows.
#[redis_cached(ttl = 600, key = "leaderboard:player:<id>", shape = Hash, skip(game))]
async fn player(game: &Game, id: u64) -> Player {
    game.player(id).await
}

/// Who plays now. The entry also tells whether somebody does.
#[redis_cached(ttl = 10, key = "leaderboard:playing", shape = Set, skip(game))]
async fn playing(game: &Game) -> HashSet<u64> {
    game.playing().await
}

/// All results, the latest first. The entry also gives a page of them.
#[redis_cached(ttl = 10, key = "leaderboard:matches", shape = List, skip(game))]
async fn matches(game: &Game) -> Vec<Match> {
    game.matches().await
}

/// A part is asked for, and where there is no value to have parts the function is called.
async fn best(game: &Game, most: usize) -> Result<Vec<(u64, f64)>, Error> {
    match ranking_entry().top(most).await? {
        Some(best) => Ok(best),
        None => Ok(ranking(game).await.into_iter().take(most).collect()),
    }
}

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> ExitCode {
    match tour(std::env::var("REDIS_URL").ok()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("The cache cannot be used: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn tour(url: Option<String>) -> Result<(), Failure> {
    if url.is_none() {
        println!(
            "Values are kept in this process, where the whole is read for each part. To keep them in Redis:"
        );
        println!("    REDIS_URL=redis://127.0.0.1:6379 cargo run --release --example leaderboard\n");
    }
    let url = url.unwrap_or_else(|| "memory://".into());
    // A whole value of some megabytes takes longer than the default deadline is meant for.
    let cache = Cache::builder().url(&url).deadline(Duration::from_secs(5)).connect().await?;
    cache.set_global()?;
    let game = Game { players: PLAYERS };

    println!("The best of {} players", HumanCount(PLAYERS));
    for (place, (id, rating)) in best(&game, 10).await?.into_iter().enumerate() {
        let bar = "▇".repeat((rating / 100.0) as usize);
        println!("  {:>2}  {:<10}{rating:>7.1}  {bar}", place + 1, game::name(id));
    }

    // Each is computed now, unless an earlier run has left it. Values are stored in the background: wait for that.
    player(&game, SHOWN).await;
    playing(&game).await;
    matches(&game).await;
    cache.flush().await?;

    show_player().await?;
    println!("\nThe latest matches");
    for Match { winner, loser, minutes } in matches_entry().page(0, 3).await?.unwrap_or_default() {
        println!("  {} beat {} in {minutes} min", game::name(winner), game::name(loser));
    }

    let (ranked, row, now, results) =
        (ranking_entry(), player_entry(SHOWN), playing_entry(), matches_entry());
    let compared = Comparison { cache: &cache, url: &url };
    compared.print_head();
    compared.print("ranking", &ranked, "top(10)", ranked.top(10)).await?;
    compared.print("player", &row, "field(Player::NAME)", row.field(Player::NAME).get()).await?;
    compared.print("playing", &now, "contains(&id)", now.contains(&SHOWN)).await?;
    compared.print("matches", &results, "page(2, 50)", results.page(2, 50)).await?;
    Ok(())
}

/// Two fields of a row, a member's place and its neighbours, and whether it is in a set: each one round trip.
async fn show_player() -> Result<(), Error> {
    let row = player_entry(SHOWN).fields((Player::NAME, Player::COUNTRY)).get().await?;
    let rank = ranking_entry().rank(&SHOWN).await?.flatten();
    let plays = playing_entry().contains(&SHOWN).await?;
    let (Some((name, country)), Some(rank), Some(plays)) = (row, rank, plays) else { return Ok(()) };
    println!("\nPlayer {SHOWN}");
    println!("  {name} from {country}, {}", if plays { "playing now" } else { "not playing" });
    let first = rank.saturating_sub(1);
    let around = ranking_entry().range(first..rank + 2).await?.unwrap_or_default();
    for (place, (id, rating)) in (first + 1..).zip(around) {
        let place = HumanCount(place as u64).to_string();
        let mark = if id == SHOWN { "  ◀" } else { "" };
        println!("  {place:>7}  {:<10}{rating:>7.1}{mark}", game::name(id));
    }
    Ok(())
}
