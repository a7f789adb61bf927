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
            "Oslo" => Ok(Weather {
                celsius: 4,
                sky: "rain".into(),
            }),
            "São Paulo" => Ok(Weather {
                celsius: 27,
                sky: "sun".into(),
            }),
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

    // An earlier run may have left the value in Redis, and then the tour would begin with a hit.
    weather_entry("Oslo").invalidate().await?;

    title("a miss runs the function");
    ask("Oslo").await;

    title("a hit does not");
    ask("Oslo").await;

    title("another argument is another key");
    let sao_paulo = weather_entry("São Paulo");
    sao_paulo.invalidate().await?;
    ask("São Paulo").await;
    println!("    {} and {}", weather_entry("Oslo").key(), sao_paulo.key());

    title("values expire by themselves");
    match sao_paulo.ttl().await? {
        Some(left) => println!("    São Paulo's has {:.1} s left", left.as_secs_f64()),
        None => println!("    São Paulo's is gone already"),
    }

    title("or are invalidated, through the function's own key");
    weather_entry("Oslo").invalidate().await?;
    ask("Oslo").await;

    title("errors come through as they are, and are not stored");
    ask("Atlantis").await;
    ask("Atlantis").await;

    title("what happened");
    println!("{}", cache.stats());
    Ok(())
}

/// Calls the function, as any caller would, and says how long that took.
async fn ask(city: &str) {
    let begin = Instant::now();
    let answer = weather(&Station, city).await;
    let took = begin.elapsed();
    match answer {
        Ok(weather) => println!(
            "    {city}: {weather} {:>40}",
            format!("{:.3} ms", took.as_secs_f64() * 1e3)
        ),
        Err(StationError::NoSuchCity(name)) => println!("    there is no {name} "),
    }
}

fn title(text: &str) {
    println!("\n{text}");
}

impl fmt::Display for Weather {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} °C, {}", self.celsius, self.sky)
    }
}
