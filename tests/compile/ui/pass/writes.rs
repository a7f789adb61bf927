//! What a target's arguments may look like, and what stands around the attributes.
#![deny(warnings)]

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use redis_cached::{KeyPart, redis_cached, redis_invalidates, redis_updates};

#[derive(Clone, KeyPart)]
struct Id(u64);

#[redis_cached(ttl = 60, key = "<a>:<b>:<c>:<d>:<e>")]
fn every(a: u64, b: &str, c: String, d: Id, e: &[u8]) -> String {
    let _ = (a, b, c, d, e);
    String::new()
}

#[redis_invalidates(every(1, "b", String::new(), Id(4), &[5]))]
fn literals() {}

#[redis_invalidates(every(a, b, c, d, e))]
fn as_they_are(a: u64, b: &str, c: String, d: Id, e: &[u8]) {
    drop((a, b, c, d, e));
}

#[redis_invalidates(every(a, b, c, d, e))]
fn by_reference(a: &u64, b: &String, c: &String, d: &Id, e: &Vec<u8>) {
    let _ = (a, b, c, d, e);
}

#[redis_invalidates(every(a, b, c, d, e), every(*a, &b, c, &d, &e[..]))]
fn by_owner(a: &mut u64, b: Cow<'_, str>, c: Arc<String>, d: Rc<Id>, e: [u8; 2]) {
    *a += 1;
    drop((b, c, d, e));
}

#[redis_invalidates(every(ret.len() as u64, b, c.clone(), &d, &e))]
fn consumed(b: String, c: String, d: Id, e: Vec<u8>) -> Result<String, Box<dyn std::error::Error>> {
    drop((b, c, d, e));
    if false {
        Err("a message")?;
    }
    Ok(String::new())
}

#[redis_updates(every(a, ret, c, d, &e[..]))]
async fn written(a: u64, (c, d): (String, Id), e: Vec<u8>) -> Result<String, Box<dyn std::error::Error>> {
    drop((c, d, e));
    if a > 0 {
        return Err("a message".into());
    }
    Ok(String::new())
}

#[redis_invalidates(every(1, ret, "c".to_owned(), Id(4), b"e"))]
async fn borrowed<'a>(r#type: &'a str) -> &'a str {
    r#type
}

struct Parts {
    name: String,
}

impl Parts {
    #[redis_invalidates(every(1, ret.as_str(), "c".to_owned(), Id(4), b"e"))]
    fn inner(&mut self) -> &mut String {
        &mut self.name
    }
}

fn main() {
    let _ = (literals, as_they_are, by_reference, by_owner, consumed, written, borrowed, Parts::inner);
}
