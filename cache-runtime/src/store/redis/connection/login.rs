//! Authentication, and why a server refuses the client or lacks a right that it needs.

use std::borrow::Cow;

use redis::aio::MultiplexedConnection;
use redis::{RedisError, RedisResult};

use crate::error::ErrorKind;
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

/// What is wrong with the user, the password, the user's rights or the database, if the server has said so.
pub(crate) fn explain(error: &RedisError) -> Option<(ErrorKind, Cow<'static, str>)> {
    let detail = error.detail().unwrap_or_default();
    let says = |text| detail.contains(text);
    let reason = match error.code() {
        code if code == Some("NOPERM") || says(" has no permissions to ") => {
            let reason = format!("NOPERM {detail} (docs/guarantees.md has the rights that a cache needs)");
            return Some((ErrorKind::Permission, reason.into()));
        }
        Some("DENIED") => {
            "the server is in protected mode, in which it talks to its own machine only: give it a password, or set `protected-mode no`"
        }
        Some("WRONGPASS") => WRONG,
        // Servers before 6.0.
        _ if says("invalid password") => WRONG,
        Some("NOAUTH") => MISSING,
        // What SELECT was answered, of which the driver does not tell the code; so it is above.
        _ if says("Authentication required") => MISSING,
        // Before 6.0, and since.
        _ if says("no password is set") || says("without any password configured") => UNWANTED,
        _ if says("DB index is out of range") => {
            return Some((ErrorKind::Url, "the server has fewer databases than the URL wants".into()));
        }
        _ => return None,
    };
    Some((ErrorKind::Permission, reason.into()))
}

const MISSING: &str = "the server wants a password: write `redis://:PASSWORD@HOST`, or `redis://USER:PASSWORD@HOST` for a user of its ACL, \
     both percent-encoded";
const WRONG: &str = "the user name or the password is wrong, or the user is disabled: write `redis://USER:PASSWORD@HOST`, or \
     `redis://:PASSWORD@HOST` for a password without a user, both percent-encoded";
const UNWANTED: &str =
    "the server has no password, and the URL has one: write `redis://HOST`, or set `requirepass`";
