//! Options that meet: in the order of the chain, and where an expression needs a statement of its own.
async fn every_option(
    &self,
    db: &Pool,
    id: &str,
    shard: u8,
) -> Result<Option<User>, Error> {
    let entry = my_cache::expansion::entry::<
        Option<User>,
        my_cache::codec::MessagePack,
    >(
            my_cache::expansion::callsite!(
                "every_option", template = "{org:<>}:<>/<>", version = 3
            ),
        )
        .ttl_with(|user: &Option<User>| user.as_ref().map_or(SHORT, |user| user.ttl))
        .jitter(1.0)
        .negative_ttl(::core::time::Duration::from_millis(500))
        .cache_if(is_fresh)
        .cache(&self.caches[&shard])
        .key("{org:")
        .arg(&self.org)
        .text("}:")
        .arg(id)
        .text("/")
        .arg(&shard)
        .look_up();
    entry
        .get_or_try_compute_sharing(
            my_cache::expansion::Errors::<Error>::NEW.sharing(),
            async move {
                my_cache::expansion::returns!(Result < Option < User >, Error >);
                db.fetch(id, shard).await
            },
        )
        .await
}
/// The cache entry of `every_option` for these arguments.
#[allow(dead_code)]
fn every_option_at_once(&self, id: &str, shard: u8) -> my_cache::Entry<Option<User>> {
    my_cache::expansion::entry::<
        Option<User>,
        my_cache::codec::MessagePack,
    >(
            my_cache::expansion::callsite!(
                "every_option", template = "{org:<>}:<>/<>", version = 3
            ),
        )
        .ttl_with(|user: &Option<User>| user.as_ref().map_or(SHORT, |user| user.ttl))
        .jitter(1.0)
        .negative_ttl(::core::time::Duration::from_millis(500))
        .cache_if(is_fresh)
        .cache(&self.caches[&shard])
        .key("{org:")
        .arg(&self.org)
        .text("}:")
        .arg(id)
        .text("/")
        .arg(&shard)
        .build()
}
/// A lock guard must not live while the body runs.
async fn expressions_that_leave_something(
    config: &RwLock<Config>,
    id: String,
) -> Option<u8> {
    ::redis_cached::expansion::Returned::<Option<u8>>::NEW.how().stored_whole();
    ::redis_cached::expansion::entry::<
        Option<u8>,
        ::redis_cached::codec::Bincode,
    >(
            ::redis_cached::expansion::callsite!(
                "expressions_that_leave_something", template = "a:<>"
            ),
        )
        .ttl({
            let length = config.read().unwrap().ttl;
            length
        })
        .negative_ttl(SHORT)
        .key("a:")
        .arg(&id)
        .look_up()
        .get_or_compute(async move {
            ::redis_cached::expansion::returns!(Option < u8 >);
            config.write().unwrap().count();
            Some(1)
        })
        .await
}
/// The cache entry of `expressions_that_leave_something` for these arguments.
#[allow(dead_code, clippy::ptr_arg)]
fn expressions_that_leave_something_entry(
    config: &RwLock<Config>,
    id: &String,
) -> ::redis_cached::Entry<Option<u8>> {
    ::redis_cached::expansion::entry::<
        Option<u8>,
        ::redis_cached::codec::Bincode,
    >(
            ::redis_cached::expansion::callsite!(
                "expressions_that_leave_something", template = "a:<>"
            ),
        )
        .ttl({
            let length = config.read().unwrap().ttl;
            length
        })
        .negative_ttl(SHORT)
        .key("a:")
        .arg(id)
        .build()
}
fn blocking_with_a_guard(config: &Mutex<Config>) -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("blocking_with_a_guard", template = "a"))
        .ttl({
            let length = config.lock().unwrap().ttl;
            length
        })
        .key("a")
        .build_blocking()
        .get_or_compute(move || { 1 })
}
/// The cache entry of `blocking_with_a_guard` for these arguments.
#[allow(dead_code)]
fn blocking_with_a_guard_entry(config: &Mutex<Config>) -> ::redis_cached::Entry<u8> {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("blocking_with_a_guard", template = "a"))
        .ttl({
            let length = config.lock().unwrap().ttl;
            length
        })
        .key("a")
        .build()
}
async fn cache_made_in_place(name: String) -> u8 {
    let entry = ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("cache_made_in_place", template = "a"))
        .ttl(::core::time::Duration::from_secs(60))
        .cache(&cache_of(&name))
        .key("a")
        .look_up();
    entry
        .get_or_compute(async move {
            ::redis_cached::expansion::returns!(u8);
            1
        })
        .await
}
/// The cache entry of `cache_made_in_place` for these arguments.
#[allow(dead_code, clippy::ptr_arg)]
fn cache_made_in_place_entry(name: &String) -> ::redis_cached::Entry<u8> {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("cache_made_in_place", template = "a"))
        .ttl(::core::time::Duration::from_secs(60))
        .cache(&cache_of(&name))
        .key("a")
        .build()
}
async fn cache_in_parentheses(first: bool, second: bool) -> u8 {
    let entry = ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("cache_in_parentheses", template = "a"))
        .ttl(::core::time::Duration::from_secs(60))
        .cache(&(first || second))
        .key("a")
        .look_up();
    entry
        .get_or_compute(async move {
            ::redis_cached::expansion::returns!(u8);
            1
        })
        .await
}
/// The cache entry of `cache_in_parentheses` for these arguments.
#[allow(dead_code)]
fn cache_in_parentheses_entry(first: bool, second: bool) -> ::redis_cached::Entry<u8> {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("cache_in_parentheses", template = "a"))
        .ttl(::core::time::Duration::from_secs(60))
        .cache(&(first || second))
        .key("a")
        .build()
}
async fn default_key_with_options(db: &Pool, id: u64) -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Postcard,
    >(::redis_cached::expansion::callsite!("default_key_with_options", version = 2))
        .ttl(::core::time::Duration::from_secs(60))
        .default_key()
        .arg(&id)
        .end()
        .look_up()
        .get_or_compute(async move {
            ::redis_cached::expansion::returns!(u8);
            1
        })
        .await
}
/// The cache entry of `default_key_with_options` for these arguments.
#[allow(dead_code)]
fn default_key_with_options_entry(id: u64) -> ::redis_cached::Entry<u8> {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Postcard,
    >(::redis_cached::expansion::callsite!("default_key_with_options", version = 2))
        .ttl(::core::time::Duration::from_secs(60))
        .default_key()
        .arg(&id)
        .end()
        .build()
}
async fn macro_in_expression(tenant: &str, id: u64) -> u8 {
    let entry = ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("macro_in_expression", template = "a:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .cache(&format_cache!("{tenant}"))
        .key("a:")
        .arg(&id)
        .look_up();
    entry
        .get_or_compute(async move {
            ::redis_cached::expansion::returns!(u8);
            1
        })
        .await
}
