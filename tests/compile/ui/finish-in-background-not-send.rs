use std::rc::Rc;

use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "a:<id>", finish_in_background = true)]
async fn value(id: u64) -> Rc<u64> {
    Rc::new(id)
}

fn main() {}
