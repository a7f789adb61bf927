use redis_cached::redis_cached;

#[redis_cached(ttl = 60, negative_ttl = 30, key = "a")]
fn value() -> u8 {
    1
}

#[redis_cached(ttl = 60, negative_ttl = 30, key = "a")]
async fn result() -> Result<String, ()> {
    Err(())
}

fn main() {}
