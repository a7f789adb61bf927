//! Sentinel: processes that watch a primary and its replicas, and agree on another primary where it is gone.
//!
//! What one of them says may be out of date: the others are told of a failover up to some seconds later, and one that is cut off is not
//! told. A replaced primary that comes back takes writes for as long, and says that it is a primary. So all sentinels are asked at each
//! attempt to connect (`decision`), and a connection ends when the first of them tells of another primary.
//!
//! A task on the library's runtime keeps a connection to each (`link`), and asks on its own every second: of what a sentinel tells by
//! itself, a message may be lost. Nobody but that task waits for a sentinel longer than for an attempt to connect.

pub(crate) mod decision;
mod link;

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinHandle;

use self::decision::{Word, agreed_replicas, decide, is_majority};
use self::link::SentinelLink;
use crate::error::{Error, ErrorKind};
use crate::runtime::block_on::library_runtime;
use crate::runtime::executor;
use crate::runtime::executor::either;
use crate::store::address::SentinelAddress;
use crate::store::credentials::Provider;
use crate::store::redis::TlsOptions;
use crate::store::redis::connection::config::Config;
use crate::store::redis::connection::locate::{Location, Locator, NamedReplicas, Whereabouts};
use crate::util::clock::after;
use crate::util::process;
use crate::util::process::PerProcess;

/// How often to ask without a reason.
const EVERY: Duration = Duration::from_secs(1);
/// The same where a sentinel refuses: it may count the attempts.
const REFUSED: Duration = Duration::from_secs(5);
/// How long to wait for the others when most have answered: one of them may be the first that knows of a failover.
const GRACE: Duration = Duration::from_millis(50);

/// The sentinels of a service.
struct Sentinels {
    service: Arc<str>,
    configs: Vec<Arc<Config>>,
    /// Begun anew in a forked process: the task is not there.
    watch: PerProcess<SentinelWatch>,
}

/// What asks the sentinels. Dropping it ends its task.
struct SentinelWatch {
    shared: Arc<SentinelReports>,
    task: JoinHandle<()>,
}

struct SentinelReports {
    service: Arc<str>,
    /// How often it was wished to ask all of them.
    rounds: watch::Sender<u64>,
    /// What each has said last, and in which round it was asked.
    words: watch::Sender<Vec<(u64, Word)>>,
    whereabouts: watch::Sender<Option<Arc<Location>>>,
    /// Whether anybody reads at replicas.
    wants_replicas: AtomicBool,
    replicas: watch::Sender<Option<NamedReplicas>>,
    /// Whether it has been logged that none of them answers.
    are_silent: AtomicBool,
}

/// What a cache is told about the primary of a service.
pub(crate) fn config(
    address: &SentinelAddress,
    tls: &TlsOptions,
    credentials: Option<Provider>,
    deadline: Duration,
    connect_timeout: Duration,
) -> Result<Config, Error> {
    let configs = address
        .sentinels
        .iter()
        .map(|sentinel| Config::new(sentinel.clone(), tls, None, deadline, connect_timeout).map(Arc::new));
    let service = Arc::from(address.service.as_str());
    let sentinels =
        Sentinels { service, configs: configs.collect::<Result<_, _>>()?, watch: PerProcess::new() };
    // It has no address before somebody is asked.
    let server = address.server("localhost", 0);
    let mut config = Config::new(server, tls, credentials, deadline, connect_timeout)?;
    config.endpoint.name = format!("the primary of `{}`", address.service);
    Ok(Config { locator: Some(Arc::new(sentinels)), ..config })
}

impl Sentinels {
    fn shared(&self) -> Result<&Arc<SentinelReports>, Error> {
        // Of this process: `library_runtime` determines the process.
        let library = library_runtime()?;
        let watch = self.watch.get_or_init(process::known(), || {
            let shared = Arc::new(SentinelReports::new(&self.service, self.configs.len()));
            let links =
                self.configs.iter().map(|config| SentinelLink::new(config, &self.service)).enumerate();
            let links: Vec<_> = links.map(|(index, link)| follow(Arc::clone(&shared), index, link)).collect();
            let task = library.spawn(async { drop(executor::all(links.into_iter()).await) });
            SentinelWatch { shared, task }
        });
        Ok(&watch.shared)
    }

    async fn locate(&self, until: Instant) -> Result<Arc<Location>, Error> {
        let shared = self.shared()?;
        let mut words = shared.words.subscribe();
        let round = shared.ask_all();
        let all = |words: &Vec<(u64, Word)>| words.iter().all(|(asked, _)| *asked >= round);
        let most = |words: &Vec<(u64, Word)>| {
            let named = words.iter().filter(|(asked, word)| *asked >= round && word.location().is_some());
            all(words) || is_majority(named.count(), words.len())
        };
        let has_most = executor::timeout_at(until, pin!(words.wait_for(most))).await?.is_some();
        if has_most {
            executor::timeout_at(until.min(after(GRACE)), pin!(words.wait_for(all))).await?;
        }
        shared.decide(round)
    }
}

impl Locator for Sentinels {
    fn locate(
        &self,
        until: Instant,
    ) -> Pin<Box<dyn Future<Output = Result<Arc<Location>, Error>> + Send + '_>> {
        Box::pin(Self::locate(self, until))
    }

    fn whereabouts(&self) -> Result<Whereabouts, Error> {
        Ok(self.shared()?.whereabouts.subscribe())
    }

    fn replicas(&self) -> Result<watch::Receiver<Option<NamedReplicas>>, Error> {
        let shared = self.shared()?;
        if !shared.wants_replicas.swap(true, Ordering::Relaxed) {
            shared.ask_all();
        }
        Ok(shared.replicas.subscribe())
    }
}

impl Drop for SentinelWatch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl SentinelReports {
    fn new(service: &Arc<str>, sentinels: usize) -> Self {
        Self {
            service: Arc::clone(service),
            rounds: watch::Sender::new(0),
            words: watch::Sender::new(vec![(0, unheard()); sentinels]),
            whereabouts: watch::Sender::new(None),
            wants_replicas: AtomicBool::new(false),
            replicas: watch::Sender::new(None),
            are_silent: AtomicBool::new(false),
        }
    }

    /// Begins to ask all of them. Gives the number of the round.
    fn ask_all(&self) -> u64 {
        let mut round = 0;
        self.rounds.send_modify(|rounds| {
            *rounds += 1;
            round = *rounds;
        });
        round
    }

    /// A sentinel has said something, or nothing.
    fn heard(&self, index: usize, round: u64, word: Word) {
        let location = word.location().cloned();
        self.words.send_modify(|words| words[index] = (round, word));
        self.tell_of_silence();
        if let Some(location) = location {
            self.believe_newer(&location);
        }
        self.tell_replicas();
    }

    fn believe_newer(&self, location: &Arc<Location>) {
        // The first that tells of a failover is believed. Who knows of no primary yet asks all of them.
        let is_news = self.whereabouts.send_if_modified(|known| {
            let is_newer = known.as_ref().is_some_and(|known| location.epoch > known.epoch);
            if is_newer {
                *known = Some(Arc::clone(location));
            }
            is_newer
        });
        // Outside of the lock: a logger is foreign code.
        if is_news {
            let Location { epoch, host, port } = &**location;
            log::info!("the primary of `{}` is {host}:{port} now (epoch {epoch})", self.service);
        }
    }

    /// Tells who the replicas of the primary are that is known now.
    fn tell_replicas(&self) {
        if !self.wants_replicas.load(Ordering::Relaxed) {
            return;
        }
        // Under its lock, so that the latest primary is named last.
        self.replicas.send_if_modified(|known| {
            let Some(of) = self.whereabouts.borrow().clone() else { return false };
            let words = self.words.borrow();
            let Some(addresses) = agreed_replicas(words.iter().map(|(_, word)| word), &of) else {
                // As with the primary: who is silent takes nothing back.
                return false;
            };
            let now = Some(NamedReplicas { of, addresses });
            let is_news = *known != now;
            *known = now;
            is_news
        });
    }

    /// Logs once that no sentinel answers while the primary is known, and once that one does again. Who does not know it yet does not connect, which is
    /// logged there.
    fn tell_of_silence(&self) {
        let (is_known, service) = (self.whereabouts.borrow().is_some(), &self.service);
        let silent = self.words.borrow().iter().all(|(_, word)| matches!(word, Word::Nothing(_)));
        match (silent, is_known) {
            (true, true) if !self.are_silent.swap(true, Ordering::Relaxed) => {
                log::warn!(
                    "no sentinel of `{service}` answers; connections stay, and no failover is heard of until one does"
                );
            }
            (false, _) if self.are_silent.swap(false, Ordering::Relaxed) => {
                log::info!("a sentinel of `{service}` answers again");
            }
            _ => {}
        }
    }

    /// Decides by what was said in a round or after it.
    fn decide(&self, round: u64) -> Result<Arc<Location>, Error> {
        let words: Vec<Word> = self
            .words
            .borrow()
            .iter()
            .map(|(asked, word)| if *asked >= round { word.clone() } else { unheard() })
            .collect();
        let mut decided = None;
        self.whereabouts.send_if_modified(|known| {
            let now = decide(&self.service, &words, known.as_ref());
            let news = now.as_ref().ok().filter(|now| known.as_ref() != Some(now)).cloned();
            decided = Some(now);
            let is_news = news.is_some();
            if is_news {
                *known = news;
            }
            is_news
        });
        self.tell_replicas();
        decided.unwrap_or_else(|| Err(late()))
    }
}

fn late() -> Error {
    Error::new(ErrorKind::Timeout, "a sentinel has not answered in time")
}

fn unheard() -> Word {
    Word::Nothing(late())
}

/// Asks one sentinel, when all are to be asked, when it tells of something, and every second.
async fn follow(shared: Arc<SentinelReports>, index: usize, mut link: SentinelLink) {
    let mut rounds = shared.rounds.subscribe();
    loop {
        let round = *rounds.borrow_and_update();
        let word = link.ask(shared.wants_replicas.load(Ordering::Relaxed)).await;
        let (pause, answers) = match &word {
            Word::Nothing(error) if error.kind() == ErrorKind::Permission => (REFUSED, false),
            Word::Nothing(_) => (EVERY, false),
            Word::Primary(..) | Word::Unknown => (EVERY, true),
        };
        shared.heard(index, round, word);
        let wished = pin!(rounds.changed());
        let waited = if answers {
            executor::timeout(pause, either(wished, pin!(link.news.notified()))).await.map(drop)
        } else {
            // Nor is a connection that ends at once a reason to ask again at once.
            executor::timeout(pause, wished).await.map(drop)
        };
        if waited.is_err() {
            // There are no timers, and asking without a pause must not happen.
            return;
        }
    }
}
