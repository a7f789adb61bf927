use redis_cached::KeyPart;

#[derive(KeyPart)]
#[key_part(skip)]
struct Key {
    #[key_part(skip)]
    id: u64,
}

fn main() {}
