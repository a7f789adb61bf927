use redis_cached::Tag;

#[derive(Tag)]
struct City<'a>(&'a str, u8);

#[derive(Tag)]
#[tag]
struct Viewer {
    id: u64,
}

#[derive(Tag)]
#[tag(name = "x")]
struct Lists;

#[derive(Tag)]
#[tag("x", krate = path)]
struct Renamed;

#[derive(Tag)]
#[tag("x")]
#[tag("y")]
struct Twice;

#[derive(Tag)]
#[tag("")]
struct Empty;

fn main() {}
