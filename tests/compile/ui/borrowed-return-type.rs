use redis_cached::redis_cached;

use std::borrow::Cow;

#[redis_cached(ttl = 60, key = "<text>")]
fn text(text: &str) -> &str {
    text
}

#[redis_cached(ttl = 60, key = "a")]
fn constant() -> Option<&'static str> {
    Some("a")
}

#[redis_cached(ttl = 60, key = "<list>")]
fn slice(list: &[u8]) -> Result<&[u8], ()> {
    Ok(list)
}

#[redis_cached(ttl = 60, key = "<text>")]
fn cow(text: &str) -> Cow<'_, str> {
    text.into()
}

fn main() {}
