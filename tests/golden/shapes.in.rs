//! Every kind of function, async and not.

#[redis_cached(ttl = 60, key = "a:<id>")]
async fn plain_value(id: u64) -> User {
    fetch(id).await
}

#[redis_cached(ttl = 60, key = "a:<id>")]
fn blocking_value(id: u64) -> User {
    fetch(id)
}

#[redis_cached(ttl = 60, key = "a:<id>")]
fn blocking_result(id: u64) -> Result<User, Error> {
    fetch(id)
}

#[redis_cached(ttl = 60, key = "a")]
async fn nothing_returned() {
    println!();
}

#[redis_cached(ttl = 60, key = "a:<id>")]
async fn alias_of_one(id: u64) -> io::Result<User> {
    fetch(id).await
}

#[redis_cached(ttl = 60, key = "a:<id>")]
fn alias_of_none(id: u64) -> UserResult {
    fetch(id)
}

#[redis_cached(ttl = 60, key = "<a>:<b>:<c>:<d>:<e>:<f>:<H>:<h>", skip(g, i))]
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
    f.push(e);
    i + j
}

#[redis_cached(ttl = 60, key = "<K>:<keys>", skip(make, F, Out))]
async fn generics<'a, K, F, Out>(keys: &'a [K], make: F) -> Result<Vec<Out>, Box<dyn Error>>
where
    K: KeyPart + 'a,
    F: AsyncFn(&'a K) -> Out,
    Out: Serialize + DeserializeOwned,
{
    let mut all = Vec::new();
    for key in keys {
        all.push(make(key).await);
    }
    Ok(all)
}

#[redis_cached(ttl = 60, key = "<entry>:<key>", skip(cache, site))]
async fn entry(entry: u8, key: u8, cache: u8, site: u8) -> u8 {
    let build = entry + key + cache + site;
    build
}

#[redis_cached(ttl = 60, key = "a:<n>")]
fn r#type(n: u64) -> u64 {
    if n == 0 {
        return 1;
    }
    n * r#type(n - 1)
}

/// Documentation stays on the function.
#[cfg(feature = "x")]
#[instrument]
#[allow(clippy::unused_async)]
#[cfg_attr(test, allow(unused))]
#[cfg_attr(test, instrument)]
#[redis_cached(ttl = 60, key = "a")]
pub(crate) async unsafe fn attributes() -> u8 {
    #![allow(unused_variables)]
    static COUNT: AtomicU8 = AtomicU8::new(0);
    COUNT.fetch_add(1, Relaxed)
}

impl<T: Store> Repo<T> {
    #[redis_cached(ttl = 60, key = "a:<id>")]
    async fn associated(id: u64) -> User {
        fetch(id).await
    }

    #[redis_cached(ttl = 60, key = "a:<id>", skip(self), cache = self.cache)]
    pub async fn by_reference(&self, id: u64) -> Result<User, T::Error> {
        self.store.fetch(id).await
    }

    #[redis_cached(ttl = 60, key = "a:<self.tenant>:<id>")]
    fn by_mutable_reference(&mut self, id: u64) -> User {
        self.count += 1;
        self.store.fetch(id)
    }

    #[redis_cached(ttl = 60, key = "a:<self.tenant>:<id>", cache = &self.cache)]
    async fn by_arc(self: Arc<Self>, id: u64) -> User {
        self.store.fetch(id).await
    }

    #[redis_cached(ttl = 60, key = "a:<self.tenant>")]
    async fn by_value(mut self) -> Vec<User> {
        self.store.take()
    }
}

mod inner {
    #[redis_cached(ttl = 60, key = "a:<id>")]
    pub(super) async fn in_a_module(id: u64) -> User {
        fetch(id).await
    }
}
