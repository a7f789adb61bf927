use redis_cached::Fields;

struct Opaque;

#[derive(Fields)]
struct User {
    id: u64,
    secret: Option<Opaque>,
}

fn main() {}
