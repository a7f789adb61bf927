//! Scripts: what must be one step and is no command of the server.

use redis::Cmd;

/// A script and the name that the server gives it, so that a call sends forty characters and not the text.
pub(super) struct Script {
    /// Its place among the scripts.
    pub(super) index: usize,
    text: &'static str,
    sha1: &'static str,
}

pub(super) static ACQUIRE: Script = Script {
    index: 0,
    text: include_str!("lua/acquire.lua"),
    sha1: "07067be050913356ef8ce5959c40439be1caa259",
};
pub(super) static RELEASE: Script = Script {
    index: 1,
    text: include_str!("lua/release.lua"),
    sha1: "332da32870cfcda95997f3dd4ec49442edab3e72",
};
pub(super) static SWAP: Script =
    Script { index: 2, text: include_str!("lua/swap.lua"), sha1: "526414b514b88ecb45f0b0f212ba4d2bbef62752" };

pub(super) static CLEAR: Script = Script {
    index: 3,
    text: include_str!("lua/clear.lua"),
    sha1: "3febb4d5ef680b069cc69aefaf1b78c7d330aaf2",
};

pub(super) static TAG: Script =
    Script { index: 4, text: include_str!("lua/tag.lua"), sha1: "df7e369e2dc5af6582f70c147ab33b733210e2fa" };

pub(super) static SWAP_MANY: Script = Script {
    index: 5,
    text: include_str!("lua/swap_many.lua"),
    sha1: "36044c386be0767408cb052493b2e5836dabe5ac",
};

impl Script {
    /// Calls by name; the server answers NOSCRIPT if it does not know it.
    pub(super) fn by_name(&self, keys: &[&str], arguments: &[&[u8]]) -> Cmd {
        command("EVALSHA", self.sha1, keys, arguments)
    }

    /// Calls by text, which also teaches the server the name.
    pub(super) fn by_text(&self, keys: &[&str], arguments: &[&[u8]]) -> Cmd {
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
        for script in [&ACQUIRE, &RELEASE, &SWAP, &CLEAR, &TAG, &SWAP_MANY] {
            let name: String = server.query(&["SCRIPT", "LOAD", script.text]);
            assert_eq!(name, script.sha1, "{}", script.text);
        }
    }
}
