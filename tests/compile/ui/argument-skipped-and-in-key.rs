use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "user:<id>:<user.name>:<user>", skip(id, user))]
fn user(id: u64, user: &User) -> u64 {
    id + user.name.len() as u64
}

struct User {
    name: String,
}

fn main() {}
