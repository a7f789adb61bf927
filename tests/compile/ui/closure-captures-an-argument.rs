use redis_cached::redis_cached;

struct Settings {
    least: u64,
}

#[redis_cached(ttl = 60, key = "<id>", cache_if = |value| *value > id)]
fn cache_if(id: u64) -> u64 {
    id
}

impl Settings {
    #[redis_cached(ttl = |value| std::time::Duration::from_secs(*value + self.least), key = "<id>", skip(self))]
    fn ttl(&self, id: u64) -> u64 {
        id
    }
}

#[redis_cached(ttl = 60, key = "<org>", tags = |value: &u64| vec![org.to_owned(), value.to_string()])]
fn tags(org: &str) -> u64 {
    org.len() as u64
}

#[redis_cached(ttl = 60, key = "<id>", cache_if = |value| matches!(value, value if *value > id))]
fn within_a_macro(id: u64) -> u64 {
    id
}

#[redis_cached(ttl = 60, key = "<id>", cache_if = |value| {
    let id = *value;
    id > 1
})]
fn a_name_of_its_own(id: u64) -> u64 {
    id
}

fn main() {}
