use redis_cached::{redis_cached, redis_invalidates};

#[redis_cached(ttl = 60, key = "<a>:<b>")]
fn pair(a: String, b: u64) -> u64 {
    a.len() as u64 + b
}

struct NotClone {
    name: Box<dyn Fn() -> String>,
}

#[redis_invalidates(pair(owner.name, *ret))]
fn rename(owner: NotClone) -> u64 {
    (owner.name)().len() as u64
}

fn main() {}
