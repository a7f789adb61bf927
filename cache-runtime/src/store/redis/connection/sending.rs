//! How several commands are sent, and in what their answers come.

use std::pin::Pin;

use redis::{Cmd, Pipeline, RedisError, RedisResult, Value};

use super::frames::{answers, is_strange, strange, whole};
use super::live::Connection;
use super::read_requests::ReadRequests;
use super::server::Server;
use super::unreadable::name;
use crate::runtime::executor;

/// What is rare has a box, and is of no type of its own: that would be a part of the type of every call, of which compilers go only so deep.
pub(super) type RareFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Sends the commands of a pipeline, together or [apart](send_apart).
pub(super) async fn send_all(
    connection: &mut Connection,
    doing: &str,
    pipeline: &Pipeline,
) -> RedisResult<Vec<Value>> {
    if connection.server().unreadable.are_apart(doing) {
        return send_apart(connection, doing, pipeline.cmd_iter().cloned().collect()).await;
    }
    let answers = connection.driver.send_packed_commands(pipeline, 0, pipeline.len()).await;
    note(connection, doing, pipeline.len(), &answers);
    answers
}

/// The same for reads, whose answers come in one piece where they are sent together.
pub(super) async fn send_reads(
    connection: &mut Connection,
    doing: &str,
    reads: &ReadRequests,
) -> RedisResult<Vec<Value>> {
    if connection.server().unreadable.are_apart(doing) {
        return send_apart(connection, doing, reads.commands().collect()).await;
    }
    let piece = connection.driver.send_packed_command(&reads.envelope()).await;
    let answers = piece.and_then(|piece| of_piece(piece, reads.len()));
    note(connection, doing, reads.len(), &answers);
    answers
}

/// Takes the same bytes in the same order, also at once, and says whose answer it was that ended the connection. Where something comes
/// between `ASKING` and its command, the command is redirected once more.
fn send_apart<'a>(
    connection: &'a Connection,
    doing: &'a str,
    commands: Vec<Cmd>,
) -> RareFuture<'a, RedisResult<Vec<Value>>> {
    Box::pin(async move {
        let sent = commands.iter().map(|command| {
            let mut driver = connection.driver.clone();
            async move { driver.send_packed_command(command).await }
        });
        let answers = executor::all(sent).await;
        let Server { unreadable, config, .. } = connection.server();
        let ended_by = commands
            .iter()
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
    })
}

/// Notes how commands were answered that were sent together.
fn note(connection: &Connection, doing: &str, commands: usize, answers: &RedisResult<Vec<Value>>) {
    let Some(error) = answers.as_ref().err().filter(|error| error.is_unrecoverable_error()) else { return };
    let Server { unreadable, config, .. } = connection.server();
    match commands {
        // It is known whose answer it was.
        1 if is_unreadable(error) => unreadable.note(&config.endpoint.name, doing),
        _ => unreadable.note_pipeline(doing, false),
    }
}

/// So many answers in one piece, each by itself.
fn of_piece(piece: Value, count: usize) -> RedisResult<Vec<Value>> {
    let piece = match piece {
        Value::BulkString(piece) => Some(piece),
        Value::Array(parts) => whole(parts),
        _ => None,
    };
    answers(&mut piece.ok_or_else(|| strange("the answers are not in one piece"))?, count)
}

/// Whether an answer was not valid in the protocol.
pub(super) fn is_unreadable(error: &RedisError) -> bool {
    error.is_unrecoverable_error() && (error.kind() == redis::ErrorKind::Parse || is_strange(error))
}
