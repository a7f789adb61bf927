//! Each option by itself.
async fn get_user(db: &Pool, id: u64) -> Result<User, sqlx::Error> {
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("get_user", template = "user:<>"))
        .ttl(::core::time::Duration::from_secs(3600))
        .key("user:")
        .arg(&id)
        .look_up()
        .get_or_try_compute_sharing(
            ::redis_cached::expansion::Errors::<sqlx::Error>::NEW.sharing(),
            async move {
                ::redis_cached::expansion::returns!(Result < User, sqlx::Error >);
                let row = db.fetch(id).await?;
                Ok(row.into())
            },
        )
        .await
}
/// The cache entry of `get_user` for these arguments.
#[allow(dead_code)]
fn get_user_entry(id: u64) -> ::redis_cached::Entry<User> {
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("get_user", template = "user:<>"))
        .ttl(::core::time::Duration::from_secs(3600))
        .key("user:")
        .arg(&id)
        .build()
}
async fn ttl_humantime() -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("ttl_humantime", template = "a"))
        .ttl(::core::time::Duration::from_secs(5400))
        .key("a")
        .look_up()
        .get_or_compute(async move {
            ::redis_cached::expansion::returns!(u8);
            1
        })
        .await
}
/// The cache entry of `ttl_humantime` for these arguments.
#[allow(dead_code)]
fn ttl_humantime_entry() -> ::redis_cached::Entry<u8> {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("ttl_humantime", template = "a"))
        .ttl(::core::time::Duration::from_secs(5400))
        .key("a")
        .build()
}
async fn ttl_milliseconds() -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("ttl_milliseconds", template = "a"))
        .ttl(::core::time::Duration::from_millis(1500))
        .key("a")
        .look_up()
        .get_or_compute(async move {
            ::redis_cached::expansion::returns!(u8);
            1
        })
        .await
}
/// The cache entry of `ttl_milliseconds` for these arguments.
#[allow(dead_code)]
fn ttl_milliseconds_entry() -> ::redis_cached::Entry<u8> {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("ttl_milliseconds", template = "a"))
        .ttl(::core::time::Duration::from_millis(1500))
        .key("a")
        .build()
}
async fn ttl_never() -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("ttl_never", template = "a"))
        .never_expires()
        .key("a")
        .look_up()
        .get_or_compute(async move {
            ::redis_cached::expansion::returns!(u8);
            1
        })
        .await
}
/// The cache entry of `ttl_never` for these arguments.
#[allow(dead_code)]
fn ttl_never_entry() -> ::redis_cached::Entry<u8> {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("ttl_never", template = "a"))
        .never_expires()
        .key("a")
        .build()
}
async fn ttl_expression(seconds: u64, id: u64) -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("ttl_expression", template = "a:<>"))
        .ttl(Duration::from_secs(seconds))
        .key("a:")
        .arg(&id)
        .look_up()
        .get_or_compute(async move {
            ::redis_cached::expansion::returns!(u8);
            1
        })
        .await
}
/// The cache entry of `ttl_expression` for these arguments.
#[allow(dead_code)]
fn ttl_expression_entry(seconds: u64, id: u64) -> ::redis_cached::Entry<u8> {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("ttl_expression", template = "a:<>"))
        .ttl(Duration::from_secs(seconds))
        .key("a:")
        .arg(&id)
        .build()
}
async fn ttl_of_value(id: u64) -> User {
    ::redis_cached::expansion::Returned::<User>::NEW.how().stored_whole();
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("ttl_of_value", template = "a:<>"))
        .ttl_with(|user: &User| user.ttl)
        .key("a:")
        .arg(&id)
        .look_up()
        .get_or_compute(async move {
            ::redis_cached::expansion::returns!(User);
            fetch(id).await
        })
        .await
}
/// The cache entry of `ttl_of_value` for these arguments.
#[allow(dead_code)]
fn ttl_of_value_entry(id: u64) -> ::redis_cached::Entry<User> {
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("ttl_of_value", template = "a:<>"))
        .ttl_with(|user: &User| user.ttl)
        .key("a:")
        .arg(&id)
        .build()
}
async fn cache(caches: &Caches, id: u64) -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("cache", template = "a:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .cache(&caches.main)
        .key("a:")
        .arg(&id)
        .look_up()
        .get_or_compute(async move {
            ::redis_cached::expansion::returns!(u8);
            1
        })
        .await
}
/// The cache entry of `cache` for these arguments.
#[allow(dead_code)]
fn cache_entry(caches: &Caches, id: u64) -> ::redis_cached::Entry<u8> {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("cache", template = "a:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .cache(&caches.main)
        .key("a:")
        .arg(&id)
        .build()
}
async fn cache_if(id: u64) -> User {
    ::redis_cached::expansion::Returned::<User>::NEW.how().stored_whole();
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("cache_if", template = "a:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .cache_if(|user: &User| user.active)
        .key("a:")
        .arg(&id)
        .look_up()
        .get_or_compute(async move {
            ::redis_cached::expansion::returns!(User);
            fetch(id).await
        })
        .await
}
/// The cache entry of `cache_if` for these arguments.
#[allow(dead_code)]
fn cache_if_entry(id: u64) -> ::redis_cached::Entry<User> {
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("cache_if", template = "a:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .cache_if(|user: &User| user.active)
        .key("a:")
        .arg(&id)
        .build()
}
async fn negative_ttl(id: u64) -> Option<User> {
    ::redis_cached::expansion::Returned::<Option<User>>::NEW.how().stored_whole();
    ::redis_cached::expansion::entry::<
        Option<User>,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("negative_ttl", template = "a:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .negative_ttl(::core::time::Duration::from_secs(30))
        .key("a:")
        .arg(&id)
        .look_up()
        .get_or_compute(async move {
            ::redis_cached::expansion::returns!(Option < User >);
            fetch(id).await
        })
        .await
}
/// The cache entry of `negative_ttl` for these arguments.
#[allow(dead_code)]
fn negative_ttl_entry(id: u64) -> ::redis_cached::Entry<Option<User>> {
    ::redis_cached::expansion::entry::<
        Option<User>,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("negative_ttl", template = "a:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .negative_ttl(::core::time::Duration::from_secs(30))
        .key("a:")
        .arg(&id)
        .build()
}
async fn jitter(id: u64) -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("jitter", template = "a:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .jitter(0.1)
        .key("a:")
        .arg(&id)
        .look_up()
        .get_or_compute(async move {
            ::redis_cached::expansion::returns!(u8);
            1
        })
        .await
}
/// The cache entry of `jitter` for these arguments.
#[allow(dead_code)]
fn jitter_entry(id: u64) -> ::redis_cached::Entry<u8> {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("jitter", template = "a:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .jitter(0.1)
        .key("a:")
        .arg(&id)
        .build()
}
async fn revalidated(id: u64) -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("revalidated", template = "a:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .revalidate(::redis_cached::expansion::Keeping::<u8>::NEW.how())
        .key("a:")
        .arg(&id)
        .look_up()
        .get_or_compute(async move {
            ::redis_cached::expansion::returns!(u8);
            id as u8
        })
        .await
}
/// The cache entry of `revalidated` for these arguments.
#[allow(dead_code)]
fn revalidated_entry(id: u64) -> ::redis_cached::Entry<u8> {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("revalidated", template = "a:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .revalidate(::redis_cached::expansion::Keeping::<u8>::NEW.how())
        .key("a:")
        .arg(&id)
        .build()
}
async fn verified_replica_reads(id: u64) -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("verified_replica_reads", template = "a:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .verified_replica_reads()
        .key("a:")
        .arg(&id)
        .look_up()
        .get_or_compute(async move {
            ::redis_cached::expansion::returns!(u8);
            id as u8
        })
        .await
}
/// The cache entry of `verified_replica_reads` for these arguments.
#[allow(dead_code)]
fn verified_replica_reads_entry(id: u64) -> ::redis_cached::Entry<u8> {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("verified_replica_reads", template = "a:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .verified_replica_reads()
        .key("a:")
        .arg(&id)
        .build()
}
async fn bounded_replica_reads(id: u64) -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("bounded_replica_reads", template = "a:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .replica_reads(::core::time::Duration::from_secs(2))
        .key("a:")
        .arg(&id)
        .look_up()
        .get_or_compute(async move {
            ::redis_cached::expansion::returns!(u8);
            id as u8
        })
        .await
}
/// The cache entry of `bounded_replica_reads` for these arguments.
#[allow(dead_code)]
fn bounded_replica_reads_entry(id: u64) -> ::redis_cached::Entry<u8> {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("bounded_replica_reads", template = "a:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .replica_reads(::core::time::Duration::from_secs(2))
        .key("a:")
        .arg(&id)
        .build()
}
async fn sealed(id: u64) -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("sealed", template = "a:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .sealed()
        .key("a:")
        .arg(&id)
        .look_up()
        .get_or_compute(async move {
            ::redis_cached::expansion::returns!(u8);
            id as u8
        })
        .await
}
/// The cache entry of `sealed` for these arguments.
#[allow(dead_code)]
fn sealed_entry(id: u64) -> ::redis_cached::Entry<u8> {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("sealed", template = "a:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .sealed()
        .key("a:")
        .arg(&id)
        .build()
}
async fn max_wait(id: u64) -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("max_wait", template = "a:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .max_wait(::core::time::Duration::from_millis(500))
        .key("a:")
        .arg(&id)
        .look_up()
        .get_or_compute(async move {
            ::redis_cached::expansion::returns!(u8);
            1
        })
        .await
}
/// The cache entry of `max_wait` for these arguments.
#[allow(dead_code)]
fn max_wait_entry(id: u64) -> ::redis_cached::Entry<u8> {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("max_wait", template = "a:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .max_wait(::core::time::Duration::from_millis(500))
        .key("a:")
        .arg(&id)
        .build()
}
async fn max_size(id: u64) -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("max_size", template = "a:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .max_size(65536)
        .key("a:")
        .arg(&id)
        .look_up()
        .get_or_compute(async move {
            ::redis_cached::expansion::returns!(u8);
            1
        })
        .await
}
/// The cache entry of `max_size` for these arguments.
#[allow(dead_code)]
fn max_size_entry(id: u64) -> ::redis_cached::Entry<u8> {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("max_size", template = "a:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .max_size(65536)
        .key("a:")
        .arg(&id)
        .build()
}
async fn codec(id: u64) -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Json,
    >(::redis_cached::expansion::callsite!("codec", template = "a:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("a:")
        .arg(&id)
        .look_up()
        .get_or_compute(async move {
            ::redis_cached::expansion::returns!(u8);
            1
        })
        .await
}
/// The cache entry of `codec` for these arguments.
#[allow(dead_code)]
fn codec_entry(id: u64) -> ::redis_cached::Entry<u8> {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Json,
    >(::redis_cached::expansion::callsite!("codec", template = "a:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("a:")
        .arg(&id)
        .build()
}
async fn compress(id: u64) -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("compress", template = "a:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .compress(::redis_cached::expansion::Compression::Zstd)
        .key("a:")
        .arg(&id)
        .look_up()
        .get_or_compute(async move {
            ::redis_cached::expansion::returns!(u8);
            1
        })
        .await
}
/// The cache entry of `compress` for these arguments.
#[allow(dead_code)]
fn compress_entry(id: u64) -> ::redis_cached::Entry<u8> {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("compress", template = "a:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .compress(::redis_cached::expansion::Compression::Zstd)
        .key("a:")
        .arg(&id)
        .build()
}
async fn version(id: u64) -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("version", template = "a:<>", version = 2))
        .ttl(::core::time::Duration::from_secs(60))
        .key("a:")
        .arg(&id)
        .look_up()
        .get_or_compute(async move {
            ::redis_cached::expansion::returns!(u8);
            1
        })
        .await
}
/// The cache entry of `version` for these arguments.
#[allow(dead_code)]
fn version_entry(id: u64) -> ::redis_cached::Entry<u8> {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("version", template = "a:<>", version = 2))
        .ttl(::core::time::Duration::from_secs(60))
        .key("a:")
        .arg(&id)
        .build()
}
async fn entry_renamed(id: u64) -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("entry_renamed", template = "a:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("a:")
        .arg(&id)
        .look_up()
        .get_or_compute(async move {
            ::redis_cached::expansion::returns!(u8);
            1
        })
        .await
}
/// The cache entry of `entry_renamed` for these arguments.
#[allow(dead_code)]
fn renamed(id: u64) -> ::redis_cached::Entry<u8> {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("entry_renamed", template = "a:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("a:")
        .arg(&id)
        .build()
}
async fn entry_left_out(id: u64) -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("entry_left_out", template = "a:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("a:")
        .arg(&id)
        .look_up()
        .get_or_compute(async move {
            ::redis_cached::expansion::returns!(u8);
            1
        })
        .await
}
async fn runtime_renamed(id: u64) -> u8 {
    crate::reexported::cache::expansion::entry::<
        u8,
        crate::reexported::cache::codec::Bincode,
    >(
            crate::reexported::cache::expansion::callsite!(
                "runtime_renamed", template = "a:<>"
            ),
        )
        .ttl(::core::time::Duration::from_secs(60))
        .key("a:")
        .arg(&id)
        .look_up()
        .get_or_compute(async move {
            crate::reexported::cache::expansion::returns!(u8);
            1
        })
        .await
}
/// The cache entry of `runtime_renamed` for these arguments.
#[allow(dead_code)]
fn runtime_renamed_entry(id: u64) -> crate::reexported::cache::Entry<u8> {
    crate::reexported::cache::expansion::entry::<
        u8,
        crate::reexported::cache::codec::Bincode,
    >(
            crate::reexported::cache::expansion::callsite!(
                "runtime_renamed", template = "a:<>"
            ),
        )
        .ttl(::core::time::Duration::from_secs(60))
        .key("a:")
        .arg(&id)
        .build()
}
