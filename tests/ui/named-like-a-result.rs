use redis_cached::redis_cached;

#[derive(serde::Serialize, serde::Deserialize)]
struct SearchResult {
    hits: u64,
}

#[redis_cached(ttl = 60, key = "search:<text>")]
fn search(text: &str) -> SearchResult {
    SearchResult { hits: text.len() as u64 }
}

fn main() {}
