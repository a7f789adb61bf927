//! A report in the terminal.

use std::fmt;

use super::analysis::{FunctionReport, Report};
use super::server::ServerStats;
use super::units::{Bytes, Count, Percent, Time, share};

/// How many reasons for misses are listed.
const REASONS_SHOWN: usize = 4;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Time(self.window))?;
        if self.processes != 1 {
            write!(f, ", {} processes", Count(self.processes))?;
        }
        for function in &self.functions {
            write!(f, "\n\n{function}")?;
        }
        if !self.tags.is_empty() {
            f.write_str("\n\ntags")?;
        }
        for of in &self.tags {
            let (tag, reads) = (of.tag.escape_debug(), Count(of.hits + of.misses));
            let (rate, invalidated) = (Percent(of.hit_rate()), Count(of.invalidations));
            write!(f, "\n  {tag}  hit rate {rate} of {reads}, {invalidated} invalidated")?;
        }
        if let Some(server) = &self.server {
            write!(f, "\n\n{server}")?;
        }
        if !self.advice.is_empty() {
            f.write_str("\n\nwhat to change")?;
        }
        self.advice.iter().try_for_each(|advice| write!(f, "\n- {advice}"))
    }
}

impl fmt::Display for FunctionReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lookups = self.hits + self.misses;
        let in_redis = share(self.hits - self.local_hits, lookups);
        write!(
            f,
            "{}\n  hit rate {} of {}: {} in this process, {} in Redis",
            self.function,
            Percent(self.hit_rate()),
            Count(lookups),
            Percent(self.local_hit_rate()),
            Percent(in_redis)
        )?;
        let ranked = self.missed_for.ranked();
        for (at, (reason, count)) in ranked.iter().take(REASONS_SHOWN).enumerate() {
            let before = if at == 0 { "\n  misses " } else { ", " };
            write!(f, "{before}{} {reason}", Percent(share(*count, self.misses).min(1.0)))?;
        }
        write!(
            f,
            "\n  time saved {}, spent computing {}, {} each",
            Time(self.time_saved),
            Time(self.time_computing),
            Time(self.compute_time)
        )?;
        if let (Some(median), Some(most)) = (self.median_age, self.most_age) {
            write!(f, "\n  age at a hit {} at most for half, {} for nine of ten", Time(median), Time(most))?;
        }
        if self.stored > 0 {
            write!(f, "\n  {} stored", Count(self.stored))?;
        }
        if self.most_bytes > 0 {
            write!(f, ", {} on average, {} at most", Bytes(self.mean_bytes), Bytes(self.most_bytes))?;
        }
        if self.never_read > 0 {
            write!(f, ", {} never read", Count(self.never_read))?;
        }
        for hot in &self.hottest {
            write!(f, "\n  {:>12} hits {}", Count(hot.hits), hot.key.escape_debug())?;
        }
        for large in &self.largest {
            write!(f, "\n  {:>12}      {}", Bytes(large.bytes), large.key.escape_debug())?;
        }
        Ok(())
    }
}

impl fmt::Display for ServerStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "server\n  {} keys, {} in memory, hit rate {}, {} evicted, {} expired",
            Count(self.keys),
            Bytes(self.used_memory),
            Percent(self.hit_rate()),
            Count(self.evicted),
            Count(self.expired)
        )?;
        for node in &self.nodes {
            write!(
                f,
                "\n  {} {}: {} keys, {}",
                node.address,
                node.version,
                Count(node.keys),
                Bytes(node.used_memory)
            )?;
            if node.max_memory > 0 {
                write!(f, " of {}", Bytes(node.max_memory))?;
            }
            write!(f, ", {}, fragmentation {:.2}", node.policy, node.fragmentation)?;
        }
        Ok(())
    }
}
