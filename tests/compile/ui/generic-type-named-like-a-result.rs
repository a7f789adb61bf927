use redis_cached::redis_cached;

#[derive(serde::Serialize, serde::Deserialize)]
struct QueryResult<T> {
    rows: Vec<T>,
}

#[redis_cached(ttl = 60, key = "<T>")]
fn query<T: serde::Serialize + serde::de::DeserializeOwned>() -> QueryResult<T> {
    QueryResult { rows: Vec::new() }
}

fn main() {}
