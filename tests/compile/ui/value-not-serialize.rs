use redis_cached::redis_cached;

struct User {
    id: u64,
}

#[redis_cached(ttl = 60, key = "user:<id>")]
async fn value(id: u64) -> User {
    User { id }
}

#[redis_cached(ttl = 60, key = "user:<id>")]
async fn nested(id: u64) -> Result<Option<Vec<User>>, ()> {
    Ok(Some(vec![User { id }]))
}

fn main() {}
