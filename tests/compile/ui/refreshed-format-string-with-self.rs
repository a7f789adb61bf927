use redis_cached::redis_cached;

trait Named {
    fn name(&self, id: u64) -> String;
}

impl Named for u8 {
    #[redis_cached(ttl = 60, key = "<self>:<id>", stale_while_revalidate = 60, entry = false)]
    fn name(&self, id: u64) -> String {
        format!("{self} {id}")
    }
}

fn main() {}
