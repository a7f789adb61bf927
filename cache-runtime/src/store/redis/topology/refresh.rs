//! The task that asks nodes of a cluster who owns which slot.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use redis::{Pipeline, Value, cmd};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::cluster::{ClusterConfig, ClusterWatch};
use super::members::Members;
use super::slots::{OwnedSlots, parse};
use crate::error::{Error, ErrorKind};
use crate::runtime::executor;
use crate::runtime::executor::either;
use crate::store::redis::connection::ownership::MapWishes;
use crate::store::redis::error::translate;
use crate::store::redis::node::Node;
use crate::store::redis::redirect::NodeAddress;
use crate::store::redis::replies::{field, text};
use crate::store::redis::route::SLOTS;
use crate::util::clock::{Moment, after};
use crate::util::locks::lock;

/// The least time between two refreshes. Doubled for each that is wished for right after another, since redirections repair the map, too.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How often to ask without a reason.
const EVERY: Duration = Duration::from_secs(10);
/// The same while a node that owns slots is unreachable: another one may take over at any time.
const EVERY_IN_OUTAGES: Duration = Duration::from_secs(1);
/// How many nodes are asked at once. One may be cut off from the others, and not know that it owns nothing any more.
const ASKED_AT_ONCE: usize = 3;

/// Keeps the owners of slots up to date. Dropping it ends its task.
pub(crate) struct Refresher {
    shared: Arc<RefreshShared>,
    task: JoinHandle<()>,
}

struct RefreshShared {
    config: Arc<ClusterConfig>,
    members: Arc<Members>,
    /// Whether a node has answered, ever.
    is_known: AtomicBool,
    state: watch::Sender<RefreshState>,
    watch: Option<ClusterWatch>,
    wishes: Arc<MapWishes>,
    /// How often it was begun to ask, and which time of these was the last to be answered.
    begun: AtomicU64,
    answered: watch::Sender<u64>,
    /// What is wrong with the cluster, as of the last answer.
    flaw: Mutex<Option<String>>,
    seeds: Vec<(NodeAddress, Node)>,
}

#[derive(Clone)]
enum RefreshState {
    /// The first attempt has begun. Worth waiting for.
    Asking,
    Known,
    /// Not worth waiting for: another attempt follows in the background.
    Failed(Error),
}

impl Refresher {
    pub(crate) fn start(
        library: &Handle,
        config: &Arc<ClusterConfig>,
        members: &Arc<Members>,
        watch: Option<ClusterWatch>,
    ) -> Self {
        let seeds = config.seeds.iter();
        // Without anybody who watches, there are no heartbeats.
        let wishes = watch.as_ref().map(|watch| Arc::clone(&watch.wishes));
        let shared = Arc::new(RefreshShared {
            config: Arc::clone(config),
            members: Arc::clone(members),
            is_known: AtomicBool::new(false),
            state: watch::Sender::new(RefreshState::Asking),
            watch,
            wishes: wishes.unwrap_or_else(|| Arc::new(MapWishes::new(EVERY))),
            begun: AtomicU64::new(0),
            answered: watch::Sender::new(0),
            flaw: Mutex::default(),
            seeds: seeds.filter_map(|seed| Some((seed.clone(), config.node(seed).ok()?))).collect(),
        });
        let task = library.spawn(Arc::clone(&shared).run());
        Self { shared, task }
    }

    /// Asks soon.
    pub(crate) fn wish(&self) {
        self.shared.wishes.wish();
    }

    /// Waits for the first answer, if there was none yet.
    pub(crate) async fn known(&self, until: Instant) -> Result<(), Error> {
        if self.shared.is_known.load(Ordering::Acquire) {
            return Ok(());
        }
        // Boxed because it is rare.
        Box::pin(self.shared.first(until)).await
    }

    /// Waits for an answer to a question that is asked after this.
    pub(crate) async fn refreshed(&self, until: Instant) -> Result<(), Error> {
        let next = self.shared.begun.load(Ordering::Acquire) + 1;
        self.wish();
        let mut answered = self.shared.answered.subscribe();
        let answered = std::pin::pin!(answered.wait_for(|last| *last >= next));
        match executor::timeout_at(until, answered).await? {
            Some(_) => Ok(()),
            None => Err(self.shared.unknown()),
        }
    }

    /// # Errors
    /// [`ErrorKind::ClusterDown`] with what is wrong, if not all slots are served.
    pub(crate) fn is_whole(&self) -> Result<(), Error> {
        let flaw = lock(&self.shared.flaw);
        match &*flaw {
            None => Ok(()),
            Some(flaw) => {
                let name = self.shared.config.name();
                Err(Error::new(ErrorKind::ClusterDown, format!("cannot use the cluster at {name}: {flaw}")))
            }
        }
    }
}

impl Drop for Refresher {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What a node says about its cluster.
struct View {
    map: Vec<OwnedSlots>,
    /// It is in touch with most of the others.
    is_ok: bool,
    /// Rises with each failover and each slot that has moved.
    epoch: u64,
}

impl View {
    fn served(&self) -> usize {
        self.map.iter().filter(|owned| owned.owner.is_some()).map(|owned| owned.slots.len()).sum()
    }

    /// How many nodes own slots.
    fn primaries(&self) -> usize {
        self.map.iter().filter_map(|owned| owned.owner.as_ref()).collect::<HashSet<_>>().len()
    }

    fn flaw(&self) -> Option<String> {
        match usize::from(SLOTS) - self.served() {
            0 if self.is_ok => None,
            0 => Some(
                "its nodes say that it is down (cluster_state:fail); `CLUSTER NODES` shows who is missing"
                    .into(),
            ),
            missing => {
                Some(format!("{missing} of its {SLOTS} slots have no owner; `CLUSTER SLOTS` shows which"))
            }
        }
    }
}

impl RefreshShared {
    async fn first(&self, until: Instant) -> Result<(), Error> {
        let mut state = self.state.subscribe();
        let mut first = std::pin::pin!(state.wait_for(|state| !matches!(state, RefreshState::Asking)));
        match executor::timeout_at(until, first.as_mut()).await?.and_then(Result::ok).as_deref() {
            Some(RefreshState::Known) => Ok(()),
            Some(RefreshState::Failed(error)) => Err(error.clone().logged()),
            Some(RefreshState::Asking) | None => Err(self.unknown()),
        }
    }

    fn unknown(&self) -> Error {
        let name = self.config.name();
        let message =
            format!("cannot use the cluster at {name}: no node has said in time who owns which slot");
        Error::new(ErrorKind::Timeout, message)
    }

    async fn run(self: Arc<Self>) {
        let (mut pause, mut is_down, mut turn) = (SHORTEST_PAUSE, false, 0);
        loop {
            let number = self.begun.fetch_add(1, Ordering::AcqRel) + 1;
            let asked = self.refresh(turn).await;
            if asked.is_ok() {
                self.answered.send_replace(number);
            }
            turn = turn.wrapping_add(1);
            let failed = asked.is_err();
            match asked {
                Ok(()) if std::mem::take(&mut is_down) => {
                    log::info!("the cluster at {} answers again", self.config.name());
                }
                Err(error) if !std::mem::replace(&mut is_down, true) => {
                    log::warn!("{error}; requests go where they went before until a node says more");
                }
                Ok(()) => {}
                Err(error) => log::debug!("{error}"),
            }
            sleep(pause).await;
            if failed {
                pause = (pause * 2).min(LONGEST_PAUSE);
                continue;
            }
            let rest = self.rest();
            pause = match executor::timeout(rest, self.wished()).await {
                Ok(Some(())) => (pause * 2).min(LONGEST_PAUSE).min(rest.max(SHORTEST_PAUSE)),
                _ => SHORTEST_PAUSE,
            };
        }
    }

    /// How long to wait for a reason to ask.
    fn rest(&self) -> Duration {
        let is_lost = self.members.primaries().iter().any(|node| node.lost().is_some());
        let rest = if is_lost { EVERY_IN_OUTAGES } else { EVERY };
        self.wishes.wanted_every().map_or(rest, |every| rest.min(every))
    }

    /// Waits until somebody wishes to know, or a connection has ended.
    async fn wished(&self) {
        let losses = &self.config.node.takeovers.losses;
        either(pin!(self.wishes.wished()), pin!(losses.notified())).await;
    }

    /// Asks some nodes, and others if these do not answer.
    async fn refresh(&self, turn: usize) -> Result<(), Error> {
        let mut nodes = self.members.primaries();
        let count = nodes.len().max(1);
        nodes.rotate_left(turn % count);
        let mut failure = None;
        for nodes in nodes.chunks(ASKED_AT_ONCE) {
            if let Some(learned) =
                self.ask(nodes.iter().map(|node| self.ask_member(node)), &mut failure).await
            {
                return learned;
            }
        }
        for seeds in self.seeds.chunks(ASKED_AT_ONCE) {
            let asked = seeds.iter().map(|(address, node)| self.ask_seed(address, node));
            if let Some(learned) = self.ask(asked, &mut failure).await {
                return learned;
            }
        }
        let error =
            failure.unwrap_or_else(|| Error::new(ErrorKind::Url, "the URL of the cluster names no node"));
        self.state.send_if_modified(|state| {
            let is_first = !matches!(state, RefreshState::Known);
            if is_first {
                *state = RefreshState::Failed(error.clone());
            }
            is_first
        });
        Err(error)
    }

    /// Asks some at once, and learns from those that answer. `None` if none does.
    async fn ask(
        &self,
        some: impl Iterator<Item = impl Future<Output = Result<View, Error>>>,
        failure: &mut Option<Error>,
    ) -> Option<Result<(), Error>> {
        let asked = Moment::now();
        let views = ranked(executor::all(some).await, failure)?;
        Some(self.learn(&views, asked))
    }

    /// Goes by the first view. The others are enough to doubt what was kept, and it takes one of them to confirm it: a node that is cut off,
    /// or was frozen, does not know that it owns nothing any more.
    fn learn(&self, views: &Views, asked: Moment) -> Result<(), Error> {
        let Views { best: view, others } = views;
        self.members.update(&view.map)?;
        others.iter().filter(|other| other.is_ok).for_each(|other| self.members.doubt(&other.map));
        let is_confirmed = view.is_ok && (!others.is_empty() || view.primaries() < 2);
        if let Some(watch) = self.watch.as_ref().filter(|_| is_confirmed) {
            watch.listener.owners_confirmed(asked);
        }
        *lock(&self.flaw) = view.flaw();
        self.is_known.store(true, Ordering::Release);
        self.state.send_replace(RefreshState::Known);
        Ok(())
    }

    async fn ask_member(&self, node: &Node) -> Result<View, Error> {
        // One that does not answer must not keep the others from confirming what they own.
        let limit = self.config.node.deadline.min(self.wishes.wanted_every().unwrap_or(Duration::MAX));
        let (doing, until) = (doing(node), after(limit));
        let (answers, _) = node.connection()?.connection.run_all(&doing, &question(), until).await?;
        let mut answers = answers.into_iter();
        let (Some(map), Some(info), Some(address)) = (answers.next(), answers.next(), node.address()) else {
            return Err(Error::new(ErrorKind::Server, format!("cannot {doing}: an answer is missing")));
        };
        view(&map.map_err(|error| translate(&doing, error))?, info.ok().as_ref(), &address)
    }

    /// Over a connection of its own, since a seed need not be a node under this name. One that is silent leaves time for what the others say.
    async fn ask_seed(&self, address: &NodeAddress, node: &Node) -> Result<View, Error> {
        let answers = node.ask_aside(&doing(node), &question(), self.config.node.connect_timeout / 2).await?;
        let mut answers = answers.into_iter();
        let map = answers.next().unwrap_or(Value::Nil).extract_error();
        let map = map.map_err(|error| match error.detail() {
            Some(detail) if detail.contains("cluster support disabled") => Error::new(
                ErrorKind::Server,
                format!("cannot use {address} as a cluster: it is a single server; use redis://"),
            ),
            _ => translate(&doing(node), error),
        });
        view(&map?, answers.next().as_ref(), address)
    }
}

fn doing(node: &Node) -> String {
    format!("ask {} for CLUSTER SLOTS", node.name())
}

fn question() -> Pipeline {
    let mut question = Pipeline::with_capacity(2);
    for about in ["SLOTS", "INFO"] {
        let mut command = cmd("CLUSTER");
        command.arg(about);
        question.add_command(command);
    }
    question
}

/// Without `info`, which a user may have no right to, the map is all there is to go by.
fn view(map: &Value, info: Option<&Value>, said_by: &NodeAddress) -> Result<View, Error> {
    let info = info.and_then(text);
    let field = |name: &str| field(info.as_deref()?, name);
    Ok(View {
        map: parse(map, said_by)?,
        is_ok: field("cluster_state").is_none_or(|state| state == "ok"),
        epoch: field("cluster_current_epoch").and_then(|epoch| epoch.parse().ok()).unwrap_or(0),
    })
}

/// What several nodes say.
struct Views {
    /// Of the one that knows most: a node that is cut off says so, and has not heard of later epochs.
    best: View,
    others: Vec<View>,
}

/// `None` if none has answered.
fn ranked(answers: Vec<Result<View, Error>>, failure: &mut Option<Error>) -> Option<Views> {
    let mut views = Vec::with_capacity(answers.len());
    for answer in answers {
        match answer {
            Ok(view) => views.push(view),
            Err(error) => *failure = Some(error),
        }
    }
    views.sort_by_key(|view| Reverse((view.is_ok, view.epoch, view.served())));
    let mut views = views.into_iter();
    Some(Views { best: views.next()?, others: views.collect() })
}

/// Sleeps; for ever where there are no timers.
async fn sleep(duration: Duration) {
    if executor::sleep(duration).await.is_err() {
        std::future::pending::<()>().await;
    }
}
