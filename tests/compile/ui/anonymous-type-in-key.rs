#![allow(unused)]

use std::fmt::Debug;

use redis_cached::{KeyPart, redis_cached};

struct Wrapper<T>(T);

#[redis_cached(ttl = 60, key = "len:<x>")]
fn describe(x: impl KeyPart + Debug) -> usize {
    1
}

#[redis_cached(ttl = 60, key = "len")]
fn forgotten(x: &(impl KeyPart + Debug)) -> usize {
    1
}

#[redis_cached(ttl = 60, key = "len:<x.0>", skip(x))]
fn inside<T>(x: Option<Vec<(impl KeyPart, impl Into<T>)>>) -> usize {
    1
}

#[redis_cached(ttl = 60, skip(a))]
fn taken_apart(Wrapper(x): Wrapper<impl KeyPart>, Wrapper(a): Wrapper<impl KeyPart>) -> usize {
    1
}

fn main() {}
