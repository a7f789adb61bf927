use redis_cached::Fields;

#[derive(Fields)]
#[fields(path = redis_cached)]
struct User {
    #[fields(name = "number")]
    id: u64,
}

fn main() {}
