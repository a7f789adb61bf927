//! A function that may run once more in the background, and one that need not.
async fn refreshed(db: &Pool, id: u64, name: &str) -> Result<User, Error> {
    #[allow(clippy::shadow_reuse, clippy::shadow_same, clippy::shadow_unrelated)]
    let compute = async |db: &Pool, id: u64, name: &str| -> Result<User, Error> {
        ::redis_cached::expansion::returns!(Result < User, Error >);
        db.fetch(id, name).await
    };
    let errors = ::redis_cached::expansion::Errors::<Error>::NEW.sharing();
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("refreshed", template = "user:<>:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .stale_while_revalidate(::core::time::Duration::from_secs(30))
        .stale_if_error(::core::time::Duration::from_secs(3600))
        .key("user:")
        .arg(&id)
        .text(":")
        .arg(name)
        .build()
        .begin()
        .await
        .try_refresh(
            errors,
            || {
                let (db, id, name) = (
                    ::redis_cached::expansion::owned::<Pool, _>(db),
                    ::redis_cached::expansion::owned::<u64, _>(&id),
                    ::redis_cached::expansion::owned::<str, _>(name),
                );
                async move {
                    compute(
                            ::core::borrow::Borrow::<Pool>::borrow(&db),
                            id,
                            ::core::borrow::Borrow::<str>::borrow(&name),
                        )
                        .await
                }
            },
        )
        .or_try_compute(errors, compute(db, id, name))
        .await
}
/// The cache entry of `refreshed` for these arguments.
#[allow(dead_code)]
fn refreshed_entry(id: u64, name: &str) -> ::redis_cached::Entry<User> {
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("refreshed", template = "user:<>:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .stale_while_revalidate(::core::time::Duration::from_secs(30))
        .stale_if_error(::core::time::Duration::from_secs(3600))
        .key("user:")
        .arg(&id)
        .text(":")
        .arg(name)
        .build()
}
fn refreshed_blocking(id: u64) -> User {
    ::redis_cached::expansion::Returned::<User>::NEW.how().stored_whole();
    #[allow(clippy::shadow_reuse, clippy::shadow_same, clippy::shadow_unrelated)]
    let compute = |id: u64| -> User { fetch(id) };
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("refreshed_blocking", template = "user:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .stale_while_revalidate(::core::time::Duration::from_secs(30))
        .key("user:")
        .arg(&id)
        .build_blocking()
        .begin()
        .refresh_blocking(|| {
            let (id,) = (::redis_cached::expansion::owned::<u64, _>(&id),);
            move || compute(id)
        })
        .or_compute_blocking(|| compute(id))
}
/// The cache entry of `refreshed_blocking` for these arguments.
#[allow(dead_code)]
fn refreshed_blocking_entry(id: u64) -> ::redis_cached::Entry<User> {
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("refreshed_blocking", template = "user:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .stale_while_revalidate(::core::time::Duration::from_secs(30))
        .key("user:")
        .arg(&id)
        .build()
}
impl Service {
    async fn refreshed_method(&self, id: UserId) -> Option<User> {
        ::redis_cached::expansion::Returned::<Option<User>>::NEW.how().stored_whole();
        ::redis_cached::expansion::entry::<
            Option<User>,
            ::redis_cached::codec::Bincode,
        >(::redis_cached::expansion::callsite!("refreshed_method", template = "user:<>"))
            .ttl(::core::time::Duration::from_secs(60))
            .stale_while_revalidate(::core::time::Duration::from_secs(30))
            .key("user:")
            .arg(&id)
            .build()
            .begin()
            .await
            .refresh(|| {
                let (this, id) = (
                    ::redis_cached::expansion::owned::<Self, _>(self),
                    ::redis_cached::expansion::owned::<UserId, _>(&id),
                );
                async move {
                    Self::__redis_cached_refreshed_method(
                            ::core::borrow::Borrow::<Self>::borrow(&this),
                            id,
                        )
                        .await
                }
            })
            .or_compute(Self::__redis_cached_refreshed_method(self, id))
            .await
    }
    /// The cache entry of `refreshed_method` for these arguments.
    #[allow(dead_code)]
    fn refreshed_method_entry(id: &UserId) -> ::redis_cached::Entry<Option<User>> {
        ::redis_cached::expansion::entry::<
            Option<User>,
            ::redis_cached::codec::Bincode,
        >(::redis_cached::expansion::callsite!("refreshed_method", template = "user:<>"))
            .ttl(::core::time::Duration::from_secs(60))
            .stale_while_revalidate(::core::time::Duration::from_secs(30))
            .key("user:")
            .arg(id)
            .build()
    }
    #[doc(hidden)]
    #[allow(dead_code)]
    async fn __redis_cached_refreshed_method(&self, id: UserId) -> Option<User> {
        self.users.get(&id).cloned()
    }
}
async fn kept(id: u64) -> Result<Arc<User>, Error> {
    match ::redis_cached::expansion::entry::<
        Arc<User>,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("kept", template = "user:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .local(
            ::core::time::Duration::from_secs(30),
            ::redis_cached::expansion::Keeping::<Arc<User>>::NEW.how(),
        )
        .key("user:")
        .arg(&id)
        .look_up()
    {
        ::redis_cached::expansion::LookedUp::Local(value) => {
            ::core::result::Result::Ok(value)
        }
        ::redis_cached::expansion::LookedUp::Remote(remote) => {
            remote
                .get_or_try_compute_sharing(
                    ::redis_cached::expansion::Errors::<Error>::NEW.sharing(),
                    async move {
                        ::redis_cached::expansion::returns!(
                            Result < Arc < User >, Error >
                        );
                        fetch(id).await
                    },
                )
                .await
        }
    }
}
/// The cache entry of `kept` for these arguments.
#[allow(dead_code)]
fn kept_entry(id: u64) -> ::redis_cached::Entry<Arc<User>> {
    ::redis_cached::expansion::entry::<
        Arc<User>,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("kept", template = "user:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .local(
            ::core::time::Duration::from_secs(30),
            ::redis_cached::expansion::Keeping::<Arc<User>>::NEW.how(),
        )
        .key("user:")
        .arg(&id)
        .build()
}
async fn early(id: u64) -> Result<User, Error> {
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("early", template = "user:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .stale_if_error(::core::time::Duration::from_secs(600))
        .early_refresh(1.0)
        .key("user:")
        .arg(&id)
        .look_up()
        .get_or_try_compute_sharing(
            ::redis_cached::expansion::Errors::<Error>::NEW.sharing(),
            async move {
                ::redis_cached::expansion::returns!(Result < User, Error >);
                fetch(id).await
            },
        )
        .await
}
/// The cache entry of `early` for these arguments.
#[allow(dead_code)]
fn early_entry(id: u64) -> ::redis_cached::Entry<User> {
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("early", template = "user:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .stale_if_error(::core::time::Duration::from_secs(600))
        .early_refresh(1.0)
        .key("user:")
        .arg(&id)
        .build()
}
async fn finished(db: &Pool, id: u64) -> Result<User, Error> {
    #[allow(clippy::shadow_reuse, clippy::shadow_same, clippy::shadow_unrelated)]
    let compute = async |db: &Pool, id: u64| -> Result<User, Error> {
        ::redis_cached::expansion::returns!(Result < User, Error >);
        db.fetch(id).await
    };
    let errors = ::redis_cached::expansion::Errors::<Error>::NEW.sharing();
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("finished", template = "user:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("user:")
        .arg(&id)
        .build()
        .begin()
        .await
        .or_try_compute_detached(
            errors,
            || {
                let (db, id) = (
                    ::redis_cached::expansion::owned::<Pool, _>(db),
                    ::redis_cached::expansion::owned::<u64, _>(&id),
                );
                async move {
                    compute(::core::borrow::Borrow::<Pool>::borrow(&db), id).await
                }
            },
        )
        .await
}
/// The cache entry of `finished` for these arguments.
#[allow(dead_code)]
fn finished_entry(id: u64) -> ::redis_cached::Entry<User> {
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("finished", template = "user:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("user:")
        .arg(&id)
        .build()
}
async fn sliding(id: u64) -> Option<User> {
    ::redis_cached::expansion::Returned::<Option<User>>::NEW.how().stored_whole();
    match ::redis_cached::expansion::entry::<
        Option<User>,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("sliding", template = "session:<>"))
        .ttl(::core::time::Duration::from_secs(1800))
        .local(
            ::core::time::Duration::from_secs(30),
            ::redis_cached::expansion::Keeping::<Option<User>>::NEW.how(),
        )
        .sliding()
        .key("session:")
        .arg(&id)
        .look_up()
    {
        ::redis_cached::expansion::LookedUp::Local(value) => value,
        ::redis_cached::expansion::LookedUp::Remote(remote) => {
            remote
                .get_or_compute(async move {
                    ::redis_cached::expansion::returns!(Option < User >);
                    fetch(id).await
                })
                .await
        }
    }
}
/// The cache entry of `sliding` for these arguments.
#[allow(dead_code)]
fn sliding_entry(id: u64) -> ::redis_cached::Entry<Option<User>> {
    ::redis_cached::expansion::entry::<
        Option<User>,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("sliding", template = "session:<>"))
        .ttl(::core::time::Duration::from_secs(1800))
        .local(
            ::core::time::Duration::from_secs(30),
            ::redis_cached::expansion::Keeping::<Option<User>>::NEW.how(),
        )
        .sliding()
        .key("session:")
        .arg(&id)
        .build()
}
async fn sliding_for_a_day(id: u64) -> Option<User> {
    ::redis_cached::expansion::Returned::<Option<User>>::NEW.how().stored_whole();
    ::redis_cached::expansion::entry::<
        Option<User>,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("sliding_for_a_day", template = "session:<>"))
        .ttl(::core::time::Duration::from_secs(1800))
        .sliding()
        .max_age(::core::time::Duration::from_secs(86400))
        .key("session:")
        .arg(&id)
        .look_up()
        .get_or_compute(async move {
            ::redis_cached::expansion::returns!(Option < User >);
            fetch(id).await
        })
        .await
}
/// The cache entry of `sliding_for_a_day` for these arguments.
#[allow(dead_code)]
fn sliding_for_a_day_entry(id: u64) -> ::redis_cached::Entry<Option<User>> {
    ::redis_cached::expansion::entry::<
        Option<User>,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("sliding_for_a_day", template = "session:<>"))
        .ttl(::core::time::Duration::from_secs(1800))
        .sliding()
        .max_age(::core::time::Duration::from_secs(86400))
        .key("session:")
        .arg(&id)
        .build()
}
async fn in_time(db: &Pool, id: u64) -> Result<User, Error> {
    #[allow(clippy::shadow_reuse, clippy::shadow_same, clippy::shadow_unrelated)]
    let compute = async |db: &Pool, id: u64| -> Result<User, Error> {
        ::redis_cached::expansion::returns!(Result < User, Error >);
        db.fetch(id).await
    };
    let errors = ::redis_cached::expansion::Errors::<Error>::NEW.sharing();
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("in_time", template = "user:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .stale_if_error(::core::time::Duration::from_secs(3600))
        .timeout(::core::time::Duration::from_millis(300))
        .key("user:")
        .arg(&id)
        .build()
        .begin()
        .await
        .or_try_compute_in_time(
            errors,
            false,
            || {
                let (db, id) = (
                    ::redis_cached::expansion::owned::<Pool, _>(db),
                    ::redis_cached::expansion::owned::<u64, _>(&id),
                );
                async move {
                    compute(::core::borrow::Borrow::<Pool>::borrow(&db), id).await
                }
            },
        )
        .await
}
/// The cache entry of `in_time` for these arguments.
#[allow(dead_code)]
fn in_time_entry(id: u64) -> ::redis_cached::Entry<User> {
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("in_time", template = "user:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .stale_if_error(::core::time::Duration::from_secs(3600))
        .timeout(::core::time::Duration::from_millis(300))
        .key("user:")
        .arg(&id)
        .build()
}
async fn verified(db: &Pool, id: u64) -> Result<User, Error> {
    #[allow(clippy::shadow_reuse, clippy::shadow_same, clippy::shadow_unrelated)]
    let compute = async |db: &Pool, id: u64| -> Result<User, Error> {
        ::redis_cached::expansion::returns!(Result < User, Error >);
        db.fetch(id).await
    };
    let errors = ::redis_cached::expansion::Errors::<Error>::NEW.sharing();
    let share: f64 = 0.01;
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(
            ::redis_cached::expansion::callsite!(
                "verified", template = "user:<>", invalidated = true
            ),
        )
        .ttl(::core::time::Duration::from_secs(60))
        .key("user:")
        .arg(&id)
        .build()
        .begin()
        .await
        .try_verify(
            share,
            ::redis_cached::expansion::Comparing::<User>::NEW.how(),
            || {
                let (db, id) = (
                    ::redis_cached::expansion::owned::<Pool, _>(db),
                    ::redis_cached::expansion::owned::<u64, _>(&id),
                );
                async move {
                    compute(::core::borrow::Borrow::<Pool>::borrow(&db), id).await
                }
            },
        )
        .or_try_compute(errors, compute(db, id))
        .await
}
/// The cache entry of `verified` for these arguments.
#[allow(dead_code)]
fn verified_entry(id: u64) -> ::redis_cached::Entry<User> {
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(
            ::redis_cached::expansion::callsite!(
                "verified", template = "user:<>", invalidated = true
            ),
        )
        .ttl(::core::time::Duration::from_secs(60))
        .key("user:")
        .arg(&id)
        .build()
}
fn verified_blocking(id: u64) -> User {
    ::redis_cached::expansion::Returned::<User>::NEW.how().stored_whole();
    #[allow(clippy::shadow_reuse, clippy::shadow_same, clippy::shadow_unrelated)]
    let compute = |id: u64| -> User { fetch(id) };
    let share: f64 = SHARE;
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("verified_blocking", template = "user:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .stale_while_revalidate(::core::time::Duration::from_secs(30))
        .key("user:")
        .arg(&id)
        .build_blocking()
        .begin()
        .verify_blocking(
            share,
            ::redis_cached::expansion::Comparing::<User>::NEW.how(),
            || {
                let (id,) = (::redis_cached::expansion::owned::<u64, _>(&id),);
                move || compute(id)
            },
        )
        .refresh_blocking(|| {
            let (id,) = (::redis_cached::expansion::owned::<u64, _>(&id),);
            move || compute(id)
        })
        .or_compute_blocking(|| compute(id))
}
/// The cache entry of `verified_blocking` for these arguments.
#[allow(dead_code)]
fn verified_blocking_entry(id: u64) -> ::redis_cached::Entry<User> {
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("verified_blocking", template = "user:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .stale_while_revalidate(::core::time::Duration::from_secs(30))
        .key("user:")
        .arg(&id)
        .build()
}
async fn conditional(url: &str) -> Result<Page, Error> {
    ::redis_cached::expansion::entry::<
        Page,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("conditional", template = "page:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .stale_if_error(::core::time::Duration::from_secs(86400))
        .conditional()
        .key("page:")
        .arg(url)
        .look_up()
        .get_or_try_compute_sharing(
            ::redis_cached::expansion::Errors::<Error>::NEW.sharing(),
            async move {
                ::redis_cached::expansion::returns!(Result < Page, Error >);
                let old = ::redis_cached::expansion::stale_value::<
                    Page,
                    ::redis_cached::codec::Bincode,
                >();
                match (fetch(url, old.as_ref().map(|page| &page.etag)).await?, old) {
                    (None, Some(old)) => Ok(old.not_modified()),
                    (page, _) => page.ok_or(Error::NotModified),
                }
            },
        )
        .await
}
/// The cache entry of `conditional` for these arguments.
#[allow(dead_code)]
fn conditional_entry(url: &str) -> ::redis_cached::Entry<Page> {
    ::redis_cached::expansion::entry::<
        Page,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("conditional", template = "page:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .stale_if_error(::core::time::Duration::from_secs(86400))
        .conditional()
        .key("page:")
        .arg(url)
        .build()
}
fn conditional_blocking(url: &str) -> Page {
    ::redis_cached::expansion::Returned::<Page>::NEW.how().stored_whole();
    #[allow(clippy::shadow_reuse, clippy::shadow_same, clippy::shadow_unrelated)]
    let compute = |url: &str| -> Page {
        let old = ::redis_cached::expansion::stale_value::<
            Page,
            ::redis_cached::codec::Bincode,
        >();
        fetch(url, old)
    };
    ::redis_cached::expansion::entry::<
        Page,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("conditional_blocking", template = "page:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .stale_while_revalidate(::core::time::Duration::from_secs(86400))
        .conditional()
        .key("page:")
        .arg(url)
        .build_blocking()
        .begin()
        .refresh_blocking(|| {
            let (url,) = (::redis_cached::expansion::owned::<str, _>(url),);
            move || compute(::core::borrow::Borrow::<str>::borrow(&url))
        })
        .or_compute_blocking(|| compute(url))
}
/// The cache entry of `conditional_blocking` for these arguments.
#[allow(dead_code)]
fn conditional_blocking_entry(url: &str) -> ::redis_cached::Entry<Page> {
    ::redis_cached::expansion::entry::<
        Page,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("conditional_blocking", template = "page:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .stale_while_revalidate(::core::time::Duration::from_secs(86400))
        .conditional()
        .key("page:")
        .arg(url)
        .build()
}
impl Site {
    async fn conditional_method(&self, url: String) -> Page {
        ::redis_cached::expansion::Returned::<Page>::NEW.how().stored_whole();
        ::redis_cached::expansion::entry::<
            Page,
            ::redis_cached::codec::Bincode,
        >(
                ::redis_cached::expansion::callsite!(
                    "conditional_method", template = "page:<>"
                ),
            )
            .ttl(::core::time::Duration::from_secs(60))
            .stale_while_revalidate(::core::time::Duration::from_secs(86400))
            .conditional()
            .key("page:")
            .arg(&url)
            .build()
            .begin()
            .await
            .refresh(|| {
                let (this, url) = (
                    ::redis_cached::expansion::owned::<Self, _>(self),
                    ::redis_cached::expansion::owned::<String, _>(&url),
                );
                async move {
                    Self::__redis_cached_conditional_method(
                            ::core::borrow::Borrow::<Self>::borrow(&this),
                            url,
                        )
                        .await
                }
            })
            .or_compute(Self::__redis_cached_conditional_method(self, url))
            .await
    }
    /// The cache entry of `conditional_method` for these arguments.
    #[allow(dead_code, clippy::ptr_arg)]
    fn conditional_method_entry(url: &String) -> ::redis_cached::Entry<Page> {
        ::redis_cached::expansion::entry::<
            Page,
            ::redis_cached::codec::Bincode,
        >(
                ::redis_cached::expansion::callsite!(
                    "conditional_method", template = "page:<>"
                ),
            )
            .ttl(::core::time::Duration::from_secs(60))
            .stale_while_revalidate(::core::time::Duration::from_secs(86400))
            .conditional()
            .key("page:")
            .arg(url)
            .build()
    }
    #[doc(hidden)]
    #[allow(dead_code)]
    async fn __redis_cached_conditional_method(&self, url: String) -> Page {
        let old = ::redis_cached::expansion::stale_value::<
            Page,
            ::redis_cached::codec::Bincode,
        >();
        self.fetch(url, old).await
    }
}
