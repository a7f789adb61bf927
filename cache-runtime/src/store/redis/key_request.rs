//! A command or a script for one key, as it is sent to whichever node has the key.

use std::time::Instant;

use redis::{Cmd, RedisResult, Value};

use super::commands::{pipeline, pttl};
use super::error::{is_wrong_type, translate};
use super::lua::Script;
use super::node::Node;
use crate::error::Error;

/// What is sent, and how it is called in messages.
#[derive(Clone, Copy)]
pub(crate) struct KeyRequest<'a> {
    pub(crate) doing: &'a str,
    /// A server that answers no writes is not asked.
    pub(crate) is_write: bool,
    pub(crate) action: KeyAction<'a>,
}

#[derive(Clone, Copy)]
pub(crate) enum KeyAction<'a> {
    Command(&'a Cmd),
    /// A command, and before it the question how long the key has left: the two answers.
    Timed(&'a Cmd),
    Script(&'static Script, &'a [&'a str], &'a [&'a [u8]]),
}

impl Node {
    /// Carries out a request for `key`. Nil: what is there is of another type than the command's. `is_asking`: the server is only being given its slot.
    pub(super) async fn at_key(
        &self,
        is_asking: bool,
        key: &str,
        request: KeyRequest<'_>,
        until: Instant,
    ) -> Result<Value, Error> {
        let KeyRequest { doing, is_write, action } = request;
        if is_write {
            self.check_for_stall_at(key)?;
        }
        let host = self.connection_for(is_asking)?;
        let connection = &host.connection;
        let answer = match action {
            KeyAction::Command(command) => connection.run(doing, command, until).await?,
            KeyAction::Timed(command) => {
                // The time first: should the value be replaced in between, the older, shorter time belongs to it.
                let both = pipeline([pttl(key), command.clone()]);
                let (answers, _) = connection.run_all(doing, &both, until).await?;
                answers.into_iter().collect::<RedisResult<Vec<Value>>>().map(Value::Array)
            }
            KeyAction::Script(script, keys, arguments) => {
                connection.script(&connection.abilities(), script, doing, keys, arguments, until).await?
            }
        };
        match answer {
            Err(error) if is_wrong_type(&error) => Ok(Value::Nil),
            answer => answer.map_err(|error| translate(doing, error)),
        }
    }
}
