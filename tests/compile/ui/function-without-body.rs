use redis_cached::redis_cached;

trait Users {
    #[redis_cached(ttl = 60, key = "a:<id>")]
    fn get(&self, id: u64) -> u64;
}

fn main() {}
