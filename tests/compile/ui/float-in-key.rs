use redis_cached::redis_cached;

type Price = f32;

#[redis_cached(ttl = 60, key = "price:<price>:<range>")]
fn priced(price: f64, range: Option<(Price, Price)>) -> u64 {
    1
}

fn main() {}
