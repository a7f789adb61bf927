//! What a template becomes.
fn constant() -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("constant", template = "constant"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("constant")
        .build_blocking()
        .get_or_compute(move || { 1 })
}
/// The cache entry of `constant` for these arguments.
#[allow(dead_code)]
fn constant_entry() -> ::redis_cached::Entry<u8> {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("constant", template = "constant"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("constant")
        .build()
}
fn begins_with_an_argument(a: u8, b: &str) -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(
            ::redis_cached::expansion::callsite!(
                "begins_with_an_argument", template = "<>:<>"
            ),
        )
        .ttl(::core::time::Duration::from_secs(60))
        .key("")
        .arg(&a)
        .text(":")
        .arg(b)
        .build_blocking()
        .get_or_compute(move || { 1 })
}
/// The cache entry of `begins_with_an_argument` for these arguments.
#[allow(dead_code)]
fn begins_with_an_argument_entry(a: u8, b: &str) -> ::redis_cached::Entry<u8> {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(
            ::redis_cached::expansion::callsite!(
                "begins_with_an_argument", template = "<>:<>"
            ),
        )
        .ttl(::core::time::Duration::from_secs(60))
        .key("")
        .arg(&a)
        .text(":")
        .arg(b)
        .build()
}
fn fields_and_brackets(user: &User, page: (u32, u32)) -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(
            ::redis_cached::expansion::callsite!(
                "fields_and_brackets", template = "{user:<>}:<<<>>/<>"
            ),
        )
        .ttl(::core::time::Duration::from_secs(60))
        .key("{user:")
        .arg(&user.id)
        .text("}:<")
        .arg(&page.0)
        .text(">/")
        .arg(&user.address.city)
        .build_blocking()
        .get_or_compute(move || { 1 })
}
/// The cache entry of `fields_and_brackets` for these arguments.
#[allow(dead_code)]
fn fields_and_brackets_entry(
    user: &User,
    page: &(u32, u32),
) -> ::redis_cached::Entry<u8> {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(
            ::redis_cached::expansion::callsite!(
                "fields_and_brackets", template = "{user:<>}:<<<>>/<>"
            ),
        )
        .ttl(::core::time::Duration::from_secs(60))
        .key("{user:")
        .arg(&user.id)
        .text("}:<")
        .arg(&page.0)
        .text(">/")
        .arg(&user.address.city)
        .build()
}
fn raw_identifiers(r#type: u8, r#fn: String, name: Name) -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("raw_identifiers", template = "<>:<>:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("")
        .arg(&r#type)
        .text(":")
        .arg(&r#fn)
        .text(":")
        .arg(&name.r#type)
        .build_blocking()
        .get_or_compute(move || { 1 })
}
/// The cache entry of `raw_identifiers` for these arguments.
#[allow(dead_code, clippy::ptr_arg)]
fn raw_identifiers_entry(
    r#type: u8,
    r#fn: &String,
    name: &Name,
) -> ::redis_cached::Entry<u8> {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("raw_identifiers", template = "<>:<>:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("")
        .arg(&r#type)
        .text(":")
        .arg(r#fn)
        .text(":")
        .arg(&name.r#type)
        .build()
}
fn generic<T: Table, const N: usize>(id: u64) -> [T; N] {
    ::redis_cached::expansion::entry::<
        [T; N],
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("generic", template = "<type>:<>:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("")
        .type_name::<T>()
        .text(":")
        .arg(&N)
        .text(":")
        .arg(&id)
        .build_blocking()
        .get_or_compute(move || { T::load(id) })
}
/// The cache entry of `generic` for these arguments.
#[allow(dead_code)]
fn generic_entry<T: Table, const N: usize>(id: u64) -> ::redis_cached::Entry<[T; N]> {
    ::redis_cached::expansion::entry::<
        [T; N],
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("generic", template = "<type>:<>:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("")
        .type_name::<T>()
        .text(":")
        .arg(&N)
        .text(":")
        .arg(&id)
        .build()
}
fn generic_skipped<T: Table, const N: usize>(id: u64) -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("generic_skipped", template = "<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("")
        .arg(&id)
        .build_blocking()
        .get_or_compute(move || { T::load(id) })
}
/// The cache entry of `generic_skipped` for these arguments.
#[allow(dead_code)]
fn generic_skipped_entry(id: u64) -> ::redis_cached::Entry<u8> {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("generic_skipped", template = "<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("")
        .arg(&id)
        .build()
}
/// The function's path and every argument.
fn default_key(a: u8, b: String, c: &[u8]) -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("default_key"))
        .ttl(::core::time::Duration::from_secs(60))
        .default_key()
        .arg(&a)
        .arg(&b)
        .arg(c)
        .end()
        .build_blocking()
        .get_or_compute(move || { 1 })
}
/// The cache entry of `default_key` for these arguments.
#[allow(dead_code, clippy::ptr_arg)]
fn default_key_entry(a: u8, b: &String, c: &[u8]) -> ::redis_cached::Entry<u8> {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("default_key"))
        .ttl(::core::time::Duration::from_secs(60))
        .default_key()
        .arg(&a)
        .arg(b)
        .arg(c)
        .end()
        .build()
}
fn default_key_generic<T, U, const N: usize>(db: &Db<U>, a: T, b: [u8; N]) -> u8
where
    T: KeyPart,
    U: Connection,
{
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("default_key_generic"))
        .ttl(::core::time::Duration::from_secs(60))
        .default_key()
        .type_name::<T>()
        .arg(&N)
        .arg(&a)
        .arg(&b)
        .end()
        .build_blocking()
        .get_or_compute(move || { 1 })
}
/// The cache entry of `default_key_generic` for these arguments.
#[allow(dead_code)]
fn default_key_generic_entry<T, const N: usize>(
    a: &T,
    b: &[u8; N],
) -> ::redis_cached::Entry<u8>
where
    T: KeyPart,
{
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("default_key_generic"))
        .ttl(::core::time::Duration::from_secs(60))
        .default_key()
        .type_name::<T>()
        .arg(&N)
        .arg(a)
        .arg(b)
        .end()
        .build()
}
/// Types without a name are in it, by the values.
fn default_key_anonymous(
    a: impl KeyPart,
    b: &impl KeyPart,
    c: Vec<impl KeyPart + Debug>,
) -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("default_key_anonymous"))
        .ttl(::core::time::Duration::from_secs(60))
        .default_key()
        .arg(::core::any::type_name_of_val(&a))
        .arg(&a)
        .arg(::core::any::type_name_of_val(b))
        .arg(b)
        .arg(::core::any::type_name_of_val(&c))
        .arg(&c)
        .end()
        .build_blocking()
        .get_or_compute(move || { 1 })
}
/// The cache entry of `default_key_anonymous` for these arguments.
#[allow(dead_code, clippy::ptr_arg)]
fn default_key_anonymous_entry(
    a: &impl KeyPart,
    b: &impl KeyPart,
    c: &Vec<impl KeyPart + Debug>,
) -> ::redis_cached::Entry<u8> {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("default_key_anonymous"))
        .ttl(::core::time::Duration::from_secs(60))
        .default_key()
        .arg(::core::any::type_name_of_val(a))
        .arg(a)
        .arg(::core::any::type_name_of_val(b))
        .arg(b)
        .arg(::core::any::type_name_of_val(c))
        .arg(c)
        .end()
        .build()
}
/// Every part of a tuple is all of it.
fn parts(pair: &(u8, (u8, u8))) -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("parts", template = "<>:<>:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("")
        .arg(&pair.0)
        .text(":")
        .arg(&pair.1.0)
        .text(":")
        .arg(&pair.1.1)
        .build_blocking()
        .get_or_compute(move || { 1 })
}
/// The cache entry of `parts` for these arguments.
#[allow(dead_code)]
fn parts_entry(pair: &(u8, (u8, u8))) -> ::redis_cached::Entry<u8> {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("parts", template = "<>:<>:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("")
        .arg(&pair.0)
        .text(":")
        .arg(&pair.1.0)
        .text(":")
        .arg(&pair.1.1)
        .build()
}
fn types_of_macros(a: id!(), b: &Vec<id!()>) -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("types_of_macros", template = "<>:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("")
        .arg::<id!()>(&a)
        .text(":")
        .arg::<Vec<id!()>>(b)
        .build_blocking()
        .get_or_compute(move || { 1 })
}
/// The cache entry of `types_of_macros` for these arguments.
#[allow(dead_code, clippy::ptr_arg)]
fn types_of_macros_entry(a: &id!(), b: &Vec<id!()>) -> ::redis_cached::Entry<u8> {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("types_of_macros", template = "<>:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("")
        .arg::<id!()>(a)
        .text(":")
        .arg::<Vec<id!()>>(b)
        .build()
}
/// Patterns that bind one name are an argument of that name.
fn patterns(
    Path(slug): Path<String>,
    State(mut db): State<Pool>,
    &id: &u64,
    (&first, _): (&u8, u8),
    Wrapper { inner: n, .. }: &mut Wrapper,
    Page(ref page): Page,
) -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("patterns", template = "<>:<>:<>:<>:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .cache(&db.cache)
        .key("")
        .arg(&slug)
        .text(":")
        .arg(&id)
        .text(":")
        .arg(&first)
        .text(":")
        .arg(&n)
        .text(":")
        .arg(&page)
        .build_blocking()
        .get_or_compute(move || { 1 })
}
/// The cache entry of `patterns` for these arguments.
#[allow(dead_code)]
fn patterns_entry(
    Path(slug): &Path<String>,
    State(db): &State<Pool>,
    &id: &u64,
    &(&first, _): &(&u8, u8),
    Wrapper { inner: n, .. }: &Wrapper,
    Page(page): &Page,
) -> ::redis_cached::Entry<u8> {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("patterns", template = "<>:<>:<>:<>:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .cache(&db.cache)
        .key("")
        .arg(&slug)
        .text(":")
        .arg(&id)
        .text(":")
        .arg(&first)
        .text(":")
        .arg(&n)
        .text(":")
        .arg(&page)
        .build()
}
fn default_key_pattern(Path(slug): Path<String>) -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("default_key_pattern"))
        .ttl(::core::time::Duration::from_secs(60))
        .default_key()
        .arg(&slug)
        .end()
        .build_blocking()
        .get_or_compute(move || { 1 })
}
/// The cache entry of `default_key_pattern` for these arguments.
#[allow(dead_code)]
fn default_key_pattern_entry(Path(slug): &Path<String>) -> ::redis_cached::Entry<u8> {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("default_key_pattern"))
        .ttl(::core::time::Duration::from_secs(60))
        .default_key()
        .arg(&slug)
        .end()
        .build()
}
/// An argument that may not be there.
fn conditional(
    a: u8,
    #[cfg(feature = "x")]
    b: String,
    #[allow(unused)]
    #[cfg(y)]
    #[cfg(not(z))]
    _: u8,
) -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("conditional", template = "<>:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("")
        .arg(&a)
        .text(":")
        .with(|key| {
            #[cfg(feature = "x")]
            let key = key.arg(&b);
            key
        })
        .tag("b:")
        .with(|key| {
            #[cfg(feature = "x")]
            let key = key.arg(&b);
            key
        })
        .build_blocking()
        .get_or_compute(move || { 1 })
}
/// The cache entry of `conditional` for these arguments.
#[allow(dead_code, clippy::ptr_arg)]
fn conditional_entry(
    a: u8,
    #[cfg(feature = "x")]
    b: &String,
) -> ::redis_cached::Entry<u8> {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("conditional", template = "<>:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("")
        .arg(&a)
        .text(":")
        .with(|key| {
            #[cfg(feature = "x")]
            let key = key.arg(b);
            key
        })
        .tag("b:")
        .with(|key| {
            #[cfg(feature = "x")]
            let key = key.arg(b);
            key
        })
        .build()
}
fn one_of_two(#[cfg(y)] a: A, #[cfg(not(y))] a: B) -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("one_of_two", template = "<><>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("")
        .with(|key| {
            #[cfg(y)]
            let key = key.arg(&a.x);
            key
        })
        .with(|key| {
            #[cfg(not(y))]
            let key = key.arg(&a.x);
            key
        })
        .build_blocking()
        .get_or_compute(move || { 1 })
}
/// The cache entry of `one_of_two` for these arguments.
#[allow(dead_code)]
fn one_of_two_entry(#[cfg(y)] a: &A, #[cfg(not(y))] a: &B) -> ::redis_cached::Entry<u8> {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("one_of_two", template = "<><>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("")
        .with(|key| {
            #[cfg(y)]
            let key = key.arg(&a.x);
            key
        })
        .with(|key| {
            #[cfg(not(y))]
            let key = key.arg(&a.x);
            key
        })
        .build()
}
fn default_key_conditional(
    #[cfg(feature = "x")]
    a: impl KeyPart,
    #[cfg(not(feature = "x"))]
    a: u8,
) -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("default_key_conditional"))
        .ttl(::core::time::Duration::from_secs(60))
        .default_key()
        .with(|key| {
            #[cfg(feature = "x")]
            let key = key.arg(::core::any::type_name_of_val(&a));
            key
        })
        .with(|key| {
            #[cfg(feature = "x")]
            let key = key.arg(&a);
            key
        })
        .with(|key| {
            #[cfg(not(feature = "x"))]
            let key = key.arg(&a);
            key
        })
        .end()
        .build_blocking()
        .get_or_compute(move || { 1 })
}
/// The cache entry of `default_key_conditional` for these arguments.
#[allow(dead_code)]
fn default_key_conditional_entry(
    #[cfg(feature = "x")]
    a: &impl KeyPart,
    #[cfg(not(feature = "x"))]
    a: u8,
) -> ::redis_cached::Entry<u8> {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("default_key_conditional"))
        .ttl(::core::time::Duration::from_secs(60))
        .default_key()
        .with(|key| {
            #[cfg(feature = "x")]
            let key = key.arg(::core::any::type_name_of_val(a));
            key
        })
        .with(|key| {
            #[cfg(feature = "x")]
            let key = key.arg(a);
            key
        })
        .with(|key| {
            #[cfg(not(feature = "x"))]
            let key = key.arg(&a);
            key
        })
        .end()
        .build()
}
fn default_key_alone() -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("default_key_alone"))
        .ttl(::core::time::Duration::from_secs(60))
        .default_key()
        .end()
        .build_blocking()
        .get_or_compute(move || { 1 })
}
/// The cache entry of `default_key_alone` for these arguments.
#[allow(dead_code)]
fn default_key_alone_entry() -> ::redis_cached::Entry<u8> {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("default_key_alone"))
        .ttl(::core::time::Duration::from_secs(60))
        .default_key()
        .end()
        .build()
}
fn twice(a: u8) -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("twice", template = "same:<>:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("same:")
        .arg(&a)
        .text(":")
        .arg(&a)
        .build_blocking()
        .get_or_compute(move || { 1 })
}
/// The cache entry of `twice` for these arguments.
#[allow(dead_code)]
fn twice_entry(a: u8) -> ::redis_cached::Entry<u8> {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("twice", template = "same:<>:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("same:")
        .arg(&a)
        .text(":")
        .arg(&a)
        .build()
}
impl Repo {
    async fn tenant(&self, id: u64) -> u8 {
        ::redis_cached::expansion::entry::<
            u8,
            ::redis_cached::codec::Bincode,
        >(::redis_cached::expansion::callsite!("tenant", template = "<type>:<>:<>"))
            .ttl(::core::time::Duration::from_secs(60))
            .key("")
            .type_name::<Self>()
            .text(":")
            .arg(&self.tenant)
            .text(":")
            .arg(&id)
            .look_up()
            .get_or_compute(async move {
                ::redis_cached::expansion::returns!(u8);
                1
            })
            .await
    }
    /// The cache entry of `tenant` for these arguments.
    #[allow(dead_code)]
    fn tenant_entry(&self, id: u64) -> ::redis_cached::Entry<u8> {
        ::redis_cached::expansion::entry::<
            u8,
            ::redis_cached::codec::Bincode,
        >(::redis_cached::expansion::callsite!("tenant", template = "<type>:<>:<>"))
            .ttl(::core::time::Duration::from_secs(60))
            .key("")
            .type_name::<Self>()
            .text(":")
            .arg(&self.tenant)
            .text(":")
            .arg(&id)
            .build()
    }
    async fn itself(&self) -> u8 {
        ::redis_cached::expansion::entry::<
            u8,
            ::redis_cached::codec::Bincode,
        >(::redis_cached::expansion::callsite!("itself", template = "<>"))
            .ttl(::core::time::Duration::from_secs(60))
            .key("")
            .arg(&self)
            .look_up()
            .get_or_compute(async move {
                ::redis_cached::expansion::returns!(u8);
                1
            })
            .await
    }
    /// The cache entry of `itself` for these arguments.
    #[allow(dead_code)]
    fn itself_entry(&self) -> ::redis_cached::Entry<u8> {
        ::redis_cached::expansion::entry::<
            u8,
            ::redis_cached::codec::Bincode,
        >(::redis_cached::expansion::callsite!("itself", template = "<>"))
            .ttl(::core::time::Duration::from_secs(60))
            .key("")
            .arg(&self)
            .build()
    }
    async fn default_key(&self, id: u64) -> u8 {
        ::redis_cached::expansion::entry::<
            u8,
            ::redis_cached::codec::Bincode,
        >(::redis_cached::expansion::callsite!("default_key"))
            .ttl(::core::time::Duration::from_secs(60))
            .default_key()
            .arg(&self)
            .arg(&id)
            .end()
            .look_up()
            .get_or_compute(async move {
                ::redis_cached::expansion::returns!(u8);
                1
            })
            .await
    }
    /// The cache entry of `default_key` for these arguments.
    #[allow(dead_code)]
    fn default_key_entry(&self, id: u64) -> ::redis_cached::Entry<u8> {
        ::redis_cached::expansion::entry::<
            u8,
            ::redis_cached::codec::Bincode,
        >(::redis_cached::expansion::callsite!("default_key"))
            .ttl(::core::time::Duration::from_secs(60))
            .default_key()
            .arg(&self)
            .arg(&id)
            .end()
            .build()
    }
    async fn default_key_without_self(&self, id: u64) -> u8 {
        ::redis_cached::expansion::entry::<
            u8,
            ::redis_cached::codec::Bincode,
        >(::redis_cached::expansion::callsite!("default_key_without_self"))
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
    /// The cache entry of `default_key_without_self` for these arguments.
    #[allow(dead_code)]
    fn default_key_without_self_entry(id: u64) -> ::redis_cached::Entry<u8> {
        ::redis_cached::expansion::entry::<
            u8,
            ::redis_cached::codec::Bincode,
        >(::redis_cached::expansion::callsite!("default_key_without_self"))
            .ttl(::core::time::Duration::from_secs(60))
            .default_key()
            .arg(&id)
            .end()
            .build()
    }
}
fn secrets(user: &User, id: u64, name: String) -> u8 {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(
            ::redis_cached::expansion::callsite!(
                "secrets", template = "user:<:secret>:<>:<:secret>"
            ),
        )
        .ttl(::core::time::Duration::from_secs(60))
        .key("user:")
        .secret(&user.email)
        .text(":")
        .arg(&id)
        .text(":")
        .secret(&name)
        .build_blocking()
        .get_or_compute(move || { 1 })
}
/// The cache entry of `secrets` for these arguments.
#[allow(dead_code, clippy::ptr_arg)]
fn secrets_entry(user: &User, id: u64, name: &String) -> ::redis_cached::Entry<u8> {
    ::redis_cached::expansion::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(
            ::redis_cached::expansion::callsite!(
                "secrets", template = "user:<:secret>:<>:<:secret>"
            ),
        )
        .ttl(::core::time::Duration::from_secs(60))
        .key("user:")
        .secret(&user.email)
        .text(":")
        .arg(&id)
        .text(":")
        .secret(name)
        .build()
}
