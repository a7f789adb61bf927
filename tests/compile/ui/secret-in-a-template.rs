use redis_cached::{Tag, redis_cached, redis_invalidates};

#[redis_cached(ttl = 60, key = "user:<email:secrte>")]
fn misspelt(email: &str) -> u8 {
    email.len() as u8
}

#[redis_cached(ttl = 60, key = "user:<email:>5>", tags = ["of:<email:hash>"])]
fn unknown(email: &str) -> u8 {
    email.len() as u8
}

#[redis_cached(ttl = 60, key = "user:<T:secret>:<email>")]
fn of_a_type<T>(email: &str) -> u8 {
    email.len() as u8
}

#[redis_cached(ttl = 60, key = "user:<price:secret>")]
fn of_no_key_part(price: f64) -> u8 {
    price as u8
}

#[redis_invalidates(tag("of:<email:secret>"))]
fn of_no_scalar(email: Option<String>) {
    drop(email);
}

#[derive(Tag)]
#[tag("of:<0:secret>")]
struct Of(String);

fn main() {}
