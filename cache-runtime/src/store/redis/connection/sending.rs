//! How the commands of a pipeline are sent, and in what their answers come.

use redis::{Pipeline, RedisError, RedisResult, Value};

use super::frames::{answers, is_strange, strange, whole};
use super::live::Connection;
use super::server::Server;
use super::unreadable::name;
use crate::runtime::executor;

/// Sends the commands of a pipeline, together or apart. Apart takes the same bytes in the same order, also at once, and says whose answer it
/// was that ended the connection. Where something comes between `ASKING` and its command, the command is redirected once more.
pub(super) async fn send_all(
    connection: &mut Connection,
    doing: &str,
    pipeline: &Pipeline,
    commands: usize,
) -> RedisResult<Vec<Value>> {
    if !connection.server().unreadable.are_apart(doing) {
        let answers = match commands == pipeline.len() {
            true => connection.driver.send_packed_commands(pipeline, 0, commands).await,
            false => send_for_a_piece(connection, pipeline, commands).await,
        };
        if let Err(error) = &answers
            && error.is_unrecoverable_error()
        {
            let Server { unreadable, config, .. } = connection.server();
            match commands {
                // It is known whose answer it was.
                1 if is_unreadable(error) => unreadable.note(&config.endpoint.name, doing),
                _ => unreadable.note_pipeline(doing, false),
            }
        }
        return answers;
    }
    let sent = pipeline.cmd_iter().take(commands).map(|command| {
        let mut driver = connection.driver.clone();
        async move { driver.send_packed_command(command).await }
    });
    // A box, because it is rare.
    let answers = Box::pin(executor::all(sent)).await;
    let Server { unreadable, config, .. } = connection.server();
    let ended_by = pipeline
        .cmd_iter()
        .zip(&answers)
        .find_map(|(command, answer)| answer.as_ref().is_err_and(is_unreadable).then_some(command));
    if let Some(command) = ended_by {
        unreadable.note(&config.endpoint.name, &name(command, doing));
    }
    let answers: RedisResult<Vec<Value>> = answers.into_iter().collect();
    if answers.is_ok() {
        unreadable.note_pipeline(doing, true);
    }
    answers
}

/// Sends commands and the mark behind them, whose answers come in one piece.
async fn send_for_a_piece(
    connection: &mut Connection,
    pipeline: &Pipeline,
    commands: usize,
) -> RedisResult<Vec<Value>> {
    let piece = match connection.driver.send_packed_commands(pipeline, 0, 1).await?.pop() {
        Some(Value::BulkString(piece)) => Some(piece),
        Some(Value::Array(parts)) => whole(parts),
        _ => None,
    };
    answers(&mut piece.ok_or_else(|| strange("the answers are not in one piece"))?, commands)
}

/// Whether an answer was not valid in the protocol.
pub(super) fn is_unreadable(error: &RedisError) -> bool {
    error.is_unrecoverable_error() && (error.kind() == redis::ErrorKind::Parse || is_strange(error))
}
