use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "a:<id>")]
fn explicit(id: u64, (a, b): (u64, u64)) -> u64 {
    id + a + b
}

#[redis_cached(ttl = 60)]
fn default(Point { x, y }: Point) -> u64 {
    x + y
}

struct Point {
    x: u64,
    y: u64,
}

fn main() {}
