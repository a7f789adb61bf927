use redis_cached::redis_invalidates;

#[redis_invalidates(group(name), group("lists:<name>"), group(""), group())]
fn rename(name: &str) {
    let _ = name;
}

fn main() {}
