//! Operations that take scripts, and what does them where a server runs none.

pub(crate) mod compare;
pub(crate) mod tagging;

use std::time::{Duration, Instant};

use redis::{RedisResult, Value};
use smallvec::SmallVec;

use super::abilities::Abilities;
use super::commands::pipeline;
use super::connection::runtime_connection::RuntimeConnection;
use super::lua::Script;
use crate::error::Error;
use crate::util::clock::whole_millis;

/// A key, and the arguments of a script that is run for it.
pub(crate) type ScriptCall<'a> = (&'a str, Vec<&'a [u8]>);

impl RuntimeConnection {
    /// Runs a script. One round trip; two if the server has lost it, for example by a restart.
    pub(crate) async fn script(
        &self,
        abilities: &Abilities,
        script: &Script,
        doing: &str,
        keys: &[&str],
        arguments: &[&[u8]],
        until: Instant,
    ) -> Result<RedisResult<Value>, Error> {
        // Not by name until the server is known to have it: a store must be one command, since the program may end right after it.
        if abilities.knows_name(script) {
            let answer = self.run(doing, &script.by_name(keys, arguments), until).await?;
            if abilities.has_run(&answer) {
                return Ok(answer);
            }
        }
        let answer = self.run(doing, &script.by_text(keys, arguments), until).await?;
        abilities.learn(script, &answer);
        Ok(answer)
    }

    /// Runs a script once for each key, with that key's arguments: for servers that take no keys of different slots in one call. One
    /// round trip; two if the server has lost it.
    pub(crate) async fn script_each(
        &self,
        abilities: &Abilities,
        script: &Script,
        doing: &str,
        calls: &[ScriptCall<'_>],
        until: Instant,
    ) -> Result<Vec<RedisResult<Value>>, Error> {
        let (mut answers, unknown) = self.script_each_at_once(abilities, script, doing, calls, until).await?;
        if !unknown.is_empty() {
            let calls = unknown.iter().map(|at| &calls[*at]);
            let again = pipeline(calls.map(|(key, arguments)| script.by_text(&[key], arguments)));
            for (at, answer) in unknown.into_iter().zip(self.run_all(doing, &again, until).await?.0) {
                abilities.learn(script, &answer);
                answers[at] = answer;
            }
        }
        Ok(answers)
    }

    /// The same in one round trip, with the places of the calls that were by name, and whose script the server does not know.
    pub(crate) async fn script_each_at_once(
        &self,
        abilities: &Abilities,
        script: &Script,
        doing: &str,
        calls: &[ScriptCall<'_>],
        until: Instant,
    ) -> Result<(Vec<RedisResult<Value>>, Vec<usize>), Error> {
        let is_by_name = abilities.knows_name(script);
        let commands = pipeline(calls.iter().map(|(key, arguments)| match is_by_name {
            true => script.by_name(&[key], arguments),
            false => script.by_text(&[key], arguments),
        }));
        let (answers, _) = self.run_all(doing, &commands, until).await?;
        let mut unknown = Vec::new();
        for (at, answer) in answers.iter().enumerate() {
            if !is_by_name {
                abilities.learn(script, answer);
            } else if !abilities.has_run(answer) {
                unknown.push(at);
            }
        }
        Ok((answers, unknown))
    }
}

/// A time in milliseconds as an argument; empty for none. Kept on the stack: every store has one.
pub(crate) type MillisText = SmallVec<[u8; 20]>;

pub(crate) fn millis_text(time: Option<Duration>) -> MillisText {
    let mut digits = itoa::Buffer::new();
    MillisText::from_slice(time.map_or("", |time| digits.format(whole_millis(time))).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_decimals() {
        for millis in [1, 9, 10, 60_000, 1_234_567_890] {
            let time = Some(Duration::from_millis(millis));
            assert_eq!(&millis_text(time)[..], millis.to_string().as_bytes());
        }
        assert_eq!(&millis_text(None)[..], b"");
        let longest = whole_millis(Duration::MAX).to_string();
        assert_eq!(&millis_text(Some(Duration::MAX))[..], longest.as_bytes());
    }
}
