//! A store's operations on one server, as commands.

use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::{cmd, from_redis_value};
use smallvec::{SmallVec, smallvec};

use super::batching::batched_connection::BatchedConnection;
use super::commands::set;
use super::error::translate;
use super::node::Node;
use super::pipelines::removed;
use super::replicated::{all, sum};
use super::scripts::compare::sized;
use crate::error::Error;
use crate::store::vocabulary::{
    CasToken, Cursor, Epochs, Found, KeyAnswer, KeyQuestion, KeyResults, KeyWrite, Nonce, Reading, Scanned,
    Several, Swap, TagTtl,
};
use crate::store::{Acquired, Store};
use crate::util::clock::{Moment, whole_millis};

/// About how many keys a step of a scan examines. Other clients are served between two steps.
const SCANNED_AT_ONCE: usize = 1000;

impl Store for Node {
    async fn get(&self, key: &str, until: Instant) -> Result<Found, Error> {
        self.connection()?.read(key, until).await
    }

    async fn read(&self, keys: &[&str], how: Reading, until: Instant) -> Result<Several, Error> {
        match (how, keys) {
            (Reading::Plain, [key]) => {
                let found = vec![Ok(self.get(key, until).await?)];
                Ok(Several { found, left: Vec::new(), epochs: Epochs::default() })
            }
            (Reading::Plain, _) => self.connection()?.connection.read_several(keys, 0, until).await,
            (Reading::Timed(timed), _) => {
                self.connection()?.connection.read_several(keys, timed, until).await
            }
            // Nobody names replicas of a server that is alone.
            (Reading::Replica(reading), _) => {
                self.connection()?.connection.read_several(keys, reading.timed(), until).await
            }
            (Reading::Tracked(timed), _) => {
                self.tracking_connection()?.read_several(keys, timed, until).await
            }
        }
    }

    async fn ask(&self, asked: &[KeyQuestion<'_>], until: Instant) -> Result<Vec<KeyAnswer>, Error> {
        self.connection()?.connection.ask_each(asked, until).await
    }

    fn acquire(
        &self,
        leases: &[(&str, CasToken)],
        ttl: Duration,
        until: Instant,
    ) -> impl Future<Output = Acquired> {
        self.acquire_part(false, leases, ttl, until)
    }

    async fn get_or_acquire(
        &self,
        key: &str,
        lease: &CasToken,
        ttl: Duration,
        until: Instant,
    ) -> Result<Option<Found>, Error> {
        // Reads are answered all the same.
        if self.check_for_stall_at(key).is_err() {
            return Ok(None);
        }
        let host = self.connection()?;
        if !host.connection.abilities().leases_by_one_command() {
            return Ok(None);
        }
        let size = host.reads.typical_size();
        self.acquire_at(&host, key, lease, ttl, size, until).await.map(Some)
    }

    fn swap(&self, swaps: &[Swap<'_>], until: Instant) -> impl Future<Output = KeyResults<bool>> {
        self.swap_part(false, swaps, until)
    }

    async fn release(&self, leases: &[(&str, CasToken)], until: Instant) -> Result<(), Error> {
        self.check_for_stall(leases)?;
        self.connection()?.connection.release(leases, until).await
    }

    async fn clear(&self, key: &str, until: Instant) -> Result<(), Error> {
        self.check_for_stall_at(key)?;
        self.connection()?.connection.clear(key, until).await
    }

    async fn set(&self, sets: &[KeyWrite<'_>], until: Instant) -> Result<(), Error> {
        if let Some(writes) = self.replicated(false)? {
            return all(writes.set_each(sets, until).await?);
        }
        match sets {
            [KeyWrite { key, value: Some(value), ttl }] => {
                let doing = sized("SET", value);
                let answer = self.connection()?.connection.run(&doing, &set(key, value, *ttl), until).await?;
                answer.map(drop).map_err(|error| translate(&doing, error))
            }
            [KeyWrite { key, value: None, .. }] => self.remove(&[key.as_bytes()], until).await.map(drop),
            _ => self.connection()?.connection.set_each(sets, until).await?.into_iter().collect(),
        }
    }

    async fn remove(&self, keys: &[&[u8]], until: Instant) -> Result<u64, Error> {
        if keys.is_empty() {
            return Ok(0);
        }
        if let Some(writes) = self.replicated(false)? {
            return sum(writes.remove_each(keys, until).await?);
        }
        let answer = self.connection()?.connection.remove(keys, until).await?;
        removed(answer)
    }

    /// One command, which is one step for all of them; or in their order, if they wait for replicas.
    async fn remove_in_order(&self, first: &[u8], then: &[&[u8]], until: Instant) -> Result<u64, Error> {
        self.remove(&[&[first], then].concat(), until).await
    }

    async fn scan(&self, prefix: &str, from: Cursor, until: Instant) -> Result<Scanned, Error> {
        let mut scan = cmd("SCAN");
        scan.arg(from.position).arg("MATCH").arg(beginning_with(prefix)).arg("COUNT").arg(SCANNED_AT_ONCE);
        let answer = self.connection()?.connection.run("SCAN", &scan, until).await?;
        let scanned = answer.and_then(|answer| Ok(from_redis_value::<(u64, Vec<Vec<u8>>)>(answer)?));
        let (position, mut keys) = scanned.map_err(|error| translate("SCAN", error))?;
        // Only keys with the prefix are removed, however a server interprets the pattern.
        keys.retain(|key| key.starts_with(prefix.as_bytes()));
        let next = (position != 0).then_some(Cursor { position, ..from });
        Ok(Scanned { next, keys })
    }

    async fn tag(&self, keys: &[&str], life: TagTtl, until: Instant) -> KeyResults<Nonce> {
        self.tag_part(false, keys, life, until).await
    }

    /// One script, which is one step for all of them.
    async fn tag_in_order(
        &self,
        first: &[&str],
        last: &str,
        life: TagTtl,
        until: Instant,
    ) -> KeyResults<Nonce> {
        self.tag(&[first, &[last]].concat(), life, until).await
    }
}

/// What is the same for all keys of one server and for its part of the keys of a cluster. `is_asking`: the server is only being given
/// their slots.
impl Node {
    pub(super) async fn acquire_part(
        &self,
        is_asking: bool,
        leases: &[(&str, CasToken)],
        ttl: Duration,
        until: Instant,
    ) -> Acquired {
        self.check_for_stall(leases)?;
        let host = self.connection_for(is_asking)?;
        if let ([(key, lease)], false) = (leases, is_asking) {
            return self.acquire_at(&host, key, lease, ttl, 0, until).await.map(|found| smallvec![Ok(found)]);
        }
        // A box, so that a lone one need not have room for it.
        Box::pin(async {
            let asked = Moment::now();
            let acquired = host.connection.acquire_each(leases, whole_millis(ttl), until).await;
            self.leases.learn(asked, &acquired);
            acquired.map(SmallVec::from_vec)
        })
        .await
    }

    /// One lease, over a connection that is known; see [`BatchedConnection::acquire`].
    async fn acquire_at(
        &self,
        host: &Arc<BatchedConnection>,
        key: &str,
        lease: &CasToken,
        ttl: Duration,
        size: usize,
        until: Instant,
    ) -> Result<Found, Error> {
        let asked = Moment::now();
        let acquired = host.acquire(key, lease, whole_millis(ttl), size, until).await;
        self.leases.learn(asked, &acquired);
        acquired
    }

    pub(super) async fn swap_part(
        &self,
        is_asking: bool,
        swaps: &[Swap<'_>],
        until: Instant,
    ) -> KeyResults<bool> {
        if let Some(Swap { key, mark, value, .. }) = swaps.first()
            && value.len() == mark.len()
        {
            // A lease in place of something else.
            self.check_for_stall_at(key)?;
        }
        let host = self.connection_for(is_asking)?;
        match swaps {
            [swap] => Ok(vec![host.connection.swap(*swap, until).await]),
            _ => host.connection.swap_each(swaps, until).await,
        }
    }

    pub(super) async fn set_part(
        &self,
        is_asking: bool,
        sets: &[KeyWrite<'_>],
        until: Instant,
    ) -> KeyResults<()> {
        match self.replicated(is_asking)? {
            Some(writes) => writes.set_each(sets, until).await,
            None => self.connection_for(is_asking)?.connection.set_each(sets, until).await,
        }
    }

    pub(super) async fn remove_part(
        &self,
        is_asking: bool,
        keys: &[&[u8]],
        until: Instant,
    ) -> KeyResults<u64> {
        match self.replicated(is_asking)? {
            Some(writes) => writes.remove_each(keys, until).await,
            None => self.connection_for(is_asking)?.connection.remove_each(keys, until).await,
        }
    }

    pub(super) async fn tag_part(
        &self,
        is_asking: bool,
        keys: &[&str],
        life: TagTtl,
        until: Instant,
    ) -> KeyResults<Nonce> {
        keys.first().map_or(Ok(()), |key| self.check_for_stall_at(key))?;
        self.connection_for(is_asking)?.connection.tag(keys, life, until).await
    }

    /// The nonces of tags, each read after those before it. `None` if that takes more than one round trip.
    pub(super) async fn tag_in_order_each(
        &self,
        keys: &[&str],
        life: TagTtl,
        until: Instant,
    ) -> Result<Option<Vec<Result<Nonce, Error>>>, Error> {
        keys.first().map_or(Ok(()), |key| self.check_for_stall_at(key))?;
        self.connection()?.connection.tag_in_order(keys, life, until).await
    }
}

/// The pattern of all keys that begin with `prefix`, with special characters escaped.
fn beginning_with(prefix: &str) -> String {
    let mut pattern = String::with_capacity(prefix.len() + 8);
    for character in prefix.chars() {
        if matches!(character, '*' | '?' | '[' | ']' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('*');
    pattern
}
