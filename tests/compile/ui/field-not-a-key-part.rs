use redis_cached::redis_cached;

struct User {
    score: f64,
}

#[redis_cached(ttl = 60, key = "user:<user.score>", skip(user))]
fn value(user: &User) -> u64 {
    1
}

fn main() {}
