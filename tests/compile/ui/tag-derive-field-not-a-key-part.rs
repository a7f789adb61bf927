use redis_cached::Tag;

#[derive(Tag)]
#[tag("point:<0>:<1>")]
struct Point(u64, f64);

fn main() {}
