use redis_cached::redis_cached;

trait Users {
    fn get(&self, id: u64) -> u64;
}

impl Users for u8 {
    #[redis_cached(ttl = 60, key = "user:<id>", skip(self))]
    fn get(&self, id: u64) -> u64 {
        id
    }
}

fn main() {}
