//! `serde_json::Value` asks its bytes what they hold, which the default codec cannot tell.

use std::collections::HashMap;

use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "settings")]
fn settings() -> Result<HashMap<String, serde_json::Value>, serde_json::Error> {
    serde_json::from_str("{}")
}

#[redis_cached(ttl = 60, key = "document:<ids>", batch = ids, codec = Postcard)]
fn documents(ids: &[u64]) -> HashMap<u64, serde_json::Value> {
    ids.iter().map(|id| (*id, (*id).into())).collect()
}

#[redis_cached(ttl = 60, key = "read:<id>", codec = Json)]
fn read(id: u64) -> serde_json::Value {
    id.into()
}

fn main() {}
