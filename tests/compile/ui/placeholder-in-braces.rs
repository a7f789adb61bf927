use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "user:{id}")]
fn argument(id: u64) -> u64 {
    id
}

#[redis_cached(ttl = 60, key = "{user.id}:<text>")]
fn field(user: &User, text: &str) -> u64 {
    user.id + text.len() as u64
}

struct User {
    id: u64,
}

fn main() {}
