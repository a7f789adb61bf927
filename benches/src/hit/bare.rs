//! The yardstick: `GET` over the driver's multiplexed connection, decoded by hand.

use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
use redis::{AsyncCommands, Client, IntoConnectionInfo};

use super::KEYS;
use crate::Failure;
use crate::contenders::{Memoized, User};

/// The driver as it comes: small writes wait for the answers to earlier ones (Nagle's algorithm), which on a network costs
/// time and on one machine saves system calls.
pub(super) struct Bare(MultiplexedConnection);

/// The driver with `TCP_NODELAY`, as redis-cached sets it, for a network's sake.
pub(super) struct BareNoDelay(MultiplexedConnection);

impl Bare {
    /// A connection as the driver makes it, and the values, which nobody else will store.
    pub(super) async fn connect(url: &str) -> Result<Self, Failure> {
        let mut connection = Client::open(url)?.get_multiplexed_async_connection().await?;
        for id in 0..KEYS {
            let value = bincode::serde::encode_to_vec(User::new(id), bincode::config::standard())?;
            let () = connection.set_ex(key(id), value, 3600).await?;
        }
        Ok(Self(connection))
    }
}

impl BareNoDelay {
    /// To be made after [`Bare`], which has stored the values.
    pub(super) async fn connect(url: &str) -> Result<Self, Failure> {
        let info = url.into_connection_info()?.set_tcp_settings(TcpSettings::default().set_nodelay(true));
        Ok(Self(Client::open(info)?.get_multiplexed_async_connection().await?))
    }
}

impl Memoized for Bare {
    const NAME: &'static str = "redis-rs";

    async fn user(&self, id: u64) -> Result<User, String> {
        get(&self.0, id).await
    }
}

impl Memoized for BareNoDelay {
    const NAME: &'static str = "redis-rs, no delay";

    async fn user(&self, id: u64) -> Result<User, String> {
        get(&self.0, id).await
    }
}

async fn get(connection: &MultiplexedConnection, id: u64) -> Result<User, String> {
    let bytes: Vec<u8> = connection.clone().get(key(id)).await.map_err(|error| error.to_string())?;
    let decoded = bincode::serde::decode_from_slice(&bytes, bincode::config::standard());
    decoded.map(|(user, _)| user).map_err(|error| error.to_string())
}

fn key(id: u64) -> String {
    format!("bench:bare:user:{id}")
}
