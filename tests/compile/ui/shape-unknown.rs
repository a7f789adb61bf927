use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "a", shape = hash)]
fn in_lower_case() -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "a", shape = "Set")]
fn in_quotes() -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "a", shape = ZSet)]
fn by_the_name_of_redis() -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "a", shape = Stream)]
fn unknown() -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "a", shape)]
fn bare() -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "a", shape(Hash))]
fn in_parentheses() -> u8 {
    1
}

fn main() {}
