//! How a batch is sent: by a task of its own, or by a caller that takes its place.

use std::sync::Arc;
use std::time::Instant;

use super::batch::OpenBatch;
use super::batcher::Requests;
use super::permits::Permit;
use crate::error::{Error, ErrorKind};
use crate::runtime::lag::Lap;
use crate::store::redis::connection::request::unanswered;

/// The task that sends a batch. If the runtime drops it, the callers are told.
pub(crate) struct FlushTask<R: Requests> {
    host: Arc<R::Host>,
    batch: Arc<OpenBatch<R>>,
    lap: Lap,
}

impl<R: Requests> FlushTask<R> {
    pub(crate) fn new(host: &Arc<R::Host>, batch: &Arc<OpenBatch<R>>) -> Self {
        Self { host: Arc::clone(host), batch: Arc::clone(batch), lap: Lap::begin() }
    }

    /// Sends the batch. `at_once`: without a turn for the tasks that are ready.
    pub(crate) async fn run(self, at_once: bool) {
        if !at_once {
            // To the end of the queue: every task that is ready, or whose answer has arrived, runs first and can join.
            tokio::task::yield_now().await;
        }
        self.lap.end();
        let permits = &R::batcher(&self.host).permits;
        // Callers can join until there is a permit.
        match permits.acquire(self.batch.limit.until(), self.batch.duration).await {
            Some(permit) => {
                if let Some((requests, flush)) = Flush::begin(&self.host, &self.batch, permit) {
                    requests.send(flush).await;
                }
            }
            None => self.give_up(|| unanswered(R::DOING)),
        }
    }

    /// Answers the callers with an error, unless the batch is being sent or was.
    fn give_up(&self, error: impl FnOnce() -> Error) {
        if !self.batch.is_finished()
            && let Some(requests) = R::batcher(&self.host).close(&self.batch)
        {
            self.batch.finish(Err(error()));
            drop(requests);
        }
    }
}

impl<R: Requests> Drop for FlushTask<R> {
    fn drop(&mut self) {
        self.give_up(ended);
    }
}

/// A closed batch that is being sent. Dropping it answers the callers with an error, unless they have been answered.
pub(crate) struct Flush<R: Requests> {
    pub(crate) host: Arc<R::Host>,
    batch: Arc<OpenBatch<R>>,
    permit: Permit,
}

impl<R: Requests> Flush<R> {
    /// Closes the batch, and gives what is to be sent. `None` if somebody else has closed it.
    pub(crate) fn begin(host: &Arc<R::Host>, batch: &Arc<OpenBatch<R>>, permit: Permit) -> Option<(R, Self)> {
        let requests = R::batcher(host).close(batch)?;
        Some((requests, Self { host: Arc::clone(host), batch: Arc::clone(batch), permit }))
    }

    /// By when the batch is to be answered.
    pub(crate) fn deadline(&self) -> Instant {
        self.permit.deadline
    }

    /// Answers the callers. Gives those that had left by then, by the order in which they joined.
    pub(crate) fn finish(&self, answers: Result<R::Answers, Error>) -> Vec<usize> {
        R::batcher(&self.host).permits.learn(&answers);
        self.batch.finish(answers)
    }

    /// The answer to a request whose caller has left.
    pub(crate) fn answer(&self, request: usize) -> Option<Result<R::Answer, Error>> {
        self.batch.answer(request)
    }
}

impl<R: Requests> Drop for Flush<R> {
    fn drop(&mut self) {
        if !self.batch.is_finished() {
            self.batch.finish(Err(ended()));
        }
    }
}

fn ended() -> Error {
    Error::new(ErrorKind::Runtime, "the runtime of the cache's connection has ended")
}
