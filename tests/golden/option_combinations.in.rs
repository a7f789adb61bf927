//! Options that meet: in the order of the chain, and where an expression needs a statement of its own.

#[redis_cached(
    version = 3,
    crate = my_cache,
    entry = every_option_at_once,
    codec = MessagePack,
    jitter = 1,
    negative_ttl = "500ms",
    cache_if = is_fresh,
    cache = self.caches[&shard],
    skip(db),
    key = "{org:<self.org>}:<id>/<shard>",
    ttl = |user: &Option<User>| user.as_ref().map_or(SHORT, |user| user.ttl),
)]
async fn every_option(&self, db: &Pool, id: &str, shard: u8) -> Result<Option<User>, Error> {
    db.fetch(id, shard).await
}

/// A lock guard must not live while the body runs.
#[redis_cached(ttl = config.read().unwrap().ttl, negative_ttl = SHORT, key = "a:<id>", skip(config))]
async fn expressions_that_leave_something(config: &RwLock<Config>, id: String) -> Option<u8> {
    config.write().unwrap().count();
    Some(1)
}

#[redis_cached(ttl = config.lock().unwrap().ttl, key = "a", skip(config))]
fn blocking_with_a_guard(config: &Mutex<Config>) -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "a", cache = cache_of(&name), skip(name))]
async fn cache_made_in_place(name: String) -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "a", cache = first || second, skip(first, second))]
async fn cache_in_parentheses(first: bool, second: bool) -> u8 {
    1
}

#[redis_cached(ttl = 60, codec = Postcard, version = 2, skip(db))]
async fn default_key_with_options(db: &Pool, id: u64) -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "a:<id>", cache = format_cache!("{tenant}"), skip(tenant), entry = false)]
async fn macro_in_expression(tenant: &str, id: u64) -> u8 {
    1
}
