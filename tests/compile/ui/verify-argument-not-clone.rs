use redis_cached::redis_cached;

struct Db;

#[redis_cached(ttl = 60, key = "user:<id>", skip(db), verify = 0.01)]
async fn by_reference(db: &Db, id: u64) -> u64 {
    let _ = db;
    id
}

fn main() {}
