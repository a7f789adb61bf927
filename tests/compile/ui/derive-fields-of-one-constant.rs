use redis_cached::Fields;

#[derive(Fields)]
struct User {
    id: u64,
    #[allow(non_snake_case)]
    Id: u64,
}

fn main() {}
