use redis_cached::Fields;

#[derive(Fields)]
struct Pair(u64, u64);

#[derive(Fields)]
struct Nothing;

#[derive(Fields)]
enum Kind {
    A { a: u8 },
    B,
}

#[derive(Fields)]
union Bits {
    a: u8,
}

#[derive(Fields)]
struct Borrowed<'a> {
    name: &'a str,
}

fn main() {}
