//! A recorded run: who wrote what when, who read what when, and what was away meanwhile.

use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use redis_cached_sources::price;
use redis_cached_test_support::Given;
use tokio::task::JoinHandle;

use crate::{Shop, connect};

const PRODUCTS: i64 = 8;

/// Moments are counted in time that the machine gave to this process.
pub(crate) struct Record {
    began: Given,
    events: Mutex<Events>,
}

#[derive(Default)]
struct Events {
    /// Prices only grow.
    writes: Vec<Event>,
    reads: Vec<Event>,
    outages: Vec<(Duration, Duration)>,
}

struct Event {
    id: i64,
    price: i64,
    /// When a write was committed, as its writer heard; when a read began.
    at: Duration,
}

impl Record {
    pub(crate) fn begin() -> Arc<Self> {
        Arc::new(Self { began: Given::now(), events: Mutex::default() })
    }

    fn add(&self, add: impl FnOnce(&mut Events)) {
        add(&mut self.events.lock().unwrap());
    }

    /// Something is away during `outage`.
    pub(crate) async fn outage(&self, outage: impl Future<Output = ()>) {
        let from = self.began.elapsed();
        outage.await;
        let to = self.began.elapsed();
        self.add(|events| events.outages.push((from, to)));
    }

    /// How old the oldest value was that was read: the time since a newer one was committed, without that during which something was away.
    pub(crate) fn oldest(&self) -> Duration {
        let Events { writes, reads, outages } = &*self.events.lock().unwrap();
        assert!(writes.len() > 100 && reads.len() > 1_000, "{} writes, {} reads", writes.len(), reads.len());
        let counted = |at: Duration| {
            let away = outages.iter().map(|(from, to)| at.min(*to).saturating_sub(*from)).sum();
            at.saturating_sub(away)
        };
        let age = |read: &Event| {
            let newer = writes.iter().filter(|write| write.id == read.id && write.price > read.price);
            let first = newer.map(|write| write.at).min()?;
            counted(read.at).checked_sub(counted(first))
        };
        reads.iter().filter_map(age).max().unwrap_or_default()
    }
}

/// Writers and readers, until they are dropped.
pub(crate) struct Traffic(Vec<JoinHandle<()>>);

impl Traffic {
    pub(crate) async fn start(shop: &Shop, record: &Arc<Record>) -> Self {
        let mut tasks = vec![tokio::spawn(write(shop.pool.clone(), Arc::clone(record)))];
        for _ in 0..2 {
            // Each is a process of its own, as far as the cache can tell.
            let cache = connect(&shop.redis).await;
            let (pool, record) = (shop.pool.clone(), Arc::clone(record));
            tasks.push(tokio::spawn(async move { cache.scope(read(pool, record)).await }));
        }
        Self(tasks)
    }

    pub(crate) fn stop_writing(&self) {
        self.0[0].abort();
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

async fn write(pool: sqlx::PgPool, record: Arc<Record>) {
    let raise = "UPDATE products SET price = price + 1 WHERE id = $1 RETURNING price";
    for number in 0.. {
        let id = number % PRODUCTS + 1;
        if let Ok(price) = sqlx::query_scalar(raise).bind(id).fetch_one(&pool).await {
            let at = record.began.elapsed();
            record.add(|events| events.writes.push(Event { id, price, at }));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn read(pool: sqlx::PgPool, record: Arc<Record>) {
    for number in 0.. {
        let (id, at) = (number % PRODUCTS + 1, record.began.elapsed());
        if let Ok(price) = price(&pool, id).await {
            record.add(|events| events.reads.push(Event { id, price, at }));
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// A process that follows, and is killed when it is dropped.
pub(crate) struct FollowerProcess(Child);

impl FollowerProcess {
    pub(crate) fn start(shop: &Shop, source: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_follower"));
        command.arg(source).env("DATABASE_URL", &shop.url).env("REDIS_URL", shop.proxy.url());
        Self(command.spawn().unwrap())
    }
}

impl Drop for FollowerProcess {
    fn drop(&mut self) {
        // Without a word to anybody.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
