use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "user:<id>")]
async fn user(id: u64) -> Result<String, u8> {
    if id == 0 {
        return Err("zero");
    }
    Ok(id)
}

#[redis_cached(ttl = 60, key = "user:<id>")]
fn blocking(id: u64) -> String {
    id
}

fn main() {}
