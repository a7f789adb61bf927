//! Every kind of function, async and not.
async fn plain_value(id: u64) -> User {
    ::redis_cached::expansion::Returned::<User>::NEW.how().stored_whole();
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("plain_value", template = "a:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("a:")
        .arg(&id)
        .look_up()
        .get_or_compute(async move {
            ::redis_cached::expansion::returns!(User);
            fetch(id).await
        })
        .await
}
/// The cache entry of `plain_value` for these arguments.
#[allow(dead_code)]
fn plain_value_entry(id: u64) -> ::redis_cached::Entry<User> {
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("plain_value", template = "a:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("a:")
        .arg(&id)
        .build()
}
fn blocking_value(id: u64) -> User {
    ::redis_cached::expansion::Returned::<User>::NEW.how().stored_whole();
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("blocking_value", template = "a:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("a:")
        .arg(&id)
        .build_blocking()
        .get_or_compute(move || { fetch(id) })
}
/// The cache entry of `blocking_value` for these arguments.
#[allow(dead_code)]
fn blocking_value_entry(id: u64) -> ::redis_cached::Entry<User> {
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("blocking_value", template = "a:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("a:")
        .arg(&id)
        .build()
}
fn blocking_result(id: u64) -> Result<User, Error> {
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("blocking_result", template = "a:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("a:")
        .arg(&id)
        .build_blocking()
        .get_or_try_compute_sharing(
            ::redis_cached::expansion::Errors::<Error>::NEW.sharing(),
            move || { fetch(id) },
        )
}
/// The cache entry of `blocking_result` for these arguments.
#[allow(dead_code)]
fn blocking_result_entry(id: u64) -> ::redis_cached::Entry<User> {
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("blocking_result", template = "a:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("a:")
        .arg(&id)
        .build()
}
async fn nothing_returned() {
    ::redis_cached::expansion::entry::<
        (),
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("nothing_returned", template = "a"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("a")
        .look_up()
        .get_or_compute(async move {
            println!();
        })
        .await
}
/// The cache entry of `nothing_returned` for these arguments.
#[allow(dead_code)]
fn nothing_returned_entry() -> ::redis_cached::Entry<()> {
    ::redis_cached::expansion::entry::<
        (),
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("nothing_returned", template = "a"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("a")
        .build()
}
async fn alias_of_one(id: u64) -> io::Result<User> {
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("alias_of_one", template = "a:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("a:")
        .arg(&id)
        .look_up()
        .get_or_try_compute_sharing(
            ::redis_cached::expansion::Errors::<
                ::redis_cached::expansion::ErrorOf<io::Result<User>>,
            >::NEW
                .sharing(),
            async move {
                ::redis_cached::expansion::returns!(io::Result < User >);
                fetch(id).await
            },
        )
        .await
}
/// The cache entry of `alias_of_one` for these arguments.
#[allow(dead_code)]
fn alias_of_one_entry(id: u64) -> ::redis_cached::Entry<User> {
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("alias_of_one", template = "a:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("a:")
        .arg(&id)
        .build()
}
fn alias_of_none(id: u64) -> UserResult {
    let returned = ::redis_cached::expansion::Returned::<UserResult>::NEW.how();
    let result = returned
        .entry::<
            ::redis_cached::codec::Bincode,
        >(::redis_cached::expansion::callsite!("alias_of_none", template = "a:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("a:")
        .arg(&id)
        .build_blocking()
        .get_or_try_compute_sharing(
            returned.errors().sharing(),
            returned.split_blocking(move || -> UserResult { fetch(id) }),
        );
    returned.join(result)
}
/// The cache entry of `alias_of_none` for these arguments.
#[allow(dead_code)]
fn alias_of_none_entry(
    id: u64,
) -> ::redis_cached::Entry<
    ::redis_cached::expansion::Stored<
        UserResult,
        {
            use ::redis_cached::expansion::Plain as _;
            ::redis_cached::expansion::Returned::<UserResult>::IS_RESULT
        },
    >,
> {
    let returned = ::redis_cached::expansion::Returned::<UserResult>::NEW.how();
    returned
        .entry::<
            ::redis_cached::codec::Bincode,
        >(::redis_cached::expansion::callsite!("alias_of_none", template = "a:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("a:")
        .arg(&id)
        .build()
}
fn arguments_of_every_kind<'a, H: KeyPart + 'a>(
    a: u64,
    b: char,
    c: &'a str,
    d: &mut Vec<u8>,
    e: String,
    mut f: Vec<String>,
    g: impl Fn() -> u8,
    h: H,
    (i, j): (u8, u8),
    _: Unread,
) -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(
            ::redis_cached::expansion::callsite!(
                "arguments_of_every_kind", template = "<>:<>:<>:<>:<>:<>:<type>:<>"
            ),
        )
        .ttl(::core::time::Duration::from_secs(60))
        .key("")
        .arg(&a)
        .text(":")
        .arg(&b)
        .text(":")
        .arg(c)
        .text(":")
        .arg(d)
        .text(":")
        .arg(&e)
        .text(":")
        .arg(&f)
        .text(":")
        .type_name::<H>()
        .text(":")
        .arg(&h)
        .build_blocking()
        .get_or_compute(move || {
            f.push(e);
            i + j
        })
}
/// The cache entry of `arguments_of_every_kind` for these arguments.
#[allow(dead_code, single_use_lifetimes, clippy::ptr_arg)]
fn arguments_of_every_kind_entry<'a, H: KeyPart + 'a>(
    a: u64,
    b: char,
    c: &'a str,
    d: &Vec<u8>,
    e: &String,
    f: &Vec<String>,
    h: &H,
) -> ::redis_cached::Entry<u8> {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(
            ::redis_cached::expansion::callsite!(
                "arguments_of_every_kind", template = "<>:<>:<>:<>:<>:<>:<type>:<>"
            ),
        )
        .ttl(::core::time::Duration::from_secs(60))
        .key("")
        .arg(&a)
        .text(":")
        .arg(&b)
        .text(":")
        .arg(c)
        .text(":")
        .arg(d)
        .text(":")
        .arg(e)
        .text(":")
        .arg(f)
        .text(":")
        .type_name::<H>()
        .text(":")
        .arg(h)
        .build()
}
async fn generics<'a, K, F, Out>(
    keys: &'a [K],
    make: F,
) -> Result<Vec<Out>, Box<dyn Error>>
where
    K: KeyPart + 'a,
    F: AsyncFn(&'a K) -> Out,
    Out: Serialize + DeserializeOwned,
{
    ::redis_cached::expansion::entry::<
        Vec<Out>,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("generics", template = "<type>:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("")
        .type_name::<K>()
        .text(":")
        .arg(keys)
        .look_up()
        .get_or_try_compute_sharing(
            ::redis_cached::expansion::Errors::<Box<dyn Error>>::NEW.sharing(),
            async move {
                ::redis_cached::expansion::returns!(
                    Result < Vec < Out >, Box < dyn Error > >
                );
                let mut all = Vec::new();
                for key in keys {
                    all.push(make(key).await);
                }
                Ok(all)
            },
        )
        .await
}
/// The cache entry of `generics` for these arguments.
#[allow(dead_code, single_use_lifetimes)]
fn generics_entry<'a, K, Out>(keys: &'a [K]) -> ::redis_cached::Entry<Vec<Out>>
where
    K: KeyPart + 'a,
    Out: Serialize + DeserializeOwned,
{
    ::redis_cached::expansion::entry::<
        Vec<Out>,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("generics", template = "<type>:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("")
        .type_name::<K>()
        .text(":")
        .arg(keys)
        .build()
}
async fn entry(entry: u8, key: u8, cache: u8, site: u8) -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("entry", template = "<>:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("")
        .arg(&entry)
        .text(":")
        .arg(&key)
        .look_up()
        .get_or_compute(async move {
            ::redis_cached::expansion::returns!(u8);
            let build = entry + key + cache + site;
            build
        })
        .await
}
/// The cache entry of `entry` for these arguments.
#[allow(dead_code)]
fn entry_entry(entry: u8, key: u8) -> ::redis_cached::Entry<u8> {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("entry", template = "<>:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("")
        .arg(&entry)
        .text(":")
        .arg(&key)
        .build()
}
fn r#type(n: u64) -> u64 {
    ::redis_cached::expansion::entry::<
        u64,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("type", template = "a:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("a:")
        .arg(&n)
        .build_blocking()
        .get_or_compute(move || {
            if n == 0 {
                return 1;
            }
            n * r#type(n - 1)
        })
}
/// The cache entry of `type` for these arguments.
#[allow(dead_code)]
fn type_entry(n: u64) -> ::redis_cached::Entry<u64> {
    ::redis_cached::expansion::entry::<
        u64,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("type", template = "a:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("a:")
        .arg(&n)
        .build()
}
/// Documentation stays on the function.
#[cfg(feature = "x")]
#[instrument]
#[allow(clippy::unused_async)]
#[cfg_attr(test, allow(unused))]
#[cfg_attr(test, instrument)]
pub(crate) async unsafe fn attributes() -> u8 {
    #![allow(unused_variables)]
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("attributes", template = "a"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("a")
        .look_up()
        .get_or_compute(async move {
            ::redis_cached::expansion::returns!(u8);
            static COUNT: AtomicU8 = AtomicU8::new(0);
            COUNT.fetch_add(1, Relaxed)
        })
        .await
}
/// The cache entry of `attributes` for these arguments.
#[allow(dead_code)]
#[cfg(feature = "x")]
#[allow(clippy::unused_async)]
#[cfg_attr(test, allow(unused))]
pub(crate) fn attributes_entry() -> ::redis_cached::Entry<u8> {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("attributes", template = "a"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("a")
        .build()
}
impl<T: Store> Repo<T> {
    async fn associated(id: u64) -> User {
        ::redis_cached::expansion::Returned::<User>::NEW.how().stored_whole();
        ::redis_cached::expansion::entry::<
            User,
            ::redis_cached::codec::Bincode,
        >(::redis_cached::expansion::callsite!("associated", template = "a:<>"))
            .ttl(::core::time::Duration::from_secs(60))
            .key("a:")
            .arg(&id)
            .look_up()
            .get_or_compute(async move {
                ::redis_cached::expansion::returns!(User);
                fetch(id).await
            })
            .await
    }
    /// The cache entry of `associated` for these arguments.
    #[allow(dead_code)]
    fn associated_entry(id: u64) -> ::redis_cached::Entry<User> {
        ::redis_cached::expansion::entry::<
            User,
            ::redis_cached::codec::Bincode,
        >(::redis_cached::expansion::callsite!("associated", template = "a:<>"))
            .ttl(::core::time::Duration::from_secs(60))
            .key("a:")
            .arg(&id)
            .build()
    }
    pub async fn by_reference(&self, id: u64) -> Result<User, T::Error> {
        ::redis_cached::expansion::entry::<
            User,
            ::redis_cached::codec::Bincode,
        >(::redis_cached::expansion::callsite!("by_reference", template = "a:<>"))
            .ttl(::core::time::Duration::from_secs(60))
            .cache(&self.cache)
            .key("a:")
            .arg(&id)
            .look_up()
            .get_or_try_compute_sharing(
                ::redis_cached::expansion::Unshared::<T::Error>::NEW.sharing(),
                async move {
                    ::redis_cached::expansion::returns!(Result < User, T::Error >);
                    self.store.fetch(id).await
                },
            )
            .await
    }
    /// The cache entry of `by_reference` for these arguments.
    #[allow(dead_code)]
    pub fn by_reference_entry(&self, id: u64) -> ::redis_cached::Entry<User> {
        ::redis_cached::expansion::entry::<
            User,
            ::redis_cached::codec::Bincode,
        >(::redis_cached::expansion::callsite!("by_reference", template = "a:<>"))
            .ttl(::core::time::Duration::from_secs(60))
            .cache(&self.cache)
            .key("a:")
            .arg(&id)
            .build()
    }
    fn by_mutable_reference(&mut self, id: u64) -> User {
        ::redis_cached::expansion::Returned::<User>::NEW.how().stored_whole();
        ::redis_cached::expansion::entry::<
            User,
            ::redis_cached::codec::Bincode,
        >(
                ::redis_cached::expansion::callsite!(
                    "by_mutable_reference", template = "a:<>:<>"
                ),
            )
            .ttl(::core::time::Duration::from_secs(60))
            .key("a:")
            .arg(&self.tenant)
            .text(":")
            .arg(&id)
            .build_blocking()
            .get_or_compute(move || {
                self.count += 1;
                self.store.fetch(id)
            })
    }
    /// The cache entry of `by_mutable_reference` for these arguments.
    #[allow(dead_code)]
    fn by_mutable_reference_entry(&self, id: u64) -> ::redis_cached::Entry<User> {
        ::redis_cached::expansion::entry::<
            User,
            ::redis_cached::codec::Bincode,
        >(
                ::redis_cached::expansion::callsite!(
                    "by_mutable_reference", template = "a:<>:<>"
                ),
            )
            .ttl(::core::time::Duration::from_secs(60))
            .key("a:")
            .arg(&self.tenant)
            .text(":")
            .arg(&id)
            .build()
    }
    async fn by_arc(self: Arc<Self>, id: u64) -> User {
        ::redis_cached::expansion::Returned::<User>::NEW.how().stored_whole();
        ::redis_cached::expansion::entry::<
            User,
            ::redis_cached::codec::Bincode,
        >(::redis_cached::expansion::callsite!("by_arc", template = "a:<>:<>"))
            .ttl(::core::time::Duration::from_secs(60))
            .cache(&self.cache)
            .key("a:")
            .arg(&self.tenant)
            .text(":")
            .arg(&id)
            .look_up()
            .get_or_compute(async move {
                ::redis_cached::expansion::returns!(User);
                self.store.fetch(id).await
            })
            .await
    }
    /// The cache entry of `by_arc` for these arguments.
    #[allow(dead_code)]
    fn by_arc_entry(&self, id: u64) -> ::redis_cached::Entry<User> {
        ::redis_cached::expansion::entry::<
            User,
            ::redis_cached::codec::Bincode,
        >(::redis_cached::expansion::callsite!("by_arc", template = "a:<>:<>"))
            .ttl(::core::time::Duration::from_secs(60))
            .cache(&self.cache)
            .key("a:")
            .arg(&self.tenant)
            .text(":")
            .arg(&id)
            .build()
    }
    async fn by_value(mut self) -> Vec<User> {
        ::redis_cached::expansion::Returned::<Vec<User>>::NEW.how().stored_whole();
        ::redis_cached::expansion::entry::<
            Vec<User>,
            ::redis_cached::codec::Bincode,
        >(::redis_cached::expansion::callsite!("by_value", template = "a:<>"))
            .ttl(::core::time::Duration::from_secs(60))
            .key("a:")
            .arg(&self.tenant)
            .look_up()
            .get_or_compute(async move {
                ::redis_cached::expansion::returns!(Vec < User >);
                self.store.take()
            })
            .await
    }
    /// The cache entry of `by_value` for these arguments.
    #[allow(dead_code)]
    fn by_value_entry(&self) -> ::redis_cached::Entry<Vec<User>> {
        ::redis_cached::expansion::entry::<
            Vec<User>,
            ::redis_cached::codec::Bincode,
        >(::redis_cached::expansion::callsite!("by_value", template = "a:<>"))
            .ttl(::core::time::Duration::from_secs(60))
            .key("a:")
            .arg(&self.tenant)
            .build()
    }
}
mod inner {
    pub(super) async fn in_a_module(id: u64) -> User {
        ::redis_cached::expansion::Returned::<User>::NEW.how().stored_whole();
        ::redis_cached::expansion::entry::<
            User,
            ::redis_cached::codec::Bincode,
        >(::redis_cached::expansion::callsite!("in_a_module", template = "a:<>"))
            .ttl(::core::time::Duration::from_secs(60))
            .key("a:")
            .arg(&id)
            .look_up()
            .get_or_compute(async move {
                ::redis_cached::expansion::returns!(User);
                fetch(id).await
            })
            .await
    }
    /// The cache entry of `in_a_module` for these arguments.
    #[allow(dead_code)]
    pub(super) fn in_a_module_entry(id: u64) -> ::redis_cached::Entry<User> {
        ::redis_cached::expansion::entry::<
            User,
            ::redis_cached::codec::Bincode,
        >(::redis_cached::expansion::callsite!("in_a_module", template = "a:<>"))
            .ttl(::core::time::Duration::from_secs(60))
            .key("a:")
            .arg(&id)
            .build()
    }
}
