//! Authentication.

use redis::aio::MultiplexedConnection;
use redis::{Cmd, RedisError, RedisResult, cmd};

use crate::store::address::Address;
use crate::store::credentials::Credentials;

/// Authenticates and selects the database in RESP2. In RESP3 the driver does so in its greeting.
pub(crate) async fn log_in(connection: &mut MultiplexedConnection, address: &Address) -> RedisResult<()> {
    if let Some(credentials) = &address.credentials {
        authenticate(connection, credentials).await?;
    }
    if let Some(select) = select(address) {
        select.exec_async(connection).await?;
    }
    Ok(())
}

/// Authenticates, for the first time or again.
pub(crate) async fn authenticate(
    connection: &mut MultiplexedConnection,
    credentials: &Credentials,
) -> RedisResult<()> {
    match auth(credentials.user.as_deref(), credentials).exec_async(connection).await {
        // There are no users before 6.0.
        Err(error) if takes_no_user(&error) => auth(None, credentials).exec_async(connection).await,
        other => other,
    }
}

/// What logs in to a server that knows users, and selects the database.
pub(super) fn commands(address: &Address) -> impl Iterator<Item = Cmd> {
    let credentials = address.credentials.as_ref();
    let auth = credentials.map(|credentials| auth(credentials.user.as_deref(), credentials));
    auth.into_iter().chain(select(address))
}

fn auth(user: Option<&str>, Credentials { password, .. }: &Credentials) -> Cmd {
    let mut auth = cmd("AUTH");
    auth.arg(user).arg(password);
    auth
}

fn select(address: &Address) -> Option<Cmd> {
    let mut select = cmd("SELECT");
    select.arg(address.database);
    (address.database != 0).then_some(select)
}

fn takes_no_user(error: &RedisError) -> bool {
    error.detail().is_some_and(|detail| detail.contains("wrong number of arguments for 'auth'"))
}
