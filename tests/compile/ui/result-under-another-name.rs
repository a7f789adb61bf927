use redis_cached::redis_cached;

#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
struct ApiError;

type Outcome = Result<u32, ApiError>;
type Fetched<T> = Result<T, ApiError>;

macro_rules! outcome {
    ($value:ty) => {
        Result<$value, ApiError>
    };
}

#[redis_cached(ttl = 60)]
fn alias() -> Outcome {
    Err(ApiError)
}

#[redis_cached(ttl = 60)]
async fn generic_alias() -> Fetched<Vec<u32>> {
    Err(ApiError)
}

#[redis_cached(ttl = 60)]
async fn by_macro() -> outcome!(u32) {
    Err(ApiError)
}

#[redis_cached(ttl = 60, entry = false)]
async fn asks_the_type() -> outcome!(u32) {
    Err(ApiError)
}

fn main() {}
