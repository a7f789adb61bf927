//! Documents of another service, asked for again only if they have changed: reqwest and `ETag`.
//!
//! `REDIS_URL=redis://… cargo run -p redis-cached-recipes --example recipe-etag -- http://127.0.0.1:8000/`

use std::time::Duration;

use redis_cached::{Cache, Entry, redis_cached};
use reqwest::header::{ETAG, IF_NONE_MATCH};
use reqwest::{Client, StatusCode};
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
struct Document {
    etag: String,
    text: String,
}

/// For a minute nobody asks the service at all, and while it fails the last document is served for a day.
#[redis_cached(ttl = "1m", stale_if_error = "1d", key = "document:<url>", skip(client))]
async fn document(client: &Client, url: &str) -> reqwest::Result<Document> {
    // An error of the cache means that nothing is known, and all of the document is asked for.
    let known = latest(url).get().await.ok().flatten();
    let mut request = client.get(url);
    if let Some(known) = &known {
        request = request.header(IF_NONE_MATCH, &known.etag);
    }
    let answer = request.send().await?.error_for_status()?;
    if let (StatusCode::NOT_MODIFIED, Some(known)) = (answer.status(), known) {
        return Ok(known);
    }
    let etag = answer.headers().get(ETAG).and_then(|etag| etag.to_str().ok()).unwrap_or_default().to_owned();
    let document = Document { etag, text: answer.text().await? };
    if !document.etag.is_empty() {
        let _ = latest(url).put(&document).await;
    }
    Ok(document)
}

/// What the service said last, for a week: too old to be served, and good enough to be compared with.
fn latest(url: &str) -> Entry<Document> {
    const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);
    Cache::global().entry(&format!("latest:{url}")).ttl(WEEK)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cache = Cache::builder().url(std::env::var("REDIS_URL")?).prefix("mirror:").connect_lazy()?;
    cache.set_global()?;
    let url = std::env::args().nth(1).ok_or("give a URL")?;
    println!("{}", document(&Client::new(), &url).await?.text);
    Ok(cache.flush().await?)
}
