//! The store's operations as commands.

use std::time::{Duration, Instant};

use redis::{Cmd, RedisError, RedisResult, ToRedisArgs, Value, cmd, from_redis_value};

use super::RedisStore;
use super::connection::abilities::Ability;
use super::connection::runtime_connection::RuntimeConnection;
use super::error::{is_refused, is_wrong_type, translate};
use super::scripts::compare::sized;
use crate::error::{Error, ErrorKind};
use crate::store::Store;
use crate::store::vocabulary::Nonce;
use crate::store::vocabulary::TagTtl;
use crate::store::vocabulary::{CasToken, Epoch, Found, Left, Reading, Scanned, Set, Several, Swap};
use crate::util::clock::whole_millis;

/// About how many keys a step of a scan examines. Other clients are served between two steps.
const SCANNED_AT_ONCE: usize = 1000;

impl RuntimeConnection {
    /// Removes keys. `UNLINK` frees large values of other types without blocking the server; for strings there is no difference.
    pub(super) async fn remove(
        &self,
        keys: &[impl ToRedisArgs],
        until: Instant,
    ) -> Result<RedisResult<Value>, Error> {
        let abilities = self.abilities();
        let unlink = &abilities.unlink;
        let remove = |name| {
            let mut command = cmd(name);
            command.arg(keys);
            command
        };
        let mut refused = None;
        if !unlink.is(Ability::NO) {
            let answer = self.run("UNLINK", &remove("UNLINK"), until).await?;
            unlink.learn(&answer);
            if !unlink.is(Ability::NO) {
                return Ok(answer);
            }
            refused = Some(answer);
        }
        match self.run("DEL", &remove("DEL"), until).await? {
            Err(error) if is_refused(&error) => {
                // The right to either command will do.
                unlink.forget();
                Ok(refused.unwrap_or(Err(error)))
            }
            answer => Ok(answer),
        }
    }
}

impl Store for RedisStore {
    async fn get(&self, key: &str, until: Instant) -> Result<Found, Error> {
        self.connection()?.read(key, until).await
    }

    async fn read(&self, keys: &[&str], how: Reading, until: Instant) -> Result<Several, Error> {
        match (how, keys) {
            (Reading::Plain, [key]) => {
                let found = vec![self.get(key, until).await?];
                Ok(Several { found, left: Vec::new(), epoch: Epoch(0) })
            }
            (Reading::Plain, _) => self.connection()?.read_several(keys, 0, until).await,
            (Reading::Timed(timed), _) => self.connection()?.read_several(keys, timed, until).await,
            (Reading::Tracked(timed), _) => {
                self.tracking_connection()?.read_several(keys, timed, until).await
            }
        }
    }

    async fn acquire(
        &self,
        leases: &[(&str, CasToken)],
        ttl: Duration,
        until: Instant,
    ) -> Result<Vec<Result<Found, Error>>, Error> {
        self.check_for_stall(leases)?;
        let (connection, millis) = (self.connection()?, whole_millis(ttl));
        let acquired = match leases {
            [(key, lease)] => {
                let acquired = connection.acquire(key, lease, millis, until).await;
                acquired.map(|found| vec![Ok(found)])
            }
            _ => connection.acquire_each(leases, millis, until).await,
        };
        self.leases.learn(&acquired);
        acquired
    }

    async fn swap(&self, swaps: &[Swap<'_>], until: Instant) -> Result<Vec<Result<bool, Error>>, Error> {
        if let Some(Swap { key, mark, value, .. }) = swaps.first()
            && value.len() == mark.len()
        {
            // A lease in place of something else.
            self.check_for_stall_at(key)?;
        }
        match swaps {
            [swap] => Ok(vec![self.connection()?.swap(*swap, until).await]),
            _ => self.connection()?.swap_each(swaps, until).await,
        }
    }

    async fn release(&self, leases: &[(&str, CasToken)], until: Instant) -> Result<(), Error> {
        self.check_for_stall(leases)?;
        self.connection()?.release(leases, until).await
    }

    async fn clear(&self, key: &str, until: Instant) -> Result<(), Error> {
        self.check_for_stall_at(key)?;
        self.connection()?.clear(key, until).await
    }

    async fn set(&self, sets: &[Set<'_>], until: Instant) -> Result<(), Error> {
        match sets {
            [Set { key, value: Some(value), ttl }] => {
                let doing = sized("SET", value);
                let answer = self.run(&doing, &set(key, value, *ttl), until).await?;
                answer.map(drop).map_err(|error| translate(&doing, error))
            }
            [Set { key, value: None, .. }] => self.remove(&[key.as_bytes()], until).await.map(drop),
            _ => self.stored_many(sets, until).await,
        }
    }

    // One command on several keys: a cluster takes it only if they are in one slot, and will have to be asked slot by slot.
    async fn remove(&self, keys: &[&[u8]], until: Instant) -> Result<u64, Error> {
        if keys.is_empty() {
            return Ok(0);
        }
        let answer = self.connection()?.remove(keys, until).await?;
        answer.and_then(|answer| Ok(from_redis_value(answer)?)).map_err(|error| translate("UNLINK", error))
    }

    async fn scan(&self, prefix: &str, cursor: u64, until: Instant) -> Result<Scanned, Error> {
        let mut scan = cmd("SCAN");
        scan.arg(cursor).arg("MATCH").arg(beginning_with(prefix)).arg("COUNT").arg(SCANNED_AT_ONCE);
        let answer = self.run("SCAN", &scan, until).await?;
        let scanned = answer.and_then(|answer| Ok(from_redis_value::<(u64, Vec<Vec<u8>>)>(answer)?));
        let (cursor, mut keys) = scanned.map_err(|error| translate("SCAN", error))?;
        // Only keys with the prefix are removed, however a server interprets the pattern.
        keys.retain(|key| key.starts_with(prefix.as_bytes()));
        Ok(Scanned { cursor, keys })
    }

    async fn tag(&self, keys: &[&str], life: TagTtl, until: Instant) -> Result<Vec<Nonce>, Error> {
        keys.first().map_or(Ok(()), |key| self.check_for_stall_at(key))?;
        self.connection()?.tag(keys, life, until).await
    }
}

pub(super) fn strange(doing: &str) -> Error {
    Error::new(ErrorKind::Server, format!("cannot {doing}: the answer is not what was asked for"))
}

pub(super) fn set(key: &str, value: &[u8], ttl: Option<Duration>) -> Cmd {
    let mut command = Cmd::with_capacity(5, key.len() + value.len() + 32);
    command.arg("SET").arg(key).arg(value);
    if let Some(ttl) = ttl {
        command.arg("PX").arg(whole_millis(ttl));
    }
    command
}

pub(super) fn pttl(key: &str) -> Cmd {
    let mut command = cmd("PTTL");
    command.arg(key);
    command
}

pub(super) fn get(key: &[u8]) -> Cmd {
    let mut command = Cmd::with_capacity(2, key.len() + 3);
    command.arg("GET").arg(key);
    command
}

pub(super) fn found(doing: &str, answer: Result<Value, RedisError>) -> Result<Found, Error> {
    match answer {
        Ok(Value::BulkString(bytes)) => Ok(Found::Bytes(bytes)),
        Ok(Value::Nil) => Ok(Found::Absent),
        Ok(_) => Ok(Found::Foreign),
        Err(error) if is_wrong_type(&error) => Ok(Found::Foreign),
        Err(error) => Err(translate(doing, error)),
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

pub(super) fn left(answer: &Value) -> Left {
    match answer {
        Value::Int(millis @ 0..) => Left::Expires(Duration::from_millis(millis.unsigned_abs())),
        Value::Int(-1) => Left::Never,
        _ => Left::Absent,
    }
}
