use redis_cached::redis_cached;

struct Client {
    base: String,
}

impl Client {
    #[redis_cached(ttl = 60)]
    async fn page(&self, n: u32) -> u32 {
        n
    }
}

fn main() {}
