//! A command without a runtime: counts the words of files, and remembers the counts between two runs.
//!
//! `REDIS_URL=redis://… cargo run -p redis-cached-recipes --example recipe-cli -- README.md`

use std::time::UNIX_EPOCH;
use std::{env, fs, io};

use redis_cached::{Cache, redis_cached};

/// A file that changes has another `modified`, and so another key: nothing has to be invalidated.
#[redis_cached(ttl = "1d", key = "words:<path>:<modified>")]
fn words(path: &str, modified: u64) -> io::Result<u64> {
    let _ = modified;
    Ok(fs::read_to_string(path)?.split_whitespace().count() as u64)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Where no Redis is named the command works all the same.
    let cache = match env::var("REDIS_URL") {
        Ok(url) => Cache::builder().url(url).prefix("words:").connect_lazy()?,
        Err(_) => Cache::disabled(),
    };
    cache.set_global()?;
    for path in env::args().skip(1) {
        let modified = fs::metadata(&path)?.modified()?.duration_since(UNIX_EPOCH)?.as_secs();
        // Two directories may have a file of that name.
        let whole = fs::canonicalize(&path)?.to_string_lossy().into_owned();
        println!("{:>8} {path}", words(&whole, modified)?);
    }
    // A process that ends at once takes with it what is not stored yet. That is no reason to fail.
    if let Err(error) = cache.blocking().flush() {
        eprintln!("the counts are not remembered: {error}");
    }
    Ok(())
}
