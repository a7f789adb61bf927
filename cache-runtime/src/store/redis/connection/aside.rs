//! Work that may block, even for ever: on a thread of the library, one piece at a time.
//!
//! A name server that does not answer blocks `getaddrinfo` for ten seconds, and the call cannot be cancelled. On a thread of the
//! program's runtime it would keep the program from exiting for as long; with a thread for each attempt, threads would pile up.

use std::sync::Mutex;

use tokio::sync::watch;

use crate::error::{Error, ErrorKind};
use crate::runtime::block_on::library_runtime;
use crate::util::locks::lock;

type Underway<T> = watch::Receiver<Option<T>>;

/// The work that is under way, if there is any.
pub(crate) struct Aside<T> {
    underway: Mutex<Option<Underway<T>>>,
}

impl<T> Default for Aside<T> {
    fn default() -> Self {
        Self { underway: Mutex::default() }
    }
}

impl<T: Clone + Send + Sync + 'static> Aside<T> {
    /// Gives the result of the work that is under way, or else of `work`. The caller bounds the wait, and may be dropped.
    ///
    /// # Errors
    /// If the work panicked.
    pub(crate) async fn ask(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let mut answer = self.underway(work)?;
        let answered = answer.wait_for(Option::is_some).await.map(|answer| (*answer).clone());
        answered.ok().flatten().ok_or_else(|| Error::new(ErrorKind::Connection, "it panicked"))
    }

    fn underway(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<Underway<T>, Error> {
        let mut underway = lock(&self.underway);
        match underway.as_ref() {
            Some(answer) if answer.has_changed().is_ok() && answer.borrow().is_none() => Ok(answer.clone()),
            _ => {
                let (sender, answer) = watch::channel(None);
                library_runtime()?.spawn_blocking(move || sender.send_replace(Some(work())));
                Ok(underway.insert(answer).clone())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::{Arc, mpsc};
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn one_at_a_time() {
        let (aside, runs) = (Aside::default(), Arc::new(AtomicU32::new(0)));
        let (release, released) = mpsc::channel();
        let released = Arc::new(Mutex::new(released));
        let work = || {
            let (runs, released) = (Arc::clone(&runs), Arc::clone(&released));
            move || {
                released.lock().expect("no panic").recv().expect("a sender");
                runs.fetch_add(1, Ordering::SeqCst) + 1
            }
        };
        // Whoever gives up leaves the work to those who come later.
        for _ in 0..5 {
            let short = Duration::from_millis(5);
            tokio::time::timeout(short, aside.ask(work())).await.expect_err("it takes longer");
        }
        let (first, _) = tokio::join!(aside.ask(work()), async { release.send(()) });
        assert_eq!(first.expect("no panic"), 1);
        release.send(()).expect("a receiver");
        assert_eq!(aside.ask(work()).await.expect("no panic"), 2, "what is over is not asked again");
    }

    #[tokio::test]
    async fn a_panic_is_an_error() {
        let aside = Aside::<u8>::default();
        assert!(aside.ask(|| panic!("on purpose")).await.is_err());
        assert_eq!(aside.ask(|| 7).await.expect("no panic"), 7);
    }
}
