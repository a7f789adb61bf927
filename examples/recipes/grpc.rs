//! Users over gRPC, with tonic. Without a `.proto`: the trait and the messages stand for what tonic generates from it.
//!
//! `REDIS_URL=redis://… cargo run -p redis-cached-recipes --example recipe-grpc`

use redis_cached::{Cache, redis_cached};
use serde::{Deserialize, Serialize};
use tonic::{Request, Response, Status};

struct GetUser {
    id: u64,
}

/// For generated messages, in the build script:
/// `.type_attribute("shop.User", "#[derive(serde::Serialize, serde::Deserialize)]")`.
#[derive(Debug, Serialize, Deserialize)]
struct User {
    id: u64,
    name: String,
}

#[tonic::async_trait]
trait Users {
    async fn get(&self, request: Request<GetUser>) -> Result<Response<User>, Status>;
}

/// The repository, which has an error of its own. A `Status` is for the wire.
struct Repository;

impl Repository {
    #[redis_cached(ttl = "10m", negative_ttl = "10s", key = "user:<id>", skip(self))]
    async fn user(&self, id: u64) -> std::io::Result<Option<User>> {
        Ok((id < 1000).then(|| User { id, name: format!("user {id}") }))
    }
}

#[tonic::async_trait]
impl Users for Repository {
    async fn get(&self, request: Request<GetUser>) -> Result<Response<User>, Status> {
        let id = request.get_ref().id;
        // A client that may ask for fresh data says so in its metadata.
        let is_fresh = request.metadata().get("cache-control").is_some_and(|value| value == "no-cache");
        let found = if is_fresh { Cache::global().bypass(self.user(id)).await } else { self.user(id).await };
        let user = found.map_err(|error| Status::unavailable(error.to_string()))?;
        user.map(Response::new).ok_or_else(|| Status::not_found(format!("there is no user {id}")))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cache = Cache::builder().url(std::env::var("REDIS_URL")?).prefix("shop:").connect_lazy()?;
    cache.set_global()?;
    // In a program: `Server::builder().add_service(UsersServer::new(Repository)).serve(address)`.
    println!("{:?}", Repository.get(Request::new(GetUser { id: 7 })).await?.into_inner());
    let mut fresh = Request::new(GetUser { id: 7 });
    fresh.metadata_mut().insert("cache-control", "no-cache".parse()?);
    println!("{:?}", Repository.get(fresh).await?.into_inner());
    Ok(cache.flush().await?)
}
