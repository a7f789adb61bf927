//! What it comes to, in sentences.

use std::ops::Range;
use std::time::Duration;

use indicatif::HumanCount;

use crate::articles::Articles;
use crate::figures::{Calls, Figures};
use crate::incidents::Report;
use crate::screen::millis;
use crate::traffic::{READERS, WRITERS};

/// Says whether all calls got what they should.
pub(crate) fn print(calls: &Calls, articles: &Articles, report: &Report) -> bool {
    let all = calls.within(Duration::ZERO..Duration::MAX);
    println!(
        "In {:.0} s, {READERS} readers made {} calls, and {WRITERS} writers changed {} articles.",
        calls.elapsed().as_secs_f64(),
        HumanCount(all.calls as u64),
        HumanCount(articles.changes()),
    );
    println!(
        "Of the calls, {} Half of all took less than {}, 99 of 100 less than {}.",
        sentence(&all),
        millis(all.percentile(0.5)).trim(),
        millis(all.percentile(0.99)).trim(),
    );
    let during = |period: &Range<Duration>| sentence(&calls.within(period.clone()));
    println!("\nWhile {} slots moved, {}", report.slots, during(&report.moving));
    println!("The failover took {:.1} s. Meanwhile {}", seconds(&report.failover), during(&report.failover));
    println!(
        "After the kill the replica took over within {:.1} s. Until then the articles of that primary were not cached: {}",
        seconds(&report.without_primary),
        during(&report.without_primary)
    );
    println!("From the takeover to the end, {}", during(&(report.without_primary.end..Duration::MAX)));
    verdict(calls, &all, report)
}

fn verdict(calls: &Calls, all: &Figures, report: &Report) -> bool {
    match all.failed {
        0 => println!("\nNo call failed."),
        failed => println!("\n{failed} calls failed: they got nothing for two seconds, or another article."),
    }
    let before_the_kill = calls.within(Duration::ZERO..report.without_primary.start).old;
    match all.old {
        0 => println!("No reader was given an article that had been changed before it asked."),
        old => println!(
            "{old} readers were given an article that had been changed before they asked, {before_the_kill} of them before the kill. \
             What a primary has acknowledged and not replicated is lost with it, until this process repeats it: see docs/guarantees.md."
        ),
    }
    all.failed == 0 && before_the_kill == 0
}

fn sentence(figures: &Figures) -> String {
    format!(
        "{:.1} % were hits, and the slowest call took {}.",
        100.0 * figures.hit_rate(),
        millis(figures.slowest()).trim()
    )
}

fn seconds(period: &Range<Duration>) -> f64 {
    period.end.saturating_sub(period.start).as_secs_f64()
}
