//! The scripts: atomic operations for which the server has no command.

use redis::Cmd;

/// How many there are.
pub(crate) const SCRIPTS: usize = 9;

/// The most keys of one call: the server answers no other client meanwhile.
pub(crate) const MOST_KEYS: usize = 128;

/// A script, and its SHA-1, by which a call names it: forty characters instead of the text.
pub(crate) struct Script {
    /// Its index among the scripts.
    pub(crate) index: usize,
    text: &'static str,
    sha1: &'static str,
}

pub(crate) static ACQUIRE: Script =
    Script { index: 0, text: include_str!("acquire.lua"), sha1: "098a903352bdf45ef1fb297dac0d646bb7f4d5d2" };
pub(crate) static RELEASE: Script =
    Script { index: 1, text: include_str!("release.lua"), sha1: "235040defd2eb189cbc335e63b9a36427b1761f9" };
pub(crate) static SWAP: Script =
    Script { index: 2, text: include_str!("swap.lua"), sha1: "0185c2744af3c5c2091fff62186d4e2470a43cfc" };

pub(crate) static CLEAR: Script =
    Script { index: 3, text: include_str!("clear.lua"), sha1: "6e71e6587a96f4db36d8eb4a54de00134d5e8b2c" };

pub(crate) static TAG: Script =
    Script { index: 4, text: include_str!("tag.lua"), sha1: "df7e369e2dc5af6582f70c147ab33b733210e2fa" };

pub(crate) static SWAP_MANY: Script = Script {
    index: 5,
    text: include_str!("swap_many.lua"),
    sha1: "74b49262735a610b1f094c22ef53312c569f9586",
};

pub(crate) static SHAPED_READ: Script = Script {
    index: 6,
    text: include_str!("shaped_read.lua"),
    sha1: "f30e2ce44bf38ad71a55e2fac61ab45343a80006",
};

pub(crate) static SHAPED_WRITE: Script = Script {
    index: 7,
    text: include_str!("shaped_write.lua"),
    sha1: "9197557010fe2e18d94407ce42343f32524c30a6",
};

pub(crate) static SHAPED_ASK: Script = Script {
    index: 8,
    text: include_str!("shaped_ask.lua"),
    sha1: "2ad060abcfa8c1744f216f95f30d01caed4e48a3",
};

impl Script {
    /// Calls it by name. A server that does not know it answers `NOSCRIPT`.
    pub(crate) fn by_name(&self, keys: &[&str], arguments: &[&[u8]]) -> Cmd {
        command("EVALSHA", self.sha1, keys, arguments)
    }

    /// Calls it by text, after which the server knows the name.
    pub(crate) fn by_text(&self, keys: &[&str], arguments: &[&[u8]]) -> Cmd {
        command("EVAL", self.text, keys, arguments)
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
    fn the_names_are_the_servers() {
        let server = RedisServer::start();
        for script in
            [&ACQUIRE, &RELEASE, &SWAP, &CLEAR, &TAG, &SWAP_MANY, &SHAPED_READ, &SHAPED_WRITE, &SHAPED_ASK]
        {
            let name: String = server.query(&["SCRIPT", "LOAD", script.text]);
            assert_eq!(name, script.sha1, "{}", script.text);
        }
    }
}
