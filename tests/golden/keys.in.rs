//! What a template becomes.

#[redis_cached(ttl = 60, key = "constant")]
fn constant() -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "<a>:<b>")]
fn begins_with_an_argument(a: u8, b: &str) -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "{user:<user.id>}:<<<page.0>>/<user.address.city>", skip(user, page))]
fn fields_and_brackets(user: &User, page: (u32, u32)) -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "<type>:<r#fn>:<name.type>", skip(name))]
fn raw_identifiers(r#type: u8, r#fn: String, name: Name) -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "<T>:<N>:<id>")]
fn generic<T: Table, const N: usize>(id: u64) -> [T; N] {
    T::load(id)
}

#[redis_cached(ttl = 60, key = "<id>", skip(T, N))]
fn generic_skipped<T: Table, const N: usize>(id: u64) -> u8 {
    T::load(id)
}

/// The function's path and every argument.
#[redis_cached(ttl = 60)]
fn default_key(a: u8, b: String, c: &[u8]) -> u8 {
    1
}

#[redis_cached(ttl = 60, skip(db, U))]
fn default_key_generic<T, U, const N: usize>(db: &Db<U>, a: T, b: [u8; N]) -> u8
where
    T: KeyPart,
    U: Connection,
{
    1
}

/// Types without a name are in it, by the values.
#[redis_cached(ttl = 60)]
fn default_key_anonymous(a: impl KeyPart, b: &impl KeyPart, c: Vec<impl KeyPart + Debug>) -> u8 {
    1
}

/// Every part of a tuple is all of it.
#[redis_cached(ttl = 60, key = "<pair.0>:<pair.1.0>:<pair.1.1>")]
fn parts(pair: &(u8, (u8, u8))) -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "<a>:<b>")]
fn types_of_macros(a: id!(), b: &Vec<id!()>) -> u8 {
    1
}

/// Patterns that bind one name are an argument of that name.
#[redis_cached(ttl = 60, key = "<slug>:<id>:<first>:<n>:<page>", skip(db), cache = db.cache)]
fn patterns(
    Path(slug): Path<String>,
    State(mut db): State<Pool>,
    &id: &u64,
    (&first, _): (&u8, u8),
    Wrapper { inner: n, .. }: &mut Wrapper,
    Page(ref page): Page,
) -> u8 {
    1
}

#[redis_cached(ttl = 60)]
fn default_key_pattern(Path(slug): Path<String>) -> u8 {
    1
}

/// An argument that may not be there.
#[redis_cached(ttl = 60, key = "<a>:<b>", tags = ["b:<b>"])]
fn conditional(a: u8, #[cfg(feature = "x")] b: String, #[allow(unused)] #[cfg(y)] #[cfg(not(z))] _: u8) -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "<a.x>", skip(a))]
fn one_of_two(#[cfg(y)] a: A, #[cfg(not(y))] a: B) -> u8 {
    1
}

#[redis_cached(ttl = 60)]
fn default_key_conditional(#[cfg(feature = "x")] a: impl KeyPart, #[cfg(not(feature = "x"))] a: u8) -> u8 {
    1
}

#[redis_cached(ttl = 60)]
fn default_key_alone() -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "same:<a>:<a>")]
fn twice(a: u8) -> u8 {
    1
}

impl Repo {
    #[redis_cached(ttl = 60, key = "<Self>:<self.tenant>:<id>")]
    async fn tenant(&self, id: u64) -> u8 {
        1
    }

    #[redis_cached(ttl = 60, key = "<self>")]
    async fn itself(&self) -> u8 {
        1
    }

    #[redis_cached(ttl = 60)]
    async fn default_key(&self, id: u64) -> u8 {
        1
    }

    #[redis_cached(ttl = 60, skip(self))]
    async fn default_key_without_self(&self, id: u64) -> u8 {
        1
    }
}

#[redis_cached(ttl = 60, key = "user:<user.email:secret>:<id>:<name:secret>", skip(user))]
fn secrets(user: &User, id: u64, name: String) -> u8 {
    1
}
