use redis_cached::redis_cached;

// A mistake an option, and two in the signature: as many errors.
#[redis_cached(ttl = 0, keey = "a", jitter = 2, key = "user:{_id}:<_idd>", skip(bd))]
const fn user(db: &str, _id: u64) -> &str {
    db
}

fn main() {
    // The function is there all the same, so its callers are no errors.
    let _: &str = user("a", 1);
}
