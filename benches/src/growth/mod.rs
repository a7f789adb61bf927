//! How costs grow: with the entries of the local tier, the bytes of a value, and the tasks that call at once. Tables, and with `--plots`
//! the same as plots.

mod bytes;
mod entries;
mod flushed;
mod tasks;

use std::fmt;
use std::path::Path;
use std::time::Duration;

use redis_cached::Cache;
use redis_cached_test_support::RedisServer;

use redis_cached_benches::Failure;
use redis_cached_benches::options::Options;
use redis_cached_benches::plot::Growth;
use redis_cached_benches::table::{Spread, Table};

/// Enough for a million entries.
const LOCAL_CAPACITY: &str = "1GiB";
const DEADLINE: Duration = Duration::from_secs(5);

pub(crate) struct Growths {
    plots: Vec<Growth>,
    tables: Vec<Table>,
}

/// The server is emptied: it must be our own.
pub(crate) async fn run(options: &Options, server: &RedisServer) -> Result<Growths, Failure> {
    // Patient: a million values are stored at once.
    let patient = Cache::builder().url(server.url()).deadline(DEADLINE).local_capacity(LOCAL_CAPACITY);
    patient.connect().await?.set_global()?;
    // First: it measures what the process grows by.
    let tables = vec![flushed::measure(options, server).await?];
    let plots = vec![
        tasks::measure(options, &server.url()).await?,
        bytes::measure(options, &server.url()).await?,
        entries::measure(options).await?,
    ];
    if let Some(folder) = &options.plots {
        std::fs::create_dir_all(folder)?;
        for plot in &plots {
            plot.draw(&Path::new(folder).join(plot.file()))?;
        }
    }
    Ok(Growths { plots, tables })
}

impl fmt::Display for Growths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plots = self.plots.iter().map(Growth::table);
        let tables = plots.map(|table| table.to_string()).chain(self.tables.iter().map(Table::to_string));
        f.write_str(&tables.collect::<Vec<_>>().join("\n\n"))
    }
}

/// Powers of ten from 1 to `last`.
fn decades(last: u64) -> Vec<u64> {
    std::iter::successors(Some(1), |decade| Some(decade * 10)).take_while(|decade| *decade <= last).collect()
}

fn median(figures: Vec<f64>) -> f64 {
    Spread::of(figures).median
}
