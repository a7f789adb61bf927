//! Commands as they are sent.

use std::time::Duration;

use redis::{Cmd, Pipeline, ToRedisArgs, cmd};

use crate::util::clock::whole_millis;

pub(super) fn get(key: &[u8]) -> Cmd {
    let mut command = Cmd::with_capacity(2, key.len() + 3);
    command.arg("GET").arg(key);
    command
}

pub(super) fn pttl(key: &str) -> Cmd {
    let mut command = cmd("PTTL");
    command.arg(key);
    command
}

pub(super) fn set(key: &str, value: &[u8], ttl: Option<Duration>) -> Cmd {
    let mut command = Cmd::with_capacity(5, key.len() + value.len() + 32);
    command.arg("SET").arg(key).arg(value);
    if let Some(ttl) = ttl {
        command.arg("PX").arg(whole_millis(ttl));
    }
    command
}

/// By `UNLINK` or `DEL`.
pub(super) fn remove(name: &str, keys: impl ToRedisArgs) -> Cmd {
    let mut command = cmd(name);
    command.arg(keys);
    command
}

/// Sets a missing key, and gives the value of one that exists.
pub(crate) fn set_nx_get(key: &str, value: &[u8], millis: Option<u64>) -> Cmd {
    let mut command = Cmd::with_capacity(7, key.len() + 64);
    command.arg("SET").arg(key).arg(value).arg("NX").arg("GET");
    if let Some(millis) = millis {
        command.arg("PX").arg(millis);
    }
    command
}

pub(super) fn pipeline(commands: impl IntoIterator<Item = Cmd>) -> Pipeline {
    let commands = commands.into_iter();
    let mut pipeline = Pipeline::with_capacity(commands.size_hint().0);
    commands.for_each(|command| {
        pipeline.add_command(command);
    });
    pipeline
}
