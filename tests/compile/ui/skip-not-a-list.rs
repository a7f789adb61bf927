use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "a", skip = db)]
fn equals(db: u8) -> u8 {
    db
}

#[redis_cached(ttl = 60, key = "a", skip(db.pool))]
fn path(db: u8) -> u8 {
    db
}

fn main() {}
