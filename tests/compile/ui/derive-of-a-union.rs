use redis_cached::KeyPart;

#[derive(KeyPart)]
union Bits {
    integer: u32,
    bytes: [u8; 4],
}

fn main() {}
