//! What a value takes in one string and in parts, and what a part of it takes.

use std::time::{Duration, Instant};

use indicatif::HumanBytes;
use redis_cached::{Cache, Entry};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Failure;

pub(crate) struct Comparison<'a> {
    pub(crate) cache: &'a Cache,
    /// Where sizes are asked for.
    pub(crate) url: &'a str,
}

impl Comparison<'_> {
    pub(crate) fn print_head(&self) {
        println!("\n{:<10}{:<24}{:<24}{:<24}", "", "in one string", "in parts", "a part");
    }

    /// Prints a row. `question` is about a part of the value that `entry` holds.
    pub(crate) async fn print<T: Serialize + DeserializeOwned>(
        &self,
        name: &str,
        entry: &Entry<T>,
        question: &str,
        part: impl IntoFuture,
    ) -> Result<(), Failure> {
        let value = entry.get().await?.ok_or("the value has expired meanwhile: run again")?;
        // The same value, as a function without a shape would store it.
        let string: Entry<T> =
            self.cache.entry(&format!("{}:string", entry.key())).ttl(Duration::from_secs(60));
        string.put(&value).await?;
        let in_string = self.column(timed(string.get()).await, string.key())?;
        let in_parts = self.column(timed(entry.get()).await, entry.key())?;
        let part = millis(timed(part).await);
        println!("{name:<10}{in_string:<24}{in_parts:<24}{part}  {question}");
        Ok(())
    }

    fn column(&self, took: Duration, key: &str) -> Result<String, redis::RedisError> {
        let bytes = self.bytes(key)?.map(|bytes| HumanBytes(bytes).to_string());
        Ok(format!("{}  {}", millis(took), bytes.unwrap_or_default()))
    }

    /// The memory of a key, asked of Redis itself. `None` for memory, and where the key's server is not the one that the URL names.
    fn bytes(&self, key: &str) -> Result<Option<u64>, redis::RedisError> {
        if !self.url.starts_with("redis:") {
            return Ok(None);
        }
        let mut redis = redis::Client::open(self.url)?.get_connection()?;
        redis::cmd("MEMORY").arg("USAGE").arg(key).arg("SAMPLES").arg(0).query(&mut redis)
    }
}

async fn timed(work: impl IntoFuture) -> Duration {
    let begin = Instant::now();
    work.await;
    begin.elapsed()
}

fn millis(time: Duration) -> String {
    format!("{:>8.2} ms", time.as_secs_f64() * 1e3)
}
