//! The tour: a miss, a hit, the key, its time to live, an invalidation, an error, the counters.
//!
//! Needs no Redis: `cargo run --example quickstart`.
//! With one: `REDIS_URL=redis://127.0.0.1:6379 cargo run --example quickstart`.

use std::fmt;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use redis_cached::{Cache, redis_cached};
use serde::{Deserialize, Serialize};

/// This is all there is to it: the function below asks the station at most once in ten minutes for each city.
///
/// `city` is in the key, and `station` is not. An argument that is in neither place does not compile.
#[redis_cached(ttl = "10m", key = "quickstart:weather:<city>", skip(station))]
async fn weather(station: &Station, city: &str) -> Result<Weather, StationError> {
    station.measure(city).await
}

#[derive(Serialize, Deserialize)]
struct Weather {
    celsius: i32,
    sky: String,
}

/// Something that takes its time.
struct Station;

/// The function's own error. It comes through as it is, and is not stored.
#[derive(Debug)]
enum StationError {
    NoSuchCity(String),
}

impl Station {
    async fn measure(&self, city: &str) -> Result<Weather, StationError> {
        tokio::time::sleep(Duration::from_millis(50)).await;
        match city {
            "Oslo" => Ok(Weather { celsius: 4, sky: "rain".into() }),
            "São Paulo" => Ok(Weather { celsius: 27, sky: "sun".into() }),
            _ => Err(StationError::NoSuchCity(city.into())),
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let url = std::env::var("REDIS_URL").ok();
    match tour(url).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("The cache cannot be used: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn tour(url: Option<String>) -> Result<(), redis_cached::Error> {
    let cache = match url {
        Some(url) => {
            println!("Values are kept where REDIS_URL says.\n");
            Cache::connect(url).await?
        }
        None => {
            println!("Values are kept in this process. To keep them in Redis:");
            println!("    REDIS_URL=redis://127.0.0.1:6379 cargo run --example quickstart\n");
            Cache::memory()
        }
    };
    cache.set_global()?;

    // An earlier run may have left values in Redis, and then the tour would begin with a hit.
    for city in ["Oslo", "São Paulo"] {
        weather_entry(city).invalidate().await?;
    }

    println!("1. A miss runs the function, which takes its time.");
    ask("Oslo").await;

    println!("2. A hit does not run it.");
    ask("Oslo").await;

    println!("3. Another argument is another key.");
    ask("São Paulo").await;
    for city in ["Oslo", "São Paulo"] {
        println!("     {}", weather_entry(city).key());
    }

    println!("4. A value expires by itself …");
    match weather_entry("Oslo").ttl().await? {
        Some(left) => println!("     Oslo's has {left:.1} left."),
        None => println!("     Oslo's is gone already."),
    }

    println!("5. … or is invalidated, by way of the function's own key.");
    weather_entry("Oslo").invalidate().await?;
    ask("Oslo").await;

    println!("6. An error is the function's own, and is not stored.");
    ask("Atlantis").await;
    ask("Atlantis").await;

    println!("\nWhat happened:\n");
    println!("{}", cache.stats());
    Ok(())
}

/// Calls the function, as any caller would, and says what came and how long it took.
async fn ask(city: &str) {
    let begin = Instant::now();
    let answer = weather(&Station, city).await;
    let millis = begin.elapsed().as_secs_f64() * 1e3;
    let answer = match answer {
        Ok(weather) => format!("{city}: {weather}"),
        Err(StationError::NoSuchCity(name)) => format!("error: there is no {name}"),
    };
    println!("     {answer:<28}{millis:>8.3} ms");
}

impl fmt::Display for Weather {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} °C, {}", self.celsius, self.sky)
    }
}
