//! Authentication.

use redis::aio::MultiplexedConnection;
use redis::{RedisError, RedisResult};

use crate::store::address::Address;
use crate::store::credentials::Credentials;

/// Authenticates and selects the database in RESP2. In RESP3 the driver does so in its greeting.
pub(crate) async fn log_in(connection: &mut MultiplexedConnection, address: &Address) -> RedisResult<()> {
    if let Some(credentials) = &address.credentials {
        authenticate(connection, credentials).await?;
    }
    if address.database != 0 {
        redis::cmd("SELECT").arg(address.database).exec_async(connection).await?;
    }
    Ok(())
}

/// Authenticates, for the first time or again.
pub(crate) async fn authenticate(
    connection: &mut MultiplexedConnection,
    Credentials { user, password, .. }: &Credentials,
) -> RedisResult<()> {
    let answer = match user {
        Some(user) => redis::cmd("AUTH").arg(user).arg(password).exec_async(connection).await,
        None => redis::cmd("AUTH").arg(password).exec_async(connection).await,
    };
    match answer {
        // There are no users before 6.0.
        Err(error) if takes_no_user(&error) => redis::cmd("AUTH").arg(password).exec_async(connection).await,
        other => other,
    }
}

fn takes_no_user(error: &RedisError) -> bool {
    error.detail().is_some_and(|detail| detail.contains("wrong number of arguments for 'auth'"))
}
