//! Writes an entry for a program in another language to read: `read.py`, beside this file.
//!
//! `cargo run --example interop [NAME]`, then `python3 examples/interop/read.py [NAME]`. Both use the Redis at `REDIS_URL`
//! or else at redis://127.0.0.1:6379. With `--features seal` it writes the same entry sealed too, behind the prefix `sealed:`.

use redis_cached::{Cache, redis_cached};
use serde::{Deserialize, Serialize};

/// JSON, because every language reads it. The argument may hold anything: in the key it is percent-encoded, which every
/// language can do as well.
#[redis_cached(ttl = "1h", key = "profile:<name>", codec = Json)]
async fn profile(name: &str) -> Profile {
    Profile {
        name: name.to_owned(),
        letters: name.chars().count(),
        tags: vec!["new".into(), "très bien".into()],
    }
}

#[derive(Serialize, Deserialize)]
struct Profile {
    name: String,
    letters: usize,
    tags: Vec<String>,
}

/// The profile in a cache whose values are encrypted. A real key is 32 random bytes and a secret.
#[cfg(feature = "seal")]
async fn write_sealed(url: &str, name: &str) -> Result<(), redis_cached::Error> {
    let keyring = redis_cached::Keyring::new().key("2026-11", [7; 32]);
    let cache = Cache::builder().url(url).prefix("sealed:").seal(keyring).connect().await?;
    let write = async {
        profile_entry(name).put(&profile(name).await).await?;
        println!("sealed {}", profile_entry(name).key());
        Ok(())
    };
    cache.scope(write).await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let name = std::env::args().nth(1).unwrap_or_else(|| "Zoë: 100% {x}/y".to_owned());
    let url = std::env::var("REDIS_URL").unwrap_or_else(|_| "redis://127.0.0.1:6379".into());
    #[cfg(feature = "seal")]
    write_sealed(&url, &name).await?;
    let cache = Cache::connect(url).await?;

    cache
        .scope(async {
            profile_entry(&name).invalidate().await?;
            let profile = profile(&name).await;
            let entry = profile_entry(&name);
            println!("wrote  {}", entry.key());
            println!("       {}", serde_json::to_string(&profile)?);
            let stored = entry.get().await?.ok_or("the entry is not there: is Redis out of memory?")?;
            assert_eq!(stored.name, name);
            println!("\nNow:   python3 examples/interop/read.py {name:?}");
            Ok(())
        })
        .await
}
