use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "<user.nmae>", skip(user))]
fn value(user: &User) -> u64 {
    1
}

struct User {
    name: String,
}

fn main() {}
