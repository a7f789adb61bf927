//! The nonces of tags: one script, or two round trips if the server runs no scripts.

use std::time::Instant;

use redis::{Cmd, RedisResult, Value, cmd};

use super::{MillisText, ScriptCall, millis_text};
use crate::error::Error;
use crate::store::redis::abilities::{Abilities, Ability};
use crate::store::redis::commands::{get, pipeline, pttl, set, set_nx_get};
use crate::store::redis::connection::runtime_connection::RuntimeConnection;
use crate::store::redis::error::translate;
use crate::store::redis::lua::TAG;
use crate::store::redis::replies::{found, left, strange};
use crate::store::vocabulary::Nonce;
use crate::store::vocabulary::TagTtl;
use crate::store::vocabulary::{Found, KeyResults, Left};
use crate::util::clock::whole_millis;
use crate::util::random;

impl RuntimeConnection {
    /// The nonce of each tag.
    pub(crate) async fn tag(&self, keys: &[&str], life: TagTtl, until: Instant) -> KeyResults<Nonce> {
        let abilities = self.abilities();
        let new: Vec<Nonce> = keys.iter().map(|_| random::nonce()).collect();
        if !abilities.of(&TAG).is(Ability::NO)
            && let Some(nonces) = self.tag_by_script(&abilities, keys, &new, life, until).await?
        {
            return Ok(nonces);
        }
        self.tag_by_commands(keys, new, life, until).await
    }

    /// The nonce of each tag, read after those before it, for servers that take no keys of different slots in one call. `None` if the server
    /// has not run the script for each of them at once: to run it for some of them later would be out of order.
    pub(crate) async fn tag_in_order(
        &self,
        keys: &[&str],
        life: TagTtl,
        until: Instant,
    ) -> Result<Option<Vec<Result<Nonce, Error>>>, Error> {
        let abilities = self.abilities();
        if abilities.of(&TAG).is(Ability::NO) {
            return Ok(None);
        }
        let new: Vec<Nonce> = keys.iter().map(|_| random::nonce()).collect();
        let times = times(life);
        let calls = calls(keys, &new, &times);
        let (answers, unknown) = self.script_each_at_once(&abilities, &TAG, "tag", &calls, until).await?;
        let have_all_run = unknown.is_empty() && !abilities.of(&TAG).is(Ability::NO);
        Ok(have_all_run.then(|| answers.into_iter().map(only_nonce).collect()))
    }

    /// `None` if the server does not run it.
    async fn tag_by_script(
        &self,
        abilities: &Abilities,
        keys: &[&str],
        new: &[Nonce],
        life: TagTtl,
        until: Instant,
    ) -> Result<Option<Vec<Result<Nonce, Error>>>, Error> {
        let times = times(life);
        if self.is_cluster_node {
            let calls = calls(keys, new, &times);
            let answers = self.script_each(abilities, &TAG, "tag", &calls, until).await?;
            let is_refused = abilities.of(&TAG).is(Ability::NO);
            return Ok((!is_refused).then(|| answers.into_iter().map(only_nonce).collect()));
        }
        let mut arguments: Vec<&[u8]> = times.iter().map(|time| &time[..]).collect();
        arguments.extend(new.iter().map(|nonce| &nonce[..]));
        let answer = self.script(abilities, &TAG, "tag", keys, &arguments, until).await?;
        if abilities.of(&TAG).is(Ability::NO) {
            return Ok(None);
        }
        match answer.map_err(|error| translate("tag", error))? {
            Value::Array(values) if values.len() == keys.len() => {
                Ok(Some(values.into_iter().map(nonce).collect()))
            }
            _ => Err(strange("tag")),
        }
    }

    /// Reads what exists, then writes what is missing. A tag that is invalidated in between is like one invalidated right after: the
    /// nonce that was read no longer exists, and entries that remember it are misses.
    async fn tag_by_commands(
        &self,
        keys: &[&str],
        new: Vec<Nonce>,
        life: TagTtl,
        until: Instant,
    ) -> KeyResults<Nonce> {
        let reads = pipeline(keys.iter().flat_map(|key| [get(key.as_bytes()), pttl(key)]));
        let mut read = self.run_all("tag", &reads, until).await?.0.into_iter();
        let (mut nonces, mut writes) = (Vec::with_capacity(keys.len()), Vec::new());
        for (place, (key, new)) in keys.iter().zip(new).enumerate() {
            let (Some(value), Some(time)) = (read.next(), read.next()) else { return Err(strange("tag")) };
            nonces.push(planned(key, value, time, new, life).map(|(nonce, write)| {
                writes.extend(write.map(|command| (place, command)));
                nonce
            }));
        }
        let commands = pipeline(writes.iter().map(|(_, command)| command.clone()));
        let answers = self.run_all("tag", &commands, until).await?.0;
        for ((place, _), answer) in writes.into_iter().zip(answers) {
            match answer {
                // Another client was faster.
                Ok(value @ Value::BulkString(_)) => nonces[place] = nonce(value),
                Ok(_) => {}
                Err(error) => nonces[place] = Err(translate("tag", error)),
            }
        }
        Ok(nonces)
    }
}

/// The least time that a tag is to have left, and that which it is given.
fn times(life: TagTtl) -> [MillisText; 2] {
    [life.least, life.given()].map(millis_text)
}

/// A call of the script for each key.
fn calls<'a>(keys: &[&'a str], new: &'a [Nonce], [least, given]: &'a [MillisText; 2]) -> Vec<ScriptCall<'a>> {
    keys.iter().zip(new).map(|(key, nonce)| (*key, vec![&least[..], given, nonce])).collect()
}

/// The nonce of a tag, going by what was read, and what to write for it.
fn planned(
    key: &str,
    value: RedisResult<Value>,
    time: RedisResult<Value>,
    new: Nonce,
    life: TagTtl,
) -> Result<(Nonce, Option<Cmd>), Error> {
    let given = life.given();
    let left = left(&time.map_err(|error| translate("PTTL", error))?);
    Ok(match found("GET", value)? {
        Found::Absent => (new, Some(set_nx_get(key, &new, given.map(whole_millis)))),
        Found::Foreign => (new, Some(set(key, &new, given))),
        Found::Bytes(bytes) => match Nonce::try_from(bytes) {
            Ok(nonce) => (nonce, prolonged(key, left, life)),
            Err(_) => (new, Some(set(key, &new, given))),
        },
    })
}

/// Extends the TTL of an existing tag if it is too short.
fn prolonged(key: &str, left: Left, life: TagTtl) -> Option<Cmd> {
    let mut command;
    match (left, life.least) {
        (Left::Expires(left), Some(least)) if left < least => {
            command = cmd("PEXPIRE");
            command.arg(key).arg(life.given().map(whole_millis));
        }
        (Left::Expires(_), None) => {
            command = cmd("PERSIST");
            command.arg(key);
        }
        _ => return None,
    }
    Some(command)
}

/// Of a call for one key.
fn only_nonce(answer: RedisResult<Value>) -> Result<Nonce, Error> {
    match answer.map_err(|error| translate("tag", error))? {
        Value::Array(mut nonces) if nonces.len() == 1 => nonce(nonces.swap_remove(0)),
        _ => Err(strange("tag")),
    }
}

fn nonce(value: Value) -> Result<Nonce, Error> {
    match value {
        Value::BulkString(bytes) => Nonce::try_from(bytes).map_err(|_| strange("tag")),
        _ => Err(strange("tag")),
    }
}
