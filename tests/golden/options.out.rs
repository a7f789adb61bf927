//! Each option by itself.
async fn get_user(db: &Pool, id: u64) -> Result<User, sqlx::Error> {
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(
            {
                static SITE: ::redis_cached::expansion::Callsite = ::redis_cached::expansion::Callsite::new(
                        ::core::module_path!(),
                        "get_user",
                    )
                    .template("user:<>");
                &SITE
            },
            || (),
        )
        .ttl(::core::time::Duration::from_secs(3600))
        .key("user:")
        .arg(&id)
        .look_up()
        .get_or_try_compute_sharing(
            ::redis_cached::expansion::Errors::<sqlx::Error>::NEW.sharing(),
            async move {
                if let ::core::option::Option::Some(never) = ::core::option::Option::None::<
                    Result<User, sqlx::Error>,
                > {
                    return never;
                }
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
    >(
            {
                static SITE: ::redis_cached::expansion::Callsite = ::redis_cached::expansion::Callsite::new(
                        ::core::module_path!(),
                        "get_user",
                    )
                    .template("user:<>");
                &SITE
            },
            || (),
        )
        .ttl(::core::time::Duration::from_secs(3600))
        .key("user:")
        .arg(&id)
        .build()
}
async fn ttl_humantime() -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(
            {
                static SITE: ::redis_cached::expansion::Callsite = ::redis_cached::expansion::Callsite::new(
                        ::core::module_path!(),
                        "ttl_humantime",
                    )
                    .template("a");
                &SITE
            },
            || (),
        )
        .ttl(::core::time::Duration::from_secs(5400))
        .key("a")
        .look_up()
        .get_or_compute(async move {
            if let ::core::option::Option::Some(never) = ::core::option::Option::None::<
                u8,
            > {
                return never;
            }
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
    >(
            {
                static SITE: ::redis_cached::expansion::Callsite = ::redis_cached::expansion::Callsite::new(
                        ::core::module_path!(),
                        "ttl_humantime",
                    )
                    .template("a");
                &SITE
            },
            || (),
        )
        .ttl(::core::time::Duration::from_secs(5400))
        .key("a")
        .build()
}
async fn ttl_milliseconds() -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(
            {
                static SITE: ::redis_cached::expansion::Callsite = ::redis_cached::expansion::Callsite::new(
                        ::core::module_path!(),
                        "ttl_milliseconds",
                    )
                    .template("a");
                &SITE
            },
            || (),
        )
        .ttl(::core::time::Duration::from_millis(1500))
        .key("a")
        .look_up()
        .get_or_compute(async move {
            if let ::core::option::Option::Some(never) = ::core::option::Option::None::<
                u8,
            > {
                return never;
            }
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
    >(
            {
                static SITE: ::redis_cached::expansion::Callsite = ::redis_cached::expansion::Callsite::new(
                        ::core::module_path!(),
                        "ttl_milliseconds",
                    )
                    .template("a");
                &SITE
            },
            || (),
        )
        .ttl(::core::time::Duration::from_millis(1500))
        .key("a")
        .build()
}
async fn ttl_never() -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(
            {
                static SITE: ::redis_cached::expansion::Callsite = ::redis_cached::expansion::Callsite::new(
                        ::core::module_path!(),
                        "ttl_never",
                    )
                    .template("a");
                &SITE
            },
            || (),
        )
        .never_expires()
        .key("a")
        .look_up()
        .get_or_compute(async move {
            if let ::core::option::Option::Some(never) = ::core::option::Option::None::<
                u8,
            > {
                return never;
            }
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
    >(
            {
                static SITE: ::redis_cached::expansion::Callsite = ::redis_cached::expansion::Callsite::new(
                        ::core::module_path!(),
                        "ttl_never",
                    )
                    .template("a");
                &SITE
            },
            || (),
        )
        .never_expires()
        .key("a")
        .build()
}
async fn ttl_expression(seconds: u64, id: u64) -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(
            {
                static SITE: ::redis_cached::expansion::Callsite = ::redis_cached::expansion::Callsite::new(
                        ::core::module_path!(),
                        "ttl_expression",
                    )
                    .template("a:<>");
                &SITE
            },
            || (),
        )
        .ttl(Duration::from_secs(seconds))
        .key("a:")
        .arg(&id)
        .look_up()
        .get_or_compute(async move {
            if let ::core::option::Option::Some(never) = ::core::option::Option::None::<
                u8,
            > {
                return never;
            }
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
    >(
            {
                static SITE: ::redis_cached::expansion::Callsite = ::redis_cached::expansion::Callsite::new(
                        ::core::module_path!(),
                        "ttl_expression",
                    )
                    .template("a:<>");
                &SITE
            },
            || (),
        )
        .ttl(Duration::from_secs(seconds))
        .key("a:")
        .arg(&id)
        .build()
}
async fn ttl_of_value(id: u64) -> User {
    let _ = || ::redis_cached::expansion::Returned::<User>::NEW.how().stored_whole();
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(
            {
                static SITE: ::redis_cached::expansion::Callsite = ::redis_cached::expansion::Callsite::new(
                        ::core::module_path!(),
                        "ttl_of_value",
                    )
                    .template("a:<>");
                &SITE
            },
            || (),
        )
        .ttl_with(|user: &User| user.ttl)
        .key("a:")
        .arg(&id)
        .look_up()
        .get_or_compute(async move {
            if let ::core::option::Option::Some(never) = ::core::option::Option::None::<
                User,
            > {
                return never;
            }
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
    >(
            {
                static SITE: ::redis_cached::expansion::Callsite = ::redis_cached::expansion::Callsite::new(
                        ::core::module_path!(),
                        "ttl_of_value",
                    )
                    .template("a:<>");
                &SITE
            },
            || (),
        )
        .ttl_with(|user: &User| user.ttl)
        .key("a:")
        .arg(&id)
        .build()
}
async fn cache(caches: &Caches, id: u64) -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(
            {
                static SITE: ::redis_cached::expansion::Callsite = ::redis_cached::expansion::Callsite::new(
                        ::core::module_path!(),
                        "cache",
                    )
                    .template("a:<>");
                &SITE
            },
            || (),
        )
        .ttl(::core::time::Duration::from_secs(60))
        .cache(&caches.main)
        .key("a:")
        .arg(&id)
        .look_up()
        .get_or_compute(async move {
            if let ::core::option::Option::Some(never) = ::core::option::Option::None::<
                u8,
            > {
                return never;
            }
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
    >(
            {
                static SITE: ::redis_cached::expansion::Callsite = ::redis_cached::expansion::Callsite::new(
                        ::core::module_path!(),
                        "cache",
                    )
                    .template("a:<>");
                &SITE
            },
            || (),
        )
        .ttl(::core::time::Duration::from_secs(60))
        .cache(&caches.main)
        .key("a:")
        .arg(&id)
        .build()
}
async fn cache_if(id: u64) -> User {
    let _ = || ::redis_cached::expansion::Returned::<User>::NEW.how().stored_whole();
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(
            {
                static SITE: ::redis_cached::expansion::Callsite = ::redis_cached::expansion::Callsite::new(
                        ::core::module_path!(),
                        "cache_if",
                    )
                    .template("a:<>");
                &SITE
            },
            || (),
        )
        .ttl(::core::time::Duration::from_secs(60))
        .cache_if(|user: &User| user.active)
        .key("a:")
        .arg(&id)
        .look_up()
        .get_or_compute(async move {
            if let ::core::option::Option::Some(never) = ::core::option::Option::None::<
                User,
            > {
                return never;
            }
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
    >(
            {
                static SITE: ::redis_cached::expansion::Callsite = ::redis_cached::expansion::Callsite::new(
                        ::core::module_path!(),
                        "cache_if",
                    )
                    .template("a:<>");
                &SITE
            },
            || (),
        )
        .ttl(::core::time::Duration::from_secs(60))
        .cache_if(|user: &User| user.active)
        .key("a:")
        .arg(&id)
        .build()
}
async fn negative_ttl(id: u64) -> Option<User> {
    let _ = || {
        ::redis_cached::expansion::Returned::<Option<User>>::NEW.how().stored_whole()
    };
    ::redis_cached::expansion::entry::<
        Option<User>,
        ::redis_cached::codec::Bincode,
    >(
            {
                static SITE: ::redis_cached::expansion::Callsite = ::redis_cached::expansion::Callsite::new(
                        ::core::module_path!(),
                        "negative_ttl",
                    )
                    .template("a:<>");
                &SITE
            },
            || (),
        )
        .ttl(::core::time::Duration::from_secs(60))
        .negative_ttl(::core::time::Duration::from_secs(30))
        .key("a:")
        .arg(&id)
        .look_up()
        .get_or_compute(async move {
            if let ::core::option::Option::Some(never) = ::core::option::Option::None::<
                Option<User>,
            > {
                return never;
            }
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
    >(
            {
                static SITE: ::redis_cached::expansion::Callsite = ::redis_cached::expansion::Callsite::new(
                        ::core::module_path!(),
                        "negative_ttl",
                    )
                    .template("a:<>");
                &SITE
            },
            || (),
        )
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
    >(
            {
                static SITE: ::redis_cached::expansion::Callsite = ::redis_cached::expansion::Callsite::new(
                        ::core::module_path!(),
                        "jitter",
                    )
                    .template("a:<>");
                &SITE
            },
            || (),
        )
        .ttl(::core::time::Duration::from_secs(60))
        .jitter(0.1)
        .key("a:")
        .arg(&id)
        .look_up()
        .get_or_compute(async move {
            if let ::core::option::Option::Some(never) = ::core::option::Option::None::<
                u8,
            > {
                return never;
            }
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
    >(
            {
                static SITE: ::redis_cached::expansion::Callsite = ::redis_cached::expansion::Callsite::new(
                        ::core::module_path!(),
                        "jitter",
                    )
                    .template("a:<>");
                &SITE
            },
            || (),
        )
        .ttl(::core::time::Duration::from_secs(60))
        .jitter(0.1)
        .key("a:")
        .arg(&id)
        .build()
}
async fn max_wait(id: u64) -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(
            {
                static SITE: ::redis_cached::expansion::Callsite = ::redis_cached::expansion::Callsite::new(
                        ::core::module_path!(),
                        "max_wait",
                    )
                    .template("a:<>");
                &SITE
            },
            || (),
        )
        .ttl(::core::time::Duration::from_secs(60))
        .max_wait(::core::time::Duration::from_millis(500))
        .key("a:")
        .arg(&id)
        .look_up()
        .get_or_compute(async move {
            if let ::core::option::Option::Some(never) = ::core::option::Option::None::<
                u8,
            > {
                return never;
            }
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
    >(
            {
                static SITE: ::redis_cached::expansion::Callsite = ::redis_cached::expansion::Callsite::new(
                        ::core::module_path!(),
                        "max_wait",
                    )
                    .template("a:<>");
                &SITE
            },
            || (),
        )
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
    >(
            {
                static SITE: ::redis_cached::expansion::Callsite = ::redis_cached::expansion::Callsite::new(
                        ::core::module_path!(),
                        "max_size",
                    )
                    .template("a:<>");
                &SITE
            },
            || (),
        )
        .ttl(::core::time::Duration::from_secs(60))
        .max_size(65536)
        .key("a:")
        .arg(&id)
        .look_up()
        .get_or_compute(async move {
            if let ::core::option::Option::Some(never) = ::core::option::Option::None::<
                u8,
            > {
                return never;
            }
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
    >(
            {
                static SITE: ::redis_cached::expansion::Callsite = ::redis_cached::expansion::Callsite::new(
                        ::core::module_path!(),
                        "max_size",
                    )
                    .template("a:<>");
                &SITE
            },
            || (),
        )
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
    >(
            {
                static SITE: ::redis_cached::expansion::Callsite = ::redis_cached::expansion::Callsite::new(
                        ::core::module_path!(),
                        "codec",
                    )
                    .template("a:<>");
                &SITE
            },
            || (),
        )
        .ttl(::core::time::Duration::from_secs(60))
        .key("a:")
        .arg(&id)
        .look_up()
        .get_or_compute(async move {
            if let ::core::option::Option::Some(never) = ::core::option::Option::None::<
                u8,
            > {
                return never;
            }
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
    >(
            {
                static SITE: ::redis_cached::expansion::Callsite = ::redis_cached::expansion::Callsite::new(
                        ::core::module_path!(),
                        "codec",
                    )
                    .template("a:<>");
                &SITE
            },
            || (),
        )
        .ttl(::core::time::Duration::from_secs(60))
        .key("a:")
        .arg(&id)
        .build()
}
async fn compress(id: u64) -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(
            {
                static SITE: ::redis_cached::expansion::Callsite = ::redis_cached::expansion::Callsite::new(
                        ::core::module_path!(),
                        "compress",
                    )
                    .template("a:<>");
                &SITE
            },
            || (),
        )
        .ttl(::core::time::Duration::from_secs(60))
        .compress(::redis_cached::expansion::Compression::Zstd)
        .key("a:")
        .arg(&id)
        .look_up()
        .get_or_compute(async move {
            if let ::core::option::Option::Some(never) = ::core::option::Option::None::<
                u8,
            > {
                return never;
            }
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
    >(
            {
                static SITE: ::redis_cached::expansion::Callsite = ::redis_cached::expansion::Callsite::new(
                        ::core::module_path!(),
                        "compress",
                    )
                    .template("a:<>");
                &SITE
            },
            || (),
        )
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
    >(
            {
                static SITE: ::redis_cached::expansion::Callsite = ::redis_cached::expansion::Callsite::new(
                        ::core::module_path!(),
                        "version",
                    )
                    .template("a:<>")
                    .version(2);
                &SITE
            },
            || (),
        )
        .ttl(::core::time::Duration::from_secs(60))
        .key("a:")
        .arg(&id)
        .look_up()
        .get_or_compute(async move {
            if let ::core::option::Option::Some(never) = ::core::option::Option::None::<
                u8,
            > {
                return never;
            }
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
    >(
            {
                static SITE: ::redis_cached::expansion::Callsite = ::redis_cached::expansion::Callsite::new(
                        ::core::module_path!(),
                        "version",
                    )
                    .template("a:<>")
                    .version(2);
                &SITE
            },
            || (),
        )
        .ttl(::core::time::Duration::from_secs(60))
        .key("a:")
        .arg(&id)
        .build()
}
async fn entry_renamed(id: u64) -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(
            {
                static SITE: ::redis_cached::expansion::Callsite = ::redis_cached::expansion::Callsite::new(
                        ::core::module_path!(),
                        "entry_renamed",
                    )
                    .template("a:<>");
                &SITE
            },
            || (),
        )
        .ttl(::core::time::Duration::from_secs(60))
        .key("a:")
        .arg(&id)
        .look_up()
        .get_or_compute(async move {
            if let ::core::option::Option::Some(never) = ::core::option::Option::None::<
                u8,
            > {
                return never;
            }
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
    >(
            {
                static SITE: ::redis_cached::expansion::Callsite = ::redis_cached::expansion::Callsite::new(
                        ::core::module_path!(),
                        "entry_renamed",
                    )
                    .template("a:<>");
                &SITE
            },
            || (),
        )
        .ttl(::core::time::Duration::from_secs(60))
        .key("a:")
        .arg(&id)
        .build()
}
async fn entry_left_out(id: u64) -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(
            {
                static SITE: ::redis_cached::expansion::Callsite = ::redis_cached::expansion::Callsite::new(
                        ::core::module_path!(),
                        "entry_left_out",
                    )
                    .template("a:<>");
                &SITE
            },
            || (),
        )
        .ttl(::core::time::Duration::from_secs(60))
        .key("a:")
        .arg(&id)
        .look_up()
        .get_or_compute(async move {
            if let ::core::option::Option::Some(never) = ::core::option::Option::None::<
                u8,
            > {
                return never;
            }
            1
        })
        .await
}
async fn runtime_renamed(id: u64) -> u8 {
    crate::reexported::cache::expansion::entry::<
        u8,
        crate::reexported::cache::codec::Bincode,
    >(
            {
                static SITE: crate::reexported::cache::expansion::Callsite = crate::reexported::cache::expansion::Callsite::new(
                        ::core::module_path!(),
                        "runtime_renamed",
                    )
                    .template("a:<>");
                &SITE
            },
            || (),
        )
        .ttl(::core::time::Duration::from_secs(60))
        .key("a:")
        .arg(&id)
        .look_up()
        .get_or_compute(async move {
            if let ::core::option::Option::Some(never) = ::core::option::Option::None::<
                u8,
            > {
                return never;
            }
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
            {
                static SITE: crate::reexported::cache::expansion::Callsite = crate::reexported::cache::expansion::Callsite::new(
                        ::core::module_path!(),
                        "runtime_renamed",
                    )
                    .template("a:<>");
                &SITE
            },
            || (),
        )
        .ttl(::core::time::Duration::from_secs(60))
        .key("a:")
        .arg(&id)
        .build()
}
