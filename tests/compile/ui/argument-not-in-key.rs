use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "user:<id>")]
fn user(tenant: &str, id: u64, mut r#type: u8) -> usize {
    r#type += 1;
    tenant.len() + id as usize + usize::from(r#type)
}

fn main() {}
