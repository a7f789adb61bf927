//! What a template becomes.

#[redis_cached(ttl = 60, key = "constant")]
fn constant() -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "<a>:<b>")]
fn begins_with_an_argument(a: u8, b: &str) -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "{user:<user.id>}:<<<page.0>>/<user.address.city>")]
fn fields_and_brackets(user: &User, page: (u32, u32)) -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "<type>:<r#fn>:<name.type>")]
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
}
