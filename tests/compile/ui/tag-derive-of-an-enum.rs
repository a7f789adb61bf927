use redis_cached::Tag;

#[derive(Tag)]
#[tag("kind")]
enum Kind {
    A,
    B,
}

fn main() {}
