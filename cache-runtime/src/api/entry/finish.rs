//! What comes right before and right after the function's body.

use super::Entry;
use crate::api::shared_error::Sharing;
use crate::engine::flight::Sight;
#[cfg(feature = "testing")]
use crate::engine::observation::CallSource;
use crate::engine::{Attempt, CallKey, ComputeGuard, Computed, Departure, Outcome};
use crate::error::ErrorKind;
use crate::util::process;

impl<T> Entry<T> {
    /// The function's body runs now.
    pub(crate) fn start(&self, guard: &mut ComputeGuard) {
        self.call.function.counters.computes.count();
        #[cfg(feature = "testing")]
        self.call.note_computed(guard);
        guard.begin(&self.call);
    }

    /// Takes the leases for a refresh of what is `stale`, in one round trip; `None` if none was granted.
    pub(crate) async fn begin_refresh(
        &self,
        stale: Vec<(usize, CallKey, Sight)>,
    ) -> Option<Box<ComputeGuard>> {
        let mut guard = self.reader().begin_refresh(stale).await?;
        self.start(&mut guard);
        Some(guard)
    }

    /// What follows a computation: the value, or the error, unless an older value may be served in its place.
    pub(crate) fn finish_or_fall_back<E>(
        &self,
        mut guard: Box<ComputeGuard>,
        result: Result<T, E>,
        sharing: Sharing<E>,
    ) -> Result<(T, Departure), E> {
        match result {
            Ok(value) => {
                let departure = self.finish(guard, &value);
                Ok((value, departure))
            }
            Err(error) => {
                guard.returned_error(&self.call);
                if let Some((_, bytes)) = guard.fallbacks().and_then(|mut older| older.pop())
                    && let Some(value) = self.read_at(self.key(), &bytes)
                {
                    self.call.function.counters.stale.count();
                    #[cfg(feature = "testing")]
                    self.call.note(CallSource::Stale, self.key());
                    // Not shared: a follower may have begun after an invalidation that this old value has not seen.
                    guard.fail_with_older(&self.call, Attempt::Call, || sharing.reason(&error));
                    return Ok((value, Departure::Nothing));
                }
                guard.fail(&self.call, sharing.pack(&error).as_ref());
                Err(error)
            }
        }
    }

    /// What follows a computation in the background, whose error nobody sees.
    pub(crate) fn finish_refresh<E>(
        &self,
        guard: Box<ComputeGuard>,
        result: Result<T, E>,
        sharing: Sharing<E>,
    ) -> Departure {
        match result {
            Ok(value) => self.finish(guard, &value),
            Err(error) => {
                guard.returned_error(&self.call);
                guard.fail_with_older(&self.call, Attempt::Refresh, || sharing.reason(&error));
                Departure::Nothing
            }
        }
    }

    /// What follows a computation that gave a value.
    pub(crate) fn finish(&self, guard: Box<ComputeGuard>, value: &T) -> Departure {
        guard.finish(&self.call, &mut |computed| self.outcome(&computed, value))
    }

    /// What is to become of a value that was computed for a key of the function.
    pub(crate) fn outcome(&self, computed: &Computed<'_>, value: &T) -> Outcome {
        let Computed { key, nonces, compute_time, has_followers, .. } = *computed;
        let question = key.question();
        let is_shared = match self.encode(process::known(), question, value, compute_time, nonces) {
            Ok(Some(encoded)) => return Outcome::Store(encoded),
            Ok(None) => {
                self.call.declined(question.key);
                has_followers
            }
            Err(error) => {
                self.call.refused(question.key, &error);
                has_followers && error.kind() == ErrorKind::TooLarge
            }
        };
        match is_shared.then(|| self.encode_unstored(question.key, value)).flatten() {
            Some(bytes) => Outcome::Share(bytes),
            None => Outcome::Nothing,
        }
    }
}
