//! From what was counted to what to change: pure functions of figures, without I/O and without a clock.
//!
//! `observed` collects what the engine tells it of one function: why look-ups missed, what became of values, what hits saved. `figures` are
//! what it has collected, numbers that can be added up over processes. `analysis` makes a report of them, and `advice` the sentences. `tag_stats` is what was counted of tags. `page` shows
//! a report in a browser, and `history` is what its lines are drawn from.

pub(crate) mod advice;
pub(crate) mod analysis;
pub(crate) mod figures;
#[cfg(feature = "page")]
pub(crate) mod history;
pub(crate) mod hot_keys;
pub(crate) mod key_memory;
pub(crate) mod miss_reason;
pub(crate) mod observed;
#[cfg(feature = "page")]
pub(crate) mod page;
pub(crate) mod server;
mod table;
pub(crate) mod tag_stats;
mod units;
pub(crate) mod wire;
