//! Operations that take scripts, and what does them where a server runs none.

pub(crate) mod compare;
pub(crate) mod tagging;

use std::time::{Duration, Instant};

use redis::{RedisResult, Value};

use super::abilities::Abilities;
use super::commands::pipeline;
use super::connection::runtime_connection::RuntimeConnection;
use super::error::is_no_script;
use super::lua::Script;
use crate::error::Error;
use crate::util::clock::whole_millis;

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
            if abilities.has_run(&answer) && !answer.as_ref().is_err_and(is_no_script) {
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
        calls: &[(&str, Vec<&[u8]>)],
        until: Instant,
    ) -> Result<Vec<RedisResult<Value>>, Error> {
        let by_text = |(key, arguments): &(&str, Vec<&[u8]>)| script.by_text(&[key], arguments);
        let by_name = |(key, arguments): &(&str, Vec<&[u8]>)| script.by_name(&[key], arguments);
        let is_by_name = abilities.knows_name(script);
        let first = match is_by_name {
            true => pipeline(calls.iter().map(by_name)),
            false => pipeline(calls.iter().map(by_text)),
        };
        let (mut answers, _) = self.run_all(doing, &first, until).await?;
        let mut unknown = Vec::new();
        for (at, answer) in answers.iter().enumerate() {
            if !is_by_name {
                abilities.learn(script, answer);
            } else if !abilities.has_run(answer) || answer.as_ref().is_err_and(is_no_script) {
                unknown.push(at);
            }
        }
        if !unknown.is_empty() {
            let again = pipeline(unknown.iter().map(|at| by_text(&calls[*at])));
            for (at, answer) in unknown.into_iter().zip(self.run_all(doing, &again, until).await?.0) {
                abilities.learn(script, &answer);
                answers[at] = answer;
            }
        }
        Ok(answers)
    }
}

/// A time in milliseconds as an argument; empty for none. Kept on the stack: every store has one.
#[derive(Clone, Copy)]
pub(crate) struct MillisText {
    digits: [u8; 20],
    first: usize,
}

impl MillisText {
    pub(crate) fn of(time: Option<Duration>) -> Self {
        let mut text = Self { digits: [0; 20], first: 20 };
        let Some(mut left) = time.map(whole_millis) else { return text };
        loop {
            text.first -= 1;
            // A digit.
            text.digits[text.first] = b'0' + (left % 10) as u8;
            left /= 10;
            if left == 0 {
                return text;
            }
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.digits.get(self.first..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_decimals() {
        for millis in [1, 9, 10, 60_000, 1_234_567_890] {
            let time = Some(Duration::from_millis(millis));
            assert_eq!(MillisText::of(time).as_bytes(), millis.to_string().as_bytes());
        }
        assert_eq!(MillisText::of(None).as_bytes(), b"");
        let longest = whole_millis(Duration::MAX).to_string();
        assert_eq!(MillisText::of(Some(Duration::MAX)).as_bytes(), longest.as_bytes());
    }
}
