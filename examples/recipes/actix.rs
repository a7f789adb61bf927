//! Users over HTTP, with actix-web.
//!
//! `REDIS_URL=redis://… cargo run -p redis-cached-recipes --example recipe-actix`

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use actix_web::error::ErrorNotFound;
use actix_web::{App, HttpResponse, HttpServer, get, put, web};
use redis_cached::{Cache, redis_cached, redis_invalidates};
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
struct User {
    name: String,
}

/// Stands for a database.
#[derive(Default)]
struct Database(RwLock<BTreeMap<u64, User>>);

#[redis_cached(ttl = "1h", key = "user:<id>", skip(db))]
async fn user(db: &Database, id: u64) -> Option<User> {
    db.0.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
}

#[redis_invalidates(user(id))]
async fn save(db: &Database, id: u64, user: User) {
    db.0.write().unwrap_or_else(PoisonError::into_inner).insert(id, user);
}

#[get("/users/{id}")]
async fn show(db: web::Data<Database>, id: web::Path<u64>) -> actix_web::Result<web::Json<User>> {
    let user = user(&db, *id).await;
    user.map(web::Json).ok_or_else(|| ErrorNotFound("there is no such user"))
}

#[put("/users/{id}")]
async fn replace(db: web::Data<Database>, id: web::Path<u64>, new: web::Json<User>) -> HttpResponse {
    save(&db, *id, new.into_inner()).await;
    HttpResponse::NoContent().finish()
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cache = Cache::builder().url(std::env::var("REDIS_URL")?).prefix("shop:").connect_lazy()?;
    cache.set_global()?;
    let db = web::Data::new(Database::default());
    // Each worker is a runtime of its own, and so has its own connection to Redis.
    HttpServer::new(move || App::new().app_data(db.clone()).service(show).service(replace))
        .workers(2)
        .bind(("127.0.0.1", 3000))?
        .run()
        .await?;
    Ok(cache.flush().await?)
}
