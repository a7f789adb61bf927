//! The yardstick: the driver alone. `GET`, decoded by hand, and where nothing is there, computed and stored by `SET … EX`.

use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
use redis::{AsyncCommands, Client, Commands, Connection, IntoConnectionInfo};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Blocking, Memoized, User, compute, computed_at_once, text};
use redis_cached_benches::Failure;

const TTL: u64 = 3600;

/// The driver as it comes: small writes wait for the answers to earlier ones (Nagle's algorithm), which on a network costs
/// time and on one machine saves system calls.
pub(crate) struct Bare(MultiplexedConnection);

/// The driver with `TCP_NODELAY`, as redis-cached sets it, for a network's sake.
pub(crate) struct BareNoDelay(MultiplexedConnection);

/// The driver's blocking connection, one for each thread.
pub(crate) struct BareBlocking(Client);

impl Bare {
    pub(super) fn connection(&self) -> MultiplexedConnection {
        self.0.clone()
    }

    pub(crate) async fn connect(url: &str) -> Result<Self, Failure> {
        Ok(Self(Client::open(url)?.get_multiplexed_async_connection().await?))
    }
}

impl BareNoDelay {
    pub(super) fn connection(&self) -> MultiplexedConnection {
        self.0.clone()
    }

    pub(crate) async fn connect(url: &str) -> Result<Self, Failure> {
        let info = url.into_connection_info()?.set_tcp_settings(TcpSettings::default().set_nodelay(true));
        Ok(Self(Client::open(info)?.get_multiplexed_async_connection().await?))
    }
}

impl BareBlocking {
    pub(crate) fn new(url: &str) -> Result<Self, Failure> {
        Ok(Self(Client::open(url)?))
    }
}

impl Memoized for Bare {
    const NAME: &'static str = "redis-rs";

    async fn user(&self, id: u64) -> Result<User, String> {
        by_hand(self.0.clone(), id).await
    }
}

impl Memoized for BareNoDelay {
    const NAME: &'static str = "redis-rs, no delay";

    async fn user(&self, id: u64) -> Result<User, String> {
        by_hand(self.0.clone(), id).await
    }
}

impl Blocking for BareBlocking {
    const NAME: &'static str = "redis-rs, one each";
    type Own = Connection;

    fn own(&self) -> Result<Connection, String> {
        self.0.get_connection().map_err(text)
    }

    fn user(&self, connection: &mut Connection, id: u64) -> Result<User, String> {
        let key = key(id);
        let bytes: Option<Vec<u8>> = connection.get(&key).map_err(text)?;
        if let Some(bytes) = bytes {
            return decode(&bytes);
        }
        let user = computed_at_once(id);
        let () = connection.set_ex(&key, encode(&user)?, TTL).map_err(text)?;
        Ok(user)
    }
}

pub(super) async fn by_hand(mut connection: impl AsyncCommands, id: u64) -> Result<User, String> {
    let key = key(id);
    let bytes: Option<Vec<u8>> = connection.get(&key).await.map_err(text)?;
    if let Some(bytes) = bytes {
        return decode(&bytes);
    }
    let user = compute(id).await;
    let () = connection.set_ex(&key, encode(&user)?, TTL).await.map_err(text)?;
    Ok(user)
}

/// As a program does it by hand.
pub(crate) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, String> {
    bincode::serde::encode_to_vec(value, bincode::config::standard()).map_err(text)
}

pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let decoded = bincode::serde::decode_from_slice(bytes, bincode::config::standard());
    decoded.map(|(value, _)| value).map_err(text)
}

pub(super) fn key(id: u64) -> String {
    format!("bench:bare:user:{id}")
}
