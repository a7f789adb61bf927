//! Scripts: atomic operations for which the server has no command.

pub(crate) mod compare;
pub(crate) mod tagging;

use std::time::{Duration, Instant};

use redis::{Cmd, RedisResult, Value};

use super::connection::abilities::Abilities;
use super::connection::runtime_connection::RuntimeConnection;
use super::error::is_no_script;
use crate::error::Error;
use crate::util::clock::whole_millis;

/// How many there are.
pub(crate) const SCRIPTS: usize = 6;

/// The most keys of one call: the server answers no other client meanwhile.
pub(crate) const MOST_KEYS: usize = 128;

/// A script, and its SHA-1, by which a call names it: forty characters instead of the text.
pub(crate) struct Script {
    /// Its index among the scripts.
    pub(crate) index: usize,
    text: &'static str,
    sha1: &'static str,
}

pub(crate) static ACQUIRE: Script = Script {
    index: 0,
    text: include_str!("lua/acquire.lua"),
    sha1: "098a903352bdf45ef1fb297dac0d646bb7f4d5d2",
};
pub(crate) static RELEASE: Script = Script {
    index: 1,
    text: include_str!("lua/release.lua"),
    sha1: "235040defd2eb189cbc335e63b9a36427b1761f9",
};
pub(crate) static SWAP: Script =
    Script { index: 2, text: include_str!("lua/swap.lua"), sha1: "526414b514b88ecb45f0b0f212ba4d2bbef62752" };

pub(crate) static CLEAR: Script = Script {
    index: 3,
    text: include_str!("lua/clear.lua"),
    sha1: "6e71e6587a96f4db36d8eb4a54de00134d5e8b2c",
};

pub(crate) static TAG: Script =
    Script { index: 4, text: include_str!("lua/tag.lua"), sha1: "df7e369e2dc5af6582f70c147ab33b733210e2fa" };

pub(crate) static SWAP_MANY: Script = Script {
    index: 5,
    text: include_str!("lua/swap_many.lua"),
    sha1: "36044c386be0767408cb052493b2e5836dabe5ac",
};

impl Script {
    /// Calls it by name. A server that does not know it answers `NOSCRIPT`.
    fn by_name(&self, keys: &[&str], arguments: &[&[u8]]) -> Cmd {
        command("EVALSHA", self.sha1, keys, arguments)
    }

    /// Calls it by text, after which the server knows the name.
    fn by_text(&self, keys: &[&str], arguments: &[&[u8]]) -> Cmd {
        command("EVAL", self.text, keys, arguments)
    }
}

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

fn command(name: &str, script: &str, keys: &[&str], arguments: &[&[u8]]) -> Cmd {
    let size: usize = arguments.iter().map(|argument| argument.len()).sum();
    let keys_size: usize = keys.iter().map(|key| key.len()).sum();
    let mut command =
        Cmd::with_capacity(3 + keys.len() + arguments.len(), script.len() + keys_size + size + 16);
    command.arg(name).arg(script).arg(keys.len()).arg(keys);
    for argument in arguments {
        command.arg(argument);
    }
    command
}

#[cfg(test)]
mod tests {
    use redis_cached_test_support::RedisServer;

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

    #[test]
    fn the_names_are_the_servers() {
        let server = RedisServer::start();
        for script in [&ACQUIRE, &RELEASE, &SWAP, &CLEAR, &TAG, &SWAP_MANY] {
            let name: String = server.query(&["SCRIPT", "LOAD", script.text]);
            assert_eq!(name, script.sha1, "{}", script.text);
        }
    }
}
