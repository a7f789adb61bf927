//! The store's operations as commands.

use std::time::{Duration, Instant};

use redis::{Cmd, RedisError, RedisResult, ToRedisArgs, Value, cmd, from_redis_value};

use super::RedisStore;
use super::connection::abilities::Ability;
use super::connection::runtime_connection::RuntimeConnection;
use super::error::{is_refused, is_wrong_type, translate};
use super::many::found_many_with_left;
use super::scripts::compare::sized;
use crate::error::{Error, ErrorKind};
use crate::key::KeyBuf;
use crate::store::Store;
use crate::store::vocabulary::Nonce;
use crate::store::vocabulary::TagTtl;
use crate::store::vocabulary::{Asking, CasToken, Epoch, Found, Left, Scanned, Set, Several, Swap};
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

    async fn get_with_left(&self, key: &str, until: Instant) -> Result<(Found, Left), Error> {
        let connection = self.connection()?;
        let (found, left, _) = found_with_left(&connection, key, until).await?;
        Ok((found, left))
    }

    async fn get_watched(&self, key: &str, until: Instant) -> Result<(Found, Left, Epoch), Error> {
        found_with_left(self.tracking_connection()?, key, until).await
    }

    async fn acquire(
        &self,
        key: &str,
        lease: &CasToken,
        ttl: Duration,
        until: Instant,
    ) -> Result<Found, Error> {
        self.check_for_stall_at(key)?;
        let acquired = self.connection()?.acquire(key, lease, whole_millis(ttl), until).await;
        self.leases.learn(&acquired);
        acquired
    }

    async fn swap(
        &self,
        key: &str,
        mark: &CasToken,
        value: &[u8],
        ttl: Option<Duration>,
        until: Instant,
    ) -> Result<bool, Error> {
        if value.len() == mark.len() {
            // A lease that replaces something else.
            self.check_for_stall_at(key)?;
        }
        self.connection()?.swap(Swap { key, mark, value, ttl }, until).await
    }

    async fn release(&self, key: &str, mark: &CasToken, until: Instant) -> Result<(), Error> {
        self.check_for_stall_at(key)?;
        self.connection()?.release(&[(key, *mark)], until).await
    }

    async fn clear(&self, key: &str, until: Instant) -> Result<(), Error> {
        self.check_for_stall_at(key)?;
        self.connection()?.clear(key, until).await
    }

    async fn set(&self, key: &str, value: &[u8], ttl: Option<Duration>, until: Instant) -> Result<(), Error> {
        let doing = sized("SET", value);
        self.run(&doing, &set(key, value, ttl), until).await?.map_err(|error| translate(&doing, error))?;
        Ok(())
    }

    async fn remove(&self, key: &str, until: Instant) -> Result<(), Error> {
        self.remove_all(&[key], until).await
    }

    // One command on several keys: a cluster takes it only if they are in one slot, and will have to be asked slot by slot.
    async fn remove_all(&self, keys: &[&str], until: Instant) -> Result<(), Error> {
        if keys.is_empty() {
            return Ok(());
        }
        self.connection()?.remove(keys, until).await?.map_err(|error| translate("UNLINK", error))?;
        Ok(())
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

    async fn remove_scanned(&self, keys: &[Vec<u8>], until: Instant) -> Result<u64, Error> {
        if keys.is_empty() {
            return Ok(0);
        }
        let answer = self.connection()?.remove(keys, until).await?;
        answer.and_then(|answer| Ok(from_redis_value(answer)?)).map_err(|error| translate("UNLINK", error))
    }

    async fn get_several(&self, keys: &[&str], how: Asking, until: Instant) -> Result<Several, Error> {
        match how {
            Asking::Plain => {
                let connection = self.connection()?;
                let mut command = Cmd::with_capacity(1 + keys.len(), 64 * (1 + keys.len()));
                command.arg("MGET").arg(keys);
                several(connection.run("MGET", &command, until).await?, None, keys.len(), Epoch(0))
            }
            Asking::WithLeft => {
                let connection = self.connection()?;
                several_with_left(&connection, keys, until).await
            }
            Asking::Watched => several_with_left(self.tracking_connection()?, keys, until).await,
        }
    }

    async fn tag(&self, keys: &[KeyBuf], life: TagTtl, until: Instant) -> Result<Vec<Nonce>, Error> {
        let keys: Vec<&str> = keys.iter().map(|key| &**key).collect();
        keys.first().map_or(Ok(()), |key| self.check_for_stall_at(key))?;
        self.connection()?.tag(&keys, life, until).await
    }

    async fn get_many(&self, keys: &[&str], until: Instant) -> Result<Vec<Found>, Error> {
        self.found_many(keys, until).await
    }

    async fn left_many(&self, keys: &[&str], until: Instant) -> Result<Vec<Left>, Error> {
        self.times_left(keys, until).await
    }

    async fn get_many_with_left(&self, keys: &[&str], until: Instant) -> Result<Vec<(Found, Left)>, Error> {
        let connection = self.connection()?;
        Ok(found_many_with_left(&connection, keys, until).await?.0)
    }

    async fn get_many_watched(
        &self,
        keys: &[&str],
        until: Instant,
    ) -> Result<(Vec<(Found, Left)>, Epoch), Error> {
        found_many_with_left(self.tracking_connection()?, keys, until).await
    }

    async fn acquire_many(
        &self,
        leases: &[(&str, CasToken)],
        ttl: Duration,
        until: Instant,
    ) -> Result<Vec<Result<Found, Error>>, Error> {
        self.acquired_many(leases, ttl, until).await
    }

    async fn swap_many(&self, swaps: &[Swap<'_>], until: Instant) -> Result<Vec<Result<bool, Error>>, Error> {
        self.swapped_many(swaps, until).await
    }

    async fn release_many(&self, leases: &[(&str, CasToken)], until: Instant) -> Result<(), Error> {
        self.released_many(leases, until).await
    }

    async fn set_many(&self, sets: &[Set<'_>], until: Instant) -> Result<(), Error> {
        self.stored_many(sets, until).await
    }
}

fn several(
    answer: Result<Value, RedisError>,
    left: Option<Left>,
    keys: usize,
    epoch: Epoch,
) -> Result<Several, Error> {
    match answer.map_err(|error| translate("MGET", error))? {
        Value::Array(values) if values.len() == keys => {
            let found = values.into_iter().map(|value| found("MGET", Ok(value))).collect::<Result<_, _>>()?;
            Ok(Several { found, left, epoch })
        }
        _ => Err(strange("MGET")),
    }
}

async fn several_with_left(
    connection: &RuntimeConnection,
    keys: &[&str],
    until: Instant,
) -> Result<Several, Error> {
    let mut pipeline = redis::Pipeline::with_capacity(2);
    // The TTL first, as for one key.
    pipeline.cmd("PTTL").arg(keys.first()).cmd("MGET").arg(keys);
    let ([time, values], epoch) = connection.run_both("MGET", &pipeline, until).await?;
    let left = left(&time.map_err(|error| translate("PTTL", error))?);
    several(values, Some(left), keys.len(), epoch)
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

/// The value of the key, its remaining time to live, and the epoch of the connection.
async fn found_with_left(
    connection: &RuntimeConnection,
    key: &str,
    until: Instant,
) -> Result<(Found, Left, Epoch), Error> {
    let mut pipeline = redis::Pipeline::with_capacity(2);
    // The TTL first: if the entry is replaced in between, it is paired with the older, shorter TTL, and at worst refreshed too
    // early.
    pipeline.cmd("PTTL").arg(key).cmd("GET").arg(key);
    let ([time, value], epoch) = connection.run_both("GET", &pipeline, until).await?;
    let left = left(&time.map_err(|error| translate("PTTL", error))?);
    Ok((found("GET", value)?, left, epoch))
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
