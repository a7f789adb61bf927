//! What a template becomes.
fn constant() -> u8 {
    ::redis_cached::private::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(
            {
                static SITE: ::redis_cached::private::Site = ::redis_cached::private::Site::new(
                        ::core::module_path!(),
                        "constant",
                    )
                    .template("constant");
                &SITE
            },
            || (),
        )
        .ttl(::core::time::Duration::from_secs(60))
        .key("constant")
        .build_blocking()
        .get_or_compute(move || { 1 })
}
/// The cache entry of `constant` for these arguments.
#[allow(dead_code)]
fn constant_entry() -> ::redis_cached::Entry<u8> {
    ::redis_cached::private::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(
            {
                static SITE: ::redis_cached::private::Site = ::redis_cached::private::Site::new(
                        ::core::module_path!(),
                        "constant",
                    )
                    .template("constant");
                &SITE
            },
            || (),
        )
        .ttl(::core::time::Duration::from_secs(60))
        .key("constant")
        .build()
}
fn begins_with_an_argument(a: u8, b: &str) -> u8 {
    ::redis_cached::private::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(
            {
                static SITE: ::redis_cached::private::Site = ::redis_cached::private::Site::new(
                        ::core::module_path!(),
                        "begins_with_an_argument",
                    )
                    .template("<>:<>");
                &SITE
            },
            || (),
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
    ::redis_cached::private::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(
            {
                static SITE: ::redis_cached::private::Site = ::redis_cached::private::Site::new(
                        ::core::module_path!(),
                        "begins_with_an_argument",
                    )
                    .template("<>:<>");
                &SITE
            },
            || (),
        )
        .ttl(::core::time::Duration::from_secs(60))
        .key("")
        .arg(&a)
        .text(":")
        .arg(b)
        .build()
}
fn fields_and_brackets(user: &User, page: (u32, u32)) -> u8 {
    ::redis_cached::private::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(
            {
                static SITE: ::redis_cached::private::Site = ::redis_cached::private::Site::new(
                        ::core::module_path!(),
                        "fields_and_brackets",
                    )
                    .template("{user:<>}:<<<>>/<>");
                &SITE
            },
            || (),
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
    ::redis_cached::private::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(
            {
                static SITE: ::redis_cached::private::Site = ::redis_cached::private::Site::new(
                        ::core::module_path!(),
                        "fields_and_brackets",
                    )
                    .template("{user:<>}:<<<>>/<>");
                &SITE
            },
            || (),
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
    ::redis_cached::private::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(
            {
                static SITE: ::redis_cached::private::Site = ::redis_cached::private::Site::new(
                        ::core::module_path!(),
                        "raw_identifiers",
                    )
                    .template("<>:<>:<>");
                &SITE
            },
            || (),
        )
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
    ::redis_cached::private::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(
            {
                static SITE: ::redis_cached::private::Site = ::redis_cached::private::Site::new(
                        ::core::module_path!(),
                        "raw_identifiers",
                    )
                    .template("<>:<>:<>");
                &SITE
            },
            || (),
        )
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
    ::redis_cached::private::entry::<
        [T; N],
        ::redis_cached::codec::Bincode,
    >(
            {
                static SITE: ::redis_cached::private::Site = ::redis_cached::private::Site::new(
                        ::core::module_path!(),
                        "generic",
                    )
                    .template("<type>:<>:<>");
                &SITE
            },
            || (),
        )
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
    ::redis_cached::private::entry::<
        [T; N],
        ::redis_cached::codec::Bincode,
    >(
            {
                static SITE: ::redis_cached::private::Site = ::redis_cached::private::Site::new(
                        ::core::module_path!(),
                        "generic",
                    )
                    .template("<type>:<>:<>");
                &SITE
            },
            || (),
        )
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
    ::redis_cached::private::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(
            {
                static SITE: ::redis_cached::private::Site = ::redis_cached::private::Site::new(
                        ::core::module_path!(),
                        "generic_skipped",
                    )
                    .template("<>");
                &SITE
            },
            || (),
        )
        .ttl(::core::time::Duration::from_secs(60))
        .key("")
        .arg(&id)
        .build_blocking()
        .get_or_compute(move || { T::load(id) })
}
/// The cache entry of `generic_skipped` for these arguments.
#[allow(dead_code)]
fn generic_skipped_entry(id: u64) -> ::redis_cached::Entry<u8> {
    ::redis_cached::private::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(
            {
                static SITE: ::redis_cached::private::Site = ::redis_cached::private::Site::new(
                        ::core::module_path!(),
                        "generic_skipped",
                    )
                    .template("<>");
                &SITE
            },
            || (),
        )
        .ttl(::core::time::Duration::from_secs(60))
        .key("")
        .arg(&id)
        .build()
}
/// The function's path and every argument.
fn default_key(a: u8, b: String, c: &[u8]) -> u8 {
    ::redis_cached::private::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(
            {
                static SITE: ::redis_cached::private::Site = ::redis_cached::private::Site::new(
                    ::core::module_path!(),
                    "default_key",
                );
                &SITE
            },
            || (),
        )
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
    ::redis_cached::private::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(
            {
                static SITE: ::redis_cached::private::Site = ::redis_cached::private::Site::new(
                    ::core::module_path!(),
                    "default_key",
                );
                &SITE
            },
            || (),
        )
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
    ::redis_cached::private::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(
            {
                static SITE: ::redis_cached::private::Site = ::redis_cached::private::Site::new(
                    ::core::module_path!(),
                    "default_key_generic",
                );
                &SITE
            },
            || (),
        )
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
    ::redis_cached::private::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(
            {
                static SITE: ::redis_cached::private::Site = ::redis_cached::private::Site::new(
                    ::core::module_path!(),
                    "default_key_generic",
                );
                &SITE
            },
            || (),
        )
        .ttl(::core::time::Duration::from_secs(60))
        .default_key()
        .type_name::<T>()
        .arg(&N)
        .arg(a)
        .arg(b)
        .end()
        .build()
}
fn default_key_alone() -> u8 {
    ::redis_cached::private::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(
            {
                static SITE: ::redis_cached::private::Site = ::redis_cached::private::Site::new(
                    ::core::module_path!(),
                    "default_key_alone",
                );
                &SITE
            },
            || (),
        )
        .ttl(::core::time::Duration::from_secs(60))
        .default_key()
        .end()
        .build_blocking()
        .get_or_compute(move || { 1 })
}
/// The cache entry of `default_key_alone` for these arguments.
#[allow(dead_code)]
fn default_key_alone_entry() -> ::redis_cached::Entry<u8> {
    ::redis_cached::private::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(
            {
                static SITE: ::redis_cached::private::Site = ::redis_cached::private::Site::new(
                    ::core::module_path!(),
                    "default_key_alone",
                );
                &SITE
            },
            || (),
        )
        .ttl(::core::time::Duration::from_secs(60))
        .default_key()
        .end()
        .build()
}
fn twice(a: u8) -> u8 {
    ::redis_cached::private::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(
            {
                static SITE: ::redis_cached::private::Site = ::redis_cached::private::Site::new(
                        ::core::module_path!(),
                        "twice",
                    )
                    .template("same:<>:<>");
                &SITE
            },
            || (),
        )
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
    ::redis_cached::private::entry::<
        u8,
        ::redis_cached::codec::Bincode,
    >(
            {
                static SITE: ::redis_cached::private::Site = ::redis_cached::private::Site::new(
                        ::core::module_path!(),
                        "twice",
                    )
                    .template("same:<>:<>");
                &SITE
            },
            || (),
        )
        .ttl(::core::time::Duration::from_secs(60))
        .key("same:")
        .arg(&a)
        .text(":")
        .arg(&a)
        .build()
}
impl Repo {
    async fn tenant(&self, id: u64) -> u8 {
        ::redis_cached::private::entry::<
            u8,
            ::redis_cached::codec::Bincode,
        >(
                {
                    static SITE: ::redis_cached::private::Site = ::redis_cached::private::Site::new(
                            ::core::module_path!(),
                            "tenant",
                        )
                        .template("<type>:<>:<>");
                    &SITE
                },
                || (),
            )
            .ttl(::core::time::Duration::from_secs(60))
            .key("")
            .type_name::<Self>()
            .text(":")
            .arg(&self.tenant)
            .text(":")
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
    /// The cache entry of `tenant` for these arguments.
    #[allow(dead_code)]
    fn tenant_entry(&self, id: u64) -> ::redis_cached::Entry<u8> {
        ::redis_cached::private::entry::<
            u8,
            ::redis_cached::codec::Bincode,
        >(
                {
                    static SITE: ::redis_cached::private::Site = ::redis_cached::private::Site::new(
                            ::core::module_path!(),
                            "tenant",
                        )
                        .template("<type>:<>:<>");
                    &SITE
                },
                || (),
            )
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
        ::redis_cached::private::entry::<
            u8,
            ::redis_cached::codec::Bincode,
        >(
                {
                    static SITE: ::redis_cached::private::Site = ::redis_cached::private::Site::new(
                            ::core::module_path!(),
                            "itself",
                        )
                        .template("<>");
                    &SITE
                },
                || (),
            )
            .ttl(::core::time::Duration::from_secs(60))
            .key("")
            .arg(&self)
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
    /// The cache entry of `itself` for these arguments.
    #[allow(dead_code)]
    fn itself_entry(&self) -> ::redis_cached::Entry<u8> {
        ::redis_cached::private::entry::<
            u8,
            ::redis_cached::codec::Bincode,
        >(
                {
                    static SITE: ::redis_cached::private::Site = ::redis_cached::private::Site::new(
                            ::core::module_path!(),
                            "itself",
                        )
                        .template("<>");
                    &SITE
                },
                || (),
            )
            .ttl(::core::time::Duration::from_secs(60))
            .key("")
            .arg(&self)
            .build()
    }
    async fn default_key(&self, id: u64) -> u8 {
        ::redis_cached::private::entry::<
            u8,
            ::redis_cached::codec::Bincode,
        >(
                {
                    static SITE: ::redis_cached::private::Site = ::redis_cached::private::Site::new(
                        ::core::module_path!(),
                        "default_key",
                    );
                    &SITE
                },
                || (),
            )
            .ttl(::core::time::Duration::from_secs(60))
            .default_key()
            .arg(&id)
            .end()
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
    /// The cache entry of `default_key` for these arguments.
    #[allow(dead_code)]
    fn default_key_entry(id: u64) -> ::redis_cached::Entry<u8> {
        ::redis_cached::private::entry::<
            u8,
            ::redis_cached::codec::Bincode,
        >(
                {
                    static SITE: ::redis_cached::private::Site = ::redis_cached::private::Site::new(
                        ::core::module_path!(),
                        "default_key",
                    );
                    &SITE
                },
                || (),
            )
            .ttl(::core::time::Duration::from_secs(60))
            .default_key()
            .arg(&id)
            .end()
            .build()
    }
}
