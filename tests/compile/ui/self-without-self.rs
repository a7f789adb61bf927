use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "<self.tenant>:<id>")]
fn value(id: u64) -> u64 {
    id
}

fn main() {}
