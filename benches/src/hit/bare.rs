//! The yardstick: `GET` over the driver's multiplexed connection, decoded by hand.

use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;

use super::{KEYS, User};
use crate::Failure;
use crate::harness::Contender;

pub(super) struct Bare(MultiplexedConnection);

impl Bare {
    /// A connection as the driver makes it, and the values, which nobody else will store.
    pub(super) async fn connect(url: &str) -> Result<Self, Failure> {
        let mut connection = redis::Client::open(url)?
            .get_multiplexed_async_connection()
            .await?;
        for id in 0..KEYS {
            let value = bincode::serde::encode_to_vec(User::new(id), bincode::config::standard())?;
            let () = connection.set_ex(key(id), value, 3600).await?;
        }
        Ok(Self(connection))
    }
}

impl Contender for Bare {
    const NAME: &'static str = "redis-rs";

    async fn once(&self, index: u64) {
        let id = index % KEYS;
        let bytes: Vec<u8> = self.0.clone().get(key(id)).await.expect("the value is there");
        let decoded = bincode::serde::decode_from_slice::<User, _>(&bytes, bincode::config::standard());
        let (user, _) = decoded.expect("it is what was stored");
        assert_eq!(user.id, id);
    }
}

fn key(id: u64) -> String {
    format!("bench:bare:user:{id}")
}
