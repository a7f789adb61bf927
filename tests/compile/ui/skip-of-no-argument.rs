use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "<id>", skip(dp))]
fn near(db: u8, id: u8) -> u8 {
    db + id
}

#[redis_cached(ttl = 60, key = "a", skip(db))]
fn none() -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "nothing", skip(self))]
fn no_method() -> u64 {
    1
}

fn main() {}
