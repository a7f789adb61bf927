//! Hits in Redis by the number of tasks that call at once, in operations of a second.

use super::median;
use crate::contenders::{Bare, This};
use crate::hit::warmed;
use redis_cached_benches::Failure;
use redis_cached_benches::harness::turn;
use redis_cached_benches::options::Options;
use redis_cached_benches::plot::Growth;

const TASKS: [u64; 6] = [1, 4, 16, 64, 256, 1024];

pub(super) async fn measure(options: &Options, url: &str) -> Result<Growth, Failure> {
    let contenders = [warmed(Bare::connect(url).await?).await, warmed(This).await];
    let mut rates = vec![vec![Vec::new(); TASKS.len()]; contenders.len()];
    for _ in 0..options.rounds {
        for (row, tasks) in TASKS.into_iter().enumerate() {
            for (contender, rates) in contenders.iter().zip(&mut rates) {
                rates[row].push(turn(&**contender, tasks as usize, options.slice).await?.rate);
            }
        }
    }
    let mut growth = Growth::new("tasks", "Hits in Redis", ("tasks", "operations a second"), &TASKS);
    for (contender, rates) in contenders.iter().zip(rates) {
        growth.add(contender.name(), rates.into_iter().map(median).collect());
    }
    Ok(growth)
}
