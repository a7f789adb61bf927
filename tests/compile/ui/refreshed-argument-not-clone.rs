use redis_cached::redis_cached;

struct Db;

#[redis_cached(ttl = 60, key = "user:<id>", skip(db), stale_while_revalidate = "30s")]
async fn by_reference(db: &Db, id: u64) -> u64 {
    let _ = db;
    id
}

#[redis_cached(ttl = 60, key = "user:<id>", skip(db), stale_while_revalidate = "30s")]
fn by_value(db: Db, id: u64) -> u64 {
    let _ = db;
    id
}

#[redis_cached(ttl = 60, key = "user:<id>", skip(db, D), stale_while_revalidate = "30s")]
fn generic<D: Send>(db: &D, id: u64) -> u64 {
    let _ = db;
    id
}

impl Db {
    #[redis_cached(ttl = 60, key = "user:<id>", skip(self), stale_while_revalidate = "30s")]
    async fn method(&self, id: u64) -> u64 {
        id
    }
}

fn main() {}
