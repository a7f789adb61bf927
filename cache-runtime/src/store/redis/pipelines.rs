//! Operations on several keys: one pipeline each, so that a hundred keys take one round trip.
//!
//! A pipeline is not atomic. Each of its commands is, for its key, and nothing here needs more. The server answers other clients
//! between two commands, so only the size of one command delays them: an `MGET` has at most [`KEYS`] keys.

use std::mem::swap;
use std::slice::from_mut;
use std::time::Instant;

use redis::{RedisResult, ToRedisArgs, Value, from_redis_value};

use super::abilities::{Abilities, Ability};
use super::commands::{pipeline, remove, set};
use super::connection::read_requests::{KeyArguments, ReadRequests};
use super::connection::runtime_connection::RuntimeConnection;
use super::error::{is_about_mget, is_refused, translate};
use super::replies::{found, timed, times_left, values_of};
use crate::error::Error;
use crate::store::vocabulary::{Epoch, Epochs, KeyAnswer, KeyQuestion, KeyResults, KeyWrite, Several};

/// The most keys of one `MGET`.
const KEYS: usize = 512;

impl RuntimeConnection {
    /// What is at the keys, and how long the first `timed` of them have left.
    pub(super) async fn read_several(
        &self,
        keys: &[&str],
        timed: usize,
        until: Instant,
    ) -> Result<Several, Error> {
        let mut times = ReadRequests::default();
        // The times first: should an entry be replaced in between, the older, shorter time belongs to it, and at worst it is
        // refreshed too early.
        keys[..timed].iter().for_each(|key| times.pttl(key));
        // A lone key is asked for by `GET`, which tells of another type.
        if keys.len() > 1 && !self.abilities().mget.is(Ability::NO) {
            let mut reads = times.clone();
            keys.chunks(KEYS).for_each(|keys| reads.mget(&KeyArguments::of(keys)));
            let (mut answers, epoch) = self.run_reads("MGET", &reads, until).await?;
            match answers.split_off(timed).into_iter().collect::<RedisResult<Vec<Value>>>() {
                Ok(values) => {
                    let found = values_of(values, keys.len())?;
                    return Ok(Several { found, left: times_left(answers)?, epochs: Epochs::one(epoch) });
                }
                Err(error) if is_about_mget(&error) => self.abilities().mget.refuse(),
                Err(error) => return Err(translate("MGET", error)),
            }
        }
        let mut reads = times;
        keys.iter().for_each(|key| reads.get(key.as_bytes()));
        let (mut answers, epoch) = self.run_reads("GET", &reads, until).await?;
        let values = answers.split_off(timed);
        let found = values.into_iter().map(|value| found("GET", value)).collect();
        Ok(Several { found, left: times_left(answers)?, epochs: Epochs::one(epoch) })
    }

    /// What is at each key, and how long those have left of which that is asked. An answer for each.
    pub(super) async fn read_each(
        &self,
        keys: &[(&str, bool)],
        until: Instant,
    ) -> Result<Vec<KeyAnswer>, Error> {
        Ok(self.read_each_in_epoch(keys, until).await?.0)
    }

    /// [`read_each`](Self::read_each), with the connection's epoch.
    pub(super) async fn read_each_in_epoch(
        &self,
        keys: &[(&str, bool)],
        until: Instant,
    ) -> Result<(Vec<KeyAnswer>, Epoch), Error> {
        let mut reads = ReadRequests::with_capacity(keys.len(), keys.iter().map(|(key, _)| key.len()).sum());
        for (key, is_timed) in keys {
            // The time first, as in `read_several`.
            if *is_timed {
                reads.pttl(key);
            }
            reads.get(key.as_bytes());
        }
        let (answers, epoch) = self.run_reads("GET", &reads, until).await?;
        Ok((timed("GET", answers, keys.iter().map(|(_, is_timed)| *is_timed))?, epoch))
    }

    /// What is at each key, or its beginning, and how long those have left of which that is asked. An answer for each.
    pub(crate) async fn ask_each(
        &self,
        asked: &[KeyQuestion<'_>],
        until: Instant,
    ) -> Result<Vec<KeyAnswer>, Error> {
        let doing = if asked.iter().any(|question| question.about.is_mark()) { "GETRANGE" } else { "GET" };
        let mut reads = ReadRequests::default();
        for KeyQuestion { key, about } in asked {
            // The time first, as in `read_several`.
            if about.is_timed() {
                reads.pttl(key);
            }
            match about.is_mark() {
                true => reads.beginning(key),
                false => reads.get(key.as_bytes()),
            }
        }
        let (answers, _) = self.run_reads(doing, &reads, until).await?;
        timed(doing, answers, asked.iter().map(|question| question.about.is_timed()))
    }

    /// Sets each key, or removes it. An answer for each.
    pub(super) async fn set_each(&self, sets: &[KeyWrite<'_>], until: Instant) -> KeyResults<()> {
        let name = if self.abilities().unlink.is(Ability::NO) { "DEL" } else { "UNLINK" };
        let commands = sets.iter().map(|KeyWrite { key, value, ttl }| match value {
            Some(value) => set(key, value, *ttl),
            None => remove(name, *key),
        });
        let (mut done, mut refused) = (Vec::with_capacity(sets.len()), Vec::new());
        for (KeyWrite { key, value, .. }, answer) in
            sets.iter().zip(self.run_all("SET", &pipeline(commands), until).await?.0)
        {
            if value.is_none() && answer.as_ref().is_err_and(is_refused) {
                refused.push((done.len(), *key));
            }
            done.push(answer.map(drop).map_err(|error| translate("SET", error)));
        }
        for (at, key) in refused {
            done[at] =
                self.remove(&[key], until).await?.map(drop).map_err(|error| translate("UNLINK", error));
        }
        Ok(done)
    }

    /// [`remove`](Self::remove) with one command and one answer for each key.
    pub(super) async fn remove_each(&self, keys: &[&[u8]], until: Instant) -> KeyResults<u64> {
        let send = |name| {
            let commands = pipeline(keys.iter().map(|key| remove(name, *key)));
            async move { Ok(self.run_all(name, &commands, until).await?.0) }
        };
        let answers = by_unlink(&self.abilities(), send, Vec::as_mut_slice).await?;
        Ok(answers.into_iter().map(removed).collect())
    }

    /// Removes keys. `UNLINK` frees large values of other types without blocking the server; for strings there is no difference.
    pub(super) async fn remove(
        &self,
        keys: &[impl ToRedisArgs],
        until: Instant,
    ) -> Result<RedisResult<Value>, Error> {
        let send = |name| async move { self.run(name, &remove(name, keys), until).await };
        by_unlink(&self.abilities(), send, from_mut).await
    }
}

/// Sends what removes keys, by the name of the command; `DEL` where there is no right to `UNLINK`, or no `UNLINK`. What each command
/// did to a key is told of that key, however the others fared.
pub(super) async fn by_unlink<T, F: Future<Output = Result<T, Error>>>(
    abilities: &Abilities,
    send: impl Fn(&'static str) -> F,
    answers: impl Fn(&mut T) -> &mut [RedisResult<Value>],
) -> Result<T, Error> {
    let is_refused = |answer: &RedisResult<Value>| answer.as_ref().is_err_and(is_refused);
    let unlink = &abilities.unlink;
    let mut unlinked = None;
    if !unlink.is(Ability::NO) {
        let mut sent = send("UNLINK").await?;
        if !answers(&mut sent).iter().any(is_refused) {
            return Ok(sent);
        }
        unlink.refuse();
        unlinked = Some(sent);
    }
    let mut sent = send("DEL").await?;
    let deleted = answers(&mut sent);
    if deleted.iter().any(is_refused) {
        // The right to either command will do.
        unlink.forget();
    }
    let unlinked = unlinked.iter_mut().flat_map(answers);
    for (deleted, unlinked) in deleted.iter_mut().zip(unlinked) {
        if unlinked.is_ok() || is_refused(deleted) {
            swap(deleted, unlinked);
        }
    }
    Ok(sent)
}

/// How many keys a command has removed.
pub(super) fn removed(answer: RedisResult<Value>) -> Result<u64, Error> {
    answer.and_then(|answer| Ok(from_redis_value(answer)?)).map_err(|error| translate("UNLINK", error))
}

#[cfg(test)]
mod tests {
    use redis::parse_redis_value;

    use super::*;

    const UNKNOWN: &str = "-ERR unknown command 'UNLINK', with args beginning with: 'a' \r\n";
    const FORBIDDEN: &str = "-NOPERM this user has no permissions to run the 'del' command\r\n";

    fn said(line: &str) -> RedisResult<Value> {
        match parse_redis_value(line.as_bytes())? {
            Value::ServerError(error) => Err(error.into()),
            value => Ok(value),
        }
    }

    /// What is told of two keys where the commands are answered so, and whether `UNLINK` is tried again.
    async fn told(unlink: [&str; 2], del: [&str; 2]) -> (Vec<Result<u64, String>>, bool) {
        let abilities = Abilities::default();
        let send = |name| async move {
            let lines = if name == "UNLINK" { unlink } else { del };
            Ok(lines.map(said).into_iter().collect())
        };
        let answers: Vec<RedisResult<Value>> =
            by_unlink(&abilities, send, Vec::as_mut_slice).await.expect("it is sent");
        let told = answers.into_iter().map(|answer| removed(answer).map_err(|error| error.to_string()));
        (told.collect(), !abilities.unlink.is(Ability::NO))
    }

    #[tokio::test]
    async fn a_key_that_may_not_be_removed_fails_alone() {
        let (told, _) = told([UNKNOWN; 2], [":1\r\n", FORBIDDEN]).await;
        assert_eq!(told[0], Ok(1));
        let error = told[1].as_ref().expect_err("neither command may remove it");
        assert!(error.contains("unknown command"), "{error}");
    }

    #[tokio::test]
    async fn what_the_first_command_removed_is_not_missed_by_the_second() {
        for (unlink, del) in
            [([":1\r\n", UNKNOWN], [":0\r\n", ":1\r\n"]), ([UNKNOWN, ":1\r\n"], [":1\r\n", FORBIDDEN])]
        {
            assert_eq!(told(unlink, del).await.0, [Ok(1), Ok(1)]);
        }
    }

    #[tokio::test]
    async fn either_command_is_tried_where_both_were_refused() {
        assert!(told([UNKNOWN; 2], [FORBIDDEN; 2]).await.1);
        assert!(!told([UNKNOWN; 2], [":1\r\n"; 2]).await.1);
        assert!(told([":1\r\n"; 2], [FORBIDDEN; 2]).await.1);
    }
}
