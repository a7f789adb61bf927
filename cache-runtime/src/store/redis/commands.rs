//! The store's operations as commands.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use redis::{Cmd, RedisError, Value, cmd, from_redis_value};

use super::RedisStore;
use super::error::{is_no_script, is_syntax_error, is_wrong_type, translate};
use super::lane::Lane;
use super::many::found_many_with_left;
use super::reads::Way;
use super::script::{ACQUIRE, CLEAR, RELEASE, SWAP, Script, TAG};
use crate::decision::whole_millis;
use crate::entry::header::{LEASE, Nonce};
use crate::error::{Error, ErrorKind};
use crate::key::KeyBuf;
use crate::random;
use crate::store::{Asking, Epoch, Found, Left, Mark, Scanned, Set, Several, Store, Swap};
use crate::tags::Life;

/// From how many bytes on an error says how many they were.
const LARGE: usize = 1 << 20;

/// How many keys a step of a scan looks at, about. Others are served between two steps.
const SCANNED_AT_ONCE: usize = 1000;

/// What the server knows, found by trying once. A script does the same elsewhere.
#[derive(Debug, Default)]
pub(super) struct Abilities {
    /// `SET … NX GET`: Redis 7.0, Valkey.
    pub(super) nx_get: Ability,
    /// `SET … IFEQ`: Redis 8.4, Valkey 8.1.
    pub(super) ifeq: Ability,
    /// Which scripts it has been taught.
    scripts: [Ability; 6],
}

impl Abilities {
    pub(super) fn of(&self, script: &Script) -> &Ability {
        &self.scripts[script.index]
    }
}

#[derive(Debug, Default)]
pub(super) struct Ability(AtomicU8);

impl Ability {
    pub(super) const YES: u8 = 1;
    pub(super) const NO: u8 = 2;

    pub(super) fn is(&self, known: u8) -> bool {
        self.0.load(Ordering::Relaxed) == known
    }

    pub(super) fn is_unknown(&self) -> bool {
        self.is(0)
    }

    /// Learns from the answer to a command that takes the ability.
    pub(super) fn learn(&self, answer: &Result<Value, RedisError>) {
        match answer {
            Ok(_) => self.0.store(Self::YES, Ordering::Relaxed),
            Err(error) if is_syntax_error(error) => self.0.store(Self::NO, Ordering::Relaxed),
            Err(_) => {}
        }
    }
}

impl RedisStore {
    /// One round trip; two where a server has forgotten the script, after a restart for example.
    pub(super) async fn script(
        &self,
        script: &Script,
        doing: &str,
        keys: &[&str],
        arguments: &[&[u8]],
        until: Instant,
    ) -> Result<Result<Value, RedisError>, Error> {
        // Never by name before it is known there: a store is one command even if the program ends behind it.
        let known = self.abilities.of(script);
        if known.is(Ability::YES) {
            let answer = self.run(doing, &script.by_name(keys, arguments), until).await?;
            if !answer.as_ref().is_err_and(is_no_script) {
                return Ok(answer);
            }
        }
        let answer = self.run(doing, &script.by_text(keys, arguments), until).await?;
        known.learn(&answer);
        Ok(answer)
    }

    /// `SET NX GET`, or what stands for it.
    async fn acquired(&self, key: &str, lease: &Mark, millis: u64, until: Instant) -> Result<Found, Error> {
        let nx_get = &self.abilities.nx_get;
        if !nx_get.is(Ability::NO) {
            let lane = self.lane()?;
            let command = set_nx_get(key, lease, millis);
            let (_asking, is_alone) = lane.leases.enter();
            if !is_alone && nx_get.is(Ability::YES) {
                return lane.acquire_together(command, until).await;
            }
            let answer = lane.run("SET NX GET", &command, until).await?;
            nx_get.learn(&answer);
            if !nx_get.is(Ability::NO) {
                return found("SET NX GET", answer);
            }
        }
        let millis = millis.to_string();
        found("SET NX", self.script(&ACQUIRE, "SET NX", &[key], &[lease, millis.as_bytes()], until).await?)
    }
}

impl Store for RedisStore {
    async fn get(&self, key: &str, until: Instant) -> Result<Found, Error> {
        let lane = self.lane()?;
        let reading = lane.reads.enter();
        match reading.way() {
            Way::Alone => return lane.read_alone(key, until).await,
            Way::Together => {
                if let Some(found) = lane.read_together(key, until).await {
                    return found;
                }
            }
            Way::OneByOne => {}
        }
        // A box, so that the future of other servers' hits is small.
        found("GET", Box::pin(lane.run("GET", &get(key.as_bytes()), until)).await?)
    }

    async fn get_with_left(&self, key: &str, until: Instant) -> Result<(Found, Left), Error> {
        let lane = self.lane()?;
        let (found, left, _) = found_with_left(&lane, key, until).await?;
        Ok((found, left))
    }

    async fn get_watched(&self, key: &str, until: Instant) -> Result<(Found, Left, Epoch), Error> {
        found_with_left(self.watched_lane()?, key, until).await
    }

    async fn acquire(&self, key: &str, lease: &Mark, ttl: Duration, until: Instant) -> Result<Found, Error> {
        self.check_for_stall_at(key)?;
        let acquired = self.acquired(key, lease, whole_millis(ttl), until).await;
        self.leases.learn(&acquired);
        acquired
    }

    async fn swap(
        &self,
        key: &str,
        mark: &Mark,
        value: &[u8],
        ttl: Option<Duration>,
        until: Instant,
    ) -> Result<bool, Error> {
        if value.len() == mark.len() {
            // A lease in place of something else.
            self.check_for_stall_at(key)?;
        }
        let millis = ttl.map(whole_millis);
        let ifeq = &self.abilities.ifeq;
        if ifeq.is(Ability::YES)
            && let Some(command) = set_ifeq(key, mark, value, millis)
        {
            return swapped(self.run(&sized("store", value), &command, until).await?);
        }
        let text = millis.map(|millis| millis.to_string()).unwrap_or_default();
        let done = swapped(
            self.script(&SWAP, &sized("store", value), &[key], &[mark, value, text.as_bytes()], until)
                .await?,
        )?;
        // Tried when all is done, so that nothing waits for an answer that may be a refusal: a store is one command even if the
        // program ends behind it. The lease is gone by now, so whoever knows IFEQ does nothing.
        if done
            && value.len() > mark.len()
            && ifeq.is_unknown()
            && let Some(command) = set_ifeq(key, mark, mark, millis)
            // It is stored, whatever becomes of this.
            && let Ok(answer) = self.run("SET IFEQ", &command, until).await
        {
            ifeq.learn(&answer);
        }
        Ok(done)
    }

    async fn release(&self, key: &str, mark: &Mark, until: Instant) -> Result<(), Error> {
        self.check_for_stall_at(key)?;
        swapped(self.script(&RELEASE, "release", &[key], &[mark], until).await?)?;
        Ok(())
    }

    async fn clear(&self, key: &str, until: Instant) -> Result<(), Error> {
        self.check_for_stall_at(key)?;
        self.script(&CLEAR, "clear", &[key], &[], until).await?.map_err(|error| translate("clear", error))?;
        Ok(())
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
        let mut command = cmd("UNLINK");
        command.arg(keys);
        self.run("UNLINK", &command, until).await?.map_err(|error| translate("UNLINK", error))?;
        Ok(())
    }

    async fn scan(&self, prefix: &str, cursor: u64, until: Instant) -> Result<Scanned, Error> {
        let mut scan = cmd("SCAN");
        scan.arg(cursor).arg("MATCH").arg(beginning_with(prefix)).arg("COUNT").arg(SCANNED_AT_ONCE);
        let answer = self.run("SCAN", &scan, until).await?;
        let scanned = answer.and_then(|answer| Ok(from_redis_value::<(u64, Vec<Vec<u8>>)>(answer)?));
        let (cursor, mut keys) = scanned.map_err(|error| translate("SCAN", error))?;
        // Removed for what they are, whatever a server makes of the pattern.
        keys.retain(|key| key.starts_with(prefix.as_bytes()));
        Ok(Scanned { cursor, keys })
    }

    async fn remove_scanned(&self, keys: &[Vec<u8>], until: Instant) -> Result<u64, Error> {
        if keys.is_empty() {
            return Ok(0);
        }
        let mut unlink = cmd("UNLINK");
        unlink.arg(keys);
        let answer = self.run("UNLINK", &unlink, until).await?;
        answer.and_then(|answer| Ok(from_redis_value(answer)?)).map_err(|error| translate("UNLINK", error))
    }

    async fn get_several(&self, keys: &[&str], how: Asking, until: Instant) -> Result<Several, Error> {
        match how {
            Asking::Plain => {
                let lane = self.lane()?;
                let mut command = Cmd::with_capacity(1 + keys.len(), 64 * (1 + keys.len()));
                command.arg("MGET").arg(keys);
                several(lane.run("MGET", &command, until).await?, None, keys.len(), Epoch(0))
            }
            Asking::WithLeft => {
                let lane = self.lane()?;
                several_with_left(&lane, keys, until).await
            }
            Asking::Watched => several_with_left(self.watched_lane()?, keys, until).await,
        }
    }

    async fn tag(&self, keys: &[KeyBuf], life: Life, until: Instant) -> Result<Vec<Nonce>, Error> {
        let keys: Vec<&str> = keys.iter().map(|key| &**key).collect();
        keys.first().map_or(Ok(()), |key| self.check_for_stall_at(key))?;
        let [least, given] = [life.least, life.given()]
            .map(|time| time.map(|time| whole_millis(time).to_string()).unwrap_or_default());
        let new: Vec<Nonce> = keys.iter().map(|_| random::nonce()).collect();
        let mut arguments = vec![least.as_bytes(), given.as_bytes()];
        arguments.extend(new.iter().map(|nonce| &nonce[..]));
        let answer = self.script(&TAG, "tag", &keys, &arguments, until).await?;
        let nonce = |value: Value| match value {
            Value::BulkString(bytes) => Nonce::try_from(bytes).ok(),
            _ => None,
        };
        match answer.map_err(|error| translate("tag", error))? {
            Value::Array(values) if values.len() == keys.len() => values.into_iter().map(nonce).collect(),
            _ => None,
        }
        .ok_or_else(|| strange("tag"))
    }

    async fn get_many(&self, keys: &[&str], until: Instant) -> Result<Vec<Found>, Error> {
        self.found_many(keys, until).await
    }

    async fn left_many(&self, keys: &[&str], until: Instant) -> Result<Vec<Left>, Error> {
        self.times_left(keys, until).await
    }

    async fn get_many_with_left(&self, keys: &[&str], until: Instant) -> Result<Vec<(Found, Left)>, Error> {
        let lane = self.lane()?;
        Ok(found_many_with_left(&lane, keys, until).await?.0)
    }

    async fn get_many_watched(
        &self,
        keys: &[&str],
        until: Instant,
    ) -> Result<(Vec<(Found, Left)>, Epoch), Error> {
        found_many_with_left(self.watched_lane()?, keys, until).await
    }

    async fn acquire_many(
        &self,
        leases: &[(&str, Mark)],
        ttl: Duration,
        until: Instant,
    ) -> Result<Vec<Result<Found, Error>>, Error> {
        self.acquired_many(leases, ttl, until).await
    }

    async fn swap_many(&self, swaps: &[Swap<'_>], until: Instant) -> Result<Vec<Result<bool, Error>>, Error> {
        self.swapped_many(swaps, until).await
    }

    async fn release_many(&self, leases: &[(&str, Mark)], until: Instant) -> Result<(), Error> {
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

async fn several_with_left(lane: &Lane, keys: &[&str], until: Instant) -> Result<Several, Error> {
    let mut pipeline = redis::Pipeline::with_capacity(2);
    // The time first, as for one key.
    pipeline.cmd("PTTL").arg(keys.first()).cmd("MGET").arg(keys);
    let ([time, values], epoch) = lane.run_both("MGET", &pipeline, until).await?;
    let left = left(&time.map_err(|error| translate("PTTL", error))?);
    several(values, Some(left), keys.len(), epoch)
}

pub(super) fn strange(doing: &str) -> Error {
    Error::new(ErrorKind::Server, format!("cannot {doing}: the answer is not what was asked for"))
}

pub(super) fn set_nx_get(key: &str, lease: &Mark, millis: u64) -> Cmd {
    let mut command = Cmd::with_capacity(7, key.len() + 64);
    command.arg("SET").arg(key).arg(lease).arg("NX").arg("GET").arg("PX").arg(millis);
    command
}

/// `None` where IFEQ cannot stand for a comparison of marks: it compares the whole value, and only a lease is its mark and
/// nothing else. Who takes the place of foreign bytes, which may begin like one, puts a lease there; who has a lease puts a
/// value, or the same lease again.
pub(super) fn set_ifeq(key: &str, mark: &Mark, value: &[u8], millis: Option<u64>) -> Option<Cmd> {
    (mark[0] == LEASE && (value.len() > mark.len() || value == mark)).then(|| {
        let mut command = Cmd::with_capacity(7, key.len() + value.len() + 64);
        command.arg("SET").arg(key).arg(value).arg("IFEQ").arg(mark);
        if let Some(millis) = millis {
            command.arg("PX").arg(millis);
        }
        command
    })
}

/// What is done, with the size of a value that is so large that this may be why it fails.
fn sized<'a>(doing: &'a str, value: &[u8]) -> Cow<'a, str> {
    match value.len() {
        ..LARGE => doing.into(),
        bytes => format!("{doing} {bytes} bytes").into(),
    }
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

/// What is at the key, how long it has left, and over which connection that was asked.
async fn found_with_left(lane: &Lane, key: &str, until: Instant) -> Result<(Found, Left, Epoch), Error> {
    let mut pipeline = redis::Pipeline::with_capacity(2);
    // The time first: should the entry be replaced in between, the older, shorter time belongs to it, and at worst it is
    // refreshed too early.
    pipeline.cmd("PTTL").arg(key).cmd("GET").arg(key);
    let ([time, value], epoch) = lane.run_both("GET", &pipeline, until).await?;
    let left = left(&time.map_err(|error| translate("PTTL", error))?);
    Ok((found("GET", value)?, left, epoch))
}

/// The pattern of all keys that begin with `prefix`, whatever stands in it.
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

/// `OK` of `SET … IFEQ` and 1 of a script; nil and 0 where something else was there, and so is another type.
pub(super) fn swapped(answer: Result<Value, RedisError>) -> Result<bool, Error> {
    match answer {
        Ok(Value::Okay | Value::Int(1..)) => Ok(true),
        Ok(_) => Ok(false),
        Err(error) if is_wrong_type(&error) => Ok(false),
        Err(error) => Err(translate("store", error)),
    }
}
