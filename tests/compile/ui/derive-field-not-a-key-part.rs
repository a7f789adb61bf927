use redis_cached::KeyPart;

struct Pool;

#[derive(KeyPart)]
struct Key {
    id: u64,
    pool: Pool,
}

fn main() {}
