use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "a:<id>", skip(log), verify = 0.01)]
async fn of_a_reference(log: &mut Vec<u64>, id: u64) -> u64 {
    log.push(id);
    id
}

fn main() {}
