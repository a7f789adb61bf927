//! Compare-and-set: replaces or removes a value only if it is still the one that was seen, atomically.
//!
//! There are three ways. `SET … IFEQ` compares whole values; a lease consists of its token alone. A script compares the token of any
//! value. With only `IFEQ`, a value that is longer than its token is read first and then compared as a whole: no two writes have the
//! same token, so no other value is equal. A value to be removed is replaced by a lease that expires at once.

use crate::store::vocabulary;
use std::borrow::Cow;
use std::time::{Duration, Instant};

use redis::{Cmd, RedisResult, Value};

use super::{MillisText, millis_text};
use crate::error::{Error, ErrorKind};
use crate::store::redis::abilities::{Abilities, Ability};
use crate::store::redis::commands::{get, pipeline};
use crate::store::redis::connection::connect::NOBODYS;
use crate::store::redis::connection::runtime_connection::RuntimeConnection;
use crate::store::redis::error::{is_wrong_type, translate};
use crate::store::redis::lua::{ACQUIRE, CLEAR, MOST_KEYS, RELEASE, SWAP, SWAP_MANY, Script};
use crate::store::redis::replies::{found, strange};
use crate::store::vocabulary::LEASE;
use crate::store::vocabulary::{CasToken, Found, KeyResults, Swap};
use crate::util::clock::whole_millis;
use crate::util::random;

/// Errors about values of at least this size say how large the value was.
const LARGE: usize = 1 << 20;

impl RuntimeConnection {
    /// Replaces a value only if it still begins with its token.
    pub(crate) async fn swap(&self, swap: Swap<'_>, until: Instant) -> Result<bool, Error> {
        let Swap { key, mark, value, ttl } = swap;
        let abilities = self.abilities();
        if abilities.ifeq.is(Ability::YES)
            && let Some(command) = set_ifeq(&swap)
        {
            let answer = self.run(&sized("store", value), &command, until).await?;
            abilities.ifeq.learn(&answer);
            if abilities.ifeq.is(Ability::YES) {
                return swapped(answer);
            }
        }
        if !abilities.of(&SWAP).is(Ability::NO) {
            let millis = millis_text(ttl);
            let (doing, arguments) = (sized("store", value), [mark, value, &millis[..]]);
            let answer = self.script(&abilities, &SWAP, &doing, &[key], &arguments, until).await?;
            if !abilities.of(&SWAP).is(Ability::NO) {
                let done = swapped(answer)?;
                if done {
                    self.try_ifeq(&abilities, &swap, until).await;
                }
                return Ok(done);
            }
        }
        Box::pin(self.swap_whole(&abilities, &SWAP, &[swap], until))
            .await?
            .pop()
            .unwrap_or_else(|| Err(strange("store")))
    }

    /// [`swap`](Self::swap) for several keys, atomic for each; an answer for each.
    pub(crate) async fn swap_each(&self, swaps: &[Swap<'_>], until: Instant) -> KeyResults<bool> {
        let abilities = self.abilities();
        let mut done = Vec::with_capacity(swaps.len());
        if abilities.ifeq.is(Ability::YES) && swaps.iter().all(|swap| is_whole(swap)) {
            return self.swap_whole(&abilities, &SWAP_MANY, swaps, until).await;
        }
        for swaps in swaps.chunks(MOST_KEYS) {
            done.extend(match self.swap_by_script(&abilities, swaps, until).await? {
                Some(done) => done,
                None => self.swap_whole(&abilities, &SWAP_MANY, swaps, until).await?,
            });
        }
        if let Some((swap, _)) = swaps.iter().zip(&done).find(|(_, done)| matches!(done, Ok(true))) {
            self.try_ifeq(&abilities, swap, until).await;
        }
        Ok(done)
    }

    /// One script for all of them: a call costs the server more than a key does. `None` if it has no scripts.
    async fn swap_by_script(
        &self,
        abilities: &Abilities,
        swaps: &[Swap<'_>],
        until: Instant,
    ) -> Result<Option<Vec<Result<bool, Error>>>, Error> {
        if abilities.of(&SWAP_MANY).is(Ability::NO) {
            return Ok(None);
        }
        let times: Vec<MillisText> = swaps.iter().map(|swap| millis_text(swap.ttl)).collect();
        if self.is_cluster_node {
            let calls = swaps.iter().zip(&times);
            let calls = calls.map(|(swap, time)| (swap.key, vec![&swap.mark[..], swap.value, &time[..]]));
            let answers =
                self.script_each(abilities, &SWAP, "store", &calls.collect::<Vec<_>>(), until).await?;
            let is_refused = abilities.of(&SWAP).is(Ability::NO);
            return Ok((!is_refused).then(|| answers.into_iter().map(swapped).collect()));
        }
        let keys: Vec<&str> = swaps.iter().map(|swap| swap.key).collect();
        let mut arguments: Vec<&[u8]> = Vec::with_capacity(3 * swaps.len());
        for (swap, time) in swaps.iter().zip(&times) {
            arguments.extend([&swap.mark[..], swap.value, &time[..]]);
        }
        match self.script(abilities, &SWAP_MANY, "store", &keys, &arguments, until).await? {
            _ if abilities.of(&SWAP_MANY).is(Ability::NO) => Ok(None),
            Ok(Value::Array(done)) if done.len() == swaps.len() => {
                Ok(Some(done.into_iter().map(|done| swapped(Ok(done))).collect()))
            }
            Ok(_) => Err(strange("store")),
            Err(error) => Err(translate("store", error)),
        }
    }

    /// Finds out whether the server supports `IFEQ`, after a value was stored: no caller waits for a refusal, and a store is one command
    /// even if the program ends right after it. The lease has been replaced, so a server with `IFEQ` changes nothing.
    async fn try_ifeq(&self, abilities: &Abilities, stored: &Swap<'_>, until: Instant) {
        let Swap { mark, value, .. } = *stored;
        if abilities.ifeq.is_unknown()
            && value.len() > mark.len()
            && let Some(command) = set_ifeq(&Swap { value: mark, ..*stored })
            // The value is stored, whatever the answer.
            && let Ok(answer) = self.run("SET IFEQ", &command, until).await
        {
            abilities.ifeq.learn(&answer);
        }
    }

    /// By `SET … IFEQ` alone, because the script is refused.
    async fn swap_whole(
        &self,
        abilities: &Abilities,
        script: &Script,
        swaps: &[Swap<'_>],
        until: Instant,
    ) -> KeyResults<bool> {
        let no_way = || {
            // The script may be allowed next time.
            abilities.of(script).forget();
            Err(cannot_compare())
        };
        if abilities.ifeq.is(Ability::NO) {
            return no_way();
        }
        let longer = || swaps.iter().filter(|swap| !is_whole(swap));
        let (answers, _) =
            self.run_all("GET", &pipeline(longer().map(|swap| get(swap.key.as_bytes()))), until).await?;
        let mut there = answers.into_iter().map(|answer| found("GET", answer));
        // The command for each value, or the answer without one.
        let mut planned = Vec::with_capacity(swaps.len());
        for swap in swaps {
            planned.push(match set_ifeq(swap) {
                Some(command) => Ok(command),
                None => match there.next() {
                    Some(Ok(Found::Bytes(old))) if old.starts_with(swap.mark) => {
                        let value = if swap.value == swap.mark { &old[..] } else { swap.value };
                        Ok(set_if(swap.key, &old, value, swap.ttl))
                    }
                    Some(Err(error)) => Err(Err(error)),
                    _ => Err(Ok(false)),
                },
            });
        }
        let commands = pipeline(planned.iter().filter_map(|plan| plan.as_ref().ok().cloned()));
        let answers = self.run_all("store", &commands, until).await?.0;
        answers.iter().for_each(|answer| abilities.ifeq.learn(answer));
        if abilities.ifeq.is(Ability::NO) {
            return no_way();
        }
        let mut answers = answers.into_iter();
        Ok(planned
            .into_iter()
            .map(|plan| match plan {
                Ok(_) => answers.next().map_or_else(|| Err(strange("store")), swapped),
                Err(without) => without,
            })
            .collect())
    }

    /// [`release`](Self::release) with one step and one answer for each key.
    pub(crate) async fn release_each(&self, leases: &[(&str, CasToken)], until: Instant) -> KeyResults<()> {
        let abilities = self.abilities();
        if never_leased(&abilities, leases) {
            return Ok(leases.iter().map(|_| Ok(())).collect());
        }
        if !abilities.of(&RELEASE).is(Ability::NO) {
            let calls: Vec<_> = leases.iter().map(|(key, mark)| (*key, vec![&mark[..]])).collect();
            let answers = self.script_each(&abilities, &RELEASE, "release", &calls, until).await?;
            if !abilities.of(&RELEASE).is(Ability::NO) {
                let done = |answer: RedisResult<Value>| {
                    answer.map(drop).map_err(|error| translate("release", error))
                };
                return Ok(answers.into_iter().map(done).collect());
            }
        }
        self.release_without_script(&abilities, leases, until).await
    }

    /// Lets something end at once that takes the place of each lease.
    async fn release_without_script(
        &self,
        abilities: &Abilities,
        leases: &[(&str, CasToken)],
        until: Instant,
    ) -> KeyResults<()> {
        // A new token: the old one must not be found again.
        let over: Vec<CasToken> = leases.iter().map(|(_, mark)| over(mark)).collect();
        let swaps = leases.iter().zip(&over);
        let swaps =
            swaps.map(|((key, mark), over)| Swap { key, mark, value: over, ttl: Some(Duration::ZERO) });
        let done = self.swap_whole(abilities, &RELEASE, &swaps.collect::<Vec<_>>(), until).await?;
        Ok(done.into_iter().map(|done| done.map(drop)).collect())
    }

    /// Removes each value only if it still begins with its token.
    pub(crate) async fn release(&self, leases: &[(&str, CasToken)], until: Instant) -> Result<(), Error> {
        let abilities = self.abilities();
        if never_leased(&abilities, leases) {
            return Ok(());
        }
        for leases in leases.chunks(MOST_KEYS) {
            let mut refused = None;
            if !abilities.of(&RELEASE).is(Ability::NO) {
                let keys: Vec<&str> = leases.iter().map(|(key, _)| *key).collect();
                let marks: Vec<&[u8]> = leases.iter().map(|(_, mark)| &mark[..]).collect();
                let answer = self.script(&abilities, &RELEASE, "release", &keys, &marks, until).await?;
                if !abilities.of(&RELEASE).is(Ability::NO) {
                    answer.map_err(|error| translate("release", error))?;
                    continue;
                }
                refused = answer.err();
            }
            let done = self.release_without_script(&abilities, leases, until).await;
            match (done, refused) {
                // It says more than that there is no other way.
                (Err(_), Some(refused)) if abilities.ifeq.is(Ability::NO) => {
                    return Err(translate("release", refused));
                }
                (done, _) => done?.into_iter().collect::<Result<(), _>>()?,
            }
        }
        Ok(())
    }

    /// Removes a value that is too short for a token, or of another type.
    pub(crate) async fn clear(&self, key: &str, until: Instant) -> Result<(), Error> {
        let abilities = self.abilities();
        if !abilities.of(&CLEAR).is(Ability::NO) {
            let answer = self.script(&abilities, &CLEAR, "clear", &[key], &[], until).await?;
            if !abilities.of(&CLEAR).is(Ability::NO) {
                return answer.map(drop).map_err(|error| translate("clear", error));
            }
        }
        match found("GET", self.run("GET", &get(key.as_bytes()), until).await?)? {
            Found::Bytes(short) if short.len() < vocabulary::lease(&[0; 16]).len() => {
                let lease = vocabulary::lease(&random::nonce());
                let command = set_if(key, &short, &lease, Some(Duration::ZERO));
                let answer = self.run("clear", &command, until).await?;
                answer.map(drop).map_err(|error| translate("clear", error))
            }
            Found::Bytes(_) | Found::Absent => Ok(()),
            // No command removes only values of another type.
            Found::Foreign => {
                abilities.of(&CLEAR).forget();
                let reason =
                    "cannot clear: what is at the key is no string, and to remove it takes a script (EVAL)";
                Err(Error::new(ErrorKind::Server, reason))
            }
        }
    }

    /// Finds out before the first call whether anything can be stored, so that a program that connects at its start learns it then.
    pub(crate) async fn look_around(&self, until: Instant) {
        // No value has this token. If the user may not access the key, the first lease request will tell.
        let _ = self.release(&[(NOBODYS, vocabulary::lease(&random::nonce()))], until).await;
        let _ = self.check_that_it_stores(&self.abilities());
    }

    /// Whether a value can be stored once it is computed. On a new connection whose server refuses scripts that is not known yet.
    pub(crate) async fn find_a_way(
        &self,
        abilities: &Abilities,
        key: &str,
        until: Instant,
    ) -> Result<(), Error> {
        if abilities.compares().is_none() && abilities.of(&ACQUIRE).is(Ability::NO) {
            // With two tokens that were never written, this changes nothing.
            let marks = [vocabulary::lease(&random::nonce()), vocabulary::lease(&random::nonce())];
            let answer =
                self.run("SET IFEQ", &set_if(key, &marks[0], &marks[1], Some(Duration::ZERO)), until).await?;
            abilities.ifeq.learn(&answer);
            if let Err(error) = answer
                && !is_wrong_type(&error)
                && !abilities.ifeq.is(Ability::NO)
            {
                return Err(translate("SET IFEQ", error));
            }
        }
        self.check_that_it_stores(abilities)
    }

    fn check_that_it_stores(&self, abilities: &Abilities) -> Result<(), Error> {
        if abilities.compares() != Some(false) {
            return Ok(());
        }
        let error = cannot_compare();
        if let Some(Ok(connection)) = self.now() {
            connection.server().stores_nothing(&error);
        }
        Err(error)
    }
}

fn cannot_compare() -> Error {
    Error::new(
        ErrorKind::Server,
        "cannot store: that takes EVAL, or SET with IFEQ (Redis 8.4, Valkey 8.1), and the server has neither for this user",
    )
}

/// Whether there is nothing to release: no lease is requested where nothing compares, and one from before that was known expires by itself.
fn never_leased(abilities: &Abilities, leases: &[(&str, CasToken)]) -> bool {
    abilities.compares() == Some(false) && leases.iter().all(|(_, mark)| mark[0] == LEASE)
}

/// The token of the lease that replaces a value to be removed.
fn over(mark: &CasToken) -> CasToken {
    // The same for a lease: then it need not be read first.
    if mark[0] == LEASE { *mark } else { vocabulary::lease(&random::nonce()) }
}

/// Whether the value to be replaced consists of its token alone. Foreign bytes, which may begin like a lease, are replaced by a lease; a
/// lease is replaced by a value, or by itself.
fn is_whole(Swap { mark, value, .. }: &Swap<'_>) -> bool {
    mark[0] == LEASE && (value.len() > mark.len() || value == mark)
}

/// `None` if the value to be replaced does not consist of its token alone.
fn set_ifeq(swap: &Swap<'_>) -> Option<Cmd> {
    is_whole(swap).then(|| set_if(swap.key, swap.mark, swap.value, swap.ttl))
}

fn set_if(key: &str, old: &[u8], value: &[u8], ttl: Option<Duration>) -> Cmd {
    let mut command = Cmd::with_capacity(7, key.len() + value.len() + old.len() + 64);
    command.arg("SET").arg(key).arg(value).arg("IFEQ").arg(old);
    match ttl {
        // An instant in the past: the lease expires as it is written.
        Some(Duration::ZERO) => command.arg("PXAT").arg(1),
        Some(ttl) => command.arg("PX").arg(whole_millis(ttl)),
        None => &mut command,
    };
    command
}

/// `OK` of `SET … IFEQ` and 1 of a script are `true`; nil, 0 and another type are `false`.
fn swapped(answer: RedisResult<Value>) -> Result<bool, Error> {
    match answer {
        Ok(Value::Okay | Value::Int(1..)) => Ok(true),
        Ok(_) => Ok(false),
        Err(error) if is_wrong_type(&error) => Ok(false),
        Err(error) => Err(translate("store", error)),
    }
}

/// The operation, with the size of a value that may fail for being large.
pub(crate) fn sized<'a>(doing: &'a str, value: &[u8]) -> Cow<'a, str> {
    match value.len() {
        ..LARGE => doing.into(),
        bytes => format!("{doing} {bytes} bytes").into(),
    }
}
