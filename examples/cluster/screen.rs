//! Shows how it goes: drawn in a terminal, printed by the second elsewhere.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::figures::{Calls, Figures};
use crate::incidents::News;

/// How many columns the whole time has.
const COLUMNS: usize = 60;
/// Rows of the hit rate.
const ROWS: usize = 5;
const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

pub(crate) struct Screen {
    time: Duration,
    /// None where there is no terminal.
    drawing: Option<ProgressBar>,
    news: Vec<News>,
    /// The figures of each column, or of each second, that is over.
    past: Vec<Figures>,
}

impl Screen {
    pub(crate) fn new(time: Duration) -> Self {
        let drawing = std::io::stdout().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stdout());
            bar.with_style(
                ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_bar()),
            )
        });
        Self { time, drawing, news: Vec::new(), past: Vec::new() }
    }

    pub(crate) fn draw(&mut self, calls: &Calls, news: impl Iterator<Item = News>) {
        let known = self.news.len();
        self.news.extend(news);
        let step = if self.drawing.is_some() { self.time / COLUMNS as u32 } else { Duration::from_secs(1) };
        for news in &self.news[known..] {
            self.print(&format!("{:>4.1} s  {}", news.at.as_secs_f64(), news.text));
        }
        while calls.elapsed() >= step * (self.past.len() as u32 + 1) {
            let begin = step * self.past.len() as u32;
            self.past.push(calls.within(begin..begin + step));
            if self.drawing.is_none() {
                self.print(&self.line());
            }
        }
        if let Some(bar) = &self.drawing {
            bar.set_message(self.chart(step));
        }
    }

    /// Leaves the last picture where it is.
    pub(crate) fn end(&self) {
        if let Some(bar) = &self.drawing {
            bar.abandon();
            println!();
        }
        println!();
    }

    fn print(&self, line: &str) {
        match &self.drawing {
            Some(bar) => bar.println(line),
            None => println!("{line}"),
        }
    }

    /// The second that is just over.
    fn line(&self) -> String {
        let Some(figures) = self.past.last() else { return String::new() };
        format!(
            "{:>4} s  {:>6} calls  {:>5.1} % hits  p50 {}  p99 {}  slowest {}  {} failed",
            self.past.len(),
            HumanCount(figures.calls as u64).to_string(),
            100.0 * figures.hit_rate(),
            millis(figures.percentile(0.5)),
            millis(figures.percentile(0.99)),
            millis(figures.slowest()),
            figures.failed + figures.old,
        )
    }

    fn chart(&self, step: Duration) -> String {
        let Some(last) = self.past.last() else { return String::new() };
        let mut rows = Vec::new();
        let rates: Vec<f64> = self.past.iter().map(Figures::hit_rate).collect();
        for (index, bars) in bars(&rates, ROWS).into_iter().enumerate() {
            let label = match index {
                0 => "hit rate  100 %".to_owned(),
                row if row == ROWS - 1 => "            0 %".to_owned(),
                row if row == ROWS / 2 => format!("     now {:>4.0} %", 100.0 * last.hit_rate()),
                _ => String::new(),
            };
            rows.push(format!("{label:15} {bars}"));
        }
        let latency = |part: f64| -> Vec<f64> {
            self.past.iter().map(|figures| on_log_scale(figures.percentile(part))).collect()
        };
        for (name, part) in [("p50", 0.5), ("p99", 0.99), ("slowest", 1.0)] {
            let bars = bars(&latency(part), 1).swap_remove(0);
            rows.push(format!("{name:7} {} {bars}", millis(last.percentile(part))));
        }
        let failed: Vec<usize> = self.past.iter().map(|figures| figures.failed + figures.old).collect();
        let marks: String = failed.iter().map(|failed| if *failed == 0 { '·' } else { '!' }).collect();
        rows.push(format!("failed  {:>7} {marks}", failed.iter().sum::<usize>()));
        rows.push(format!("{:15} {}", "", self.markers(step)));
        rows.join("\n")
    }

    /// A mark beneath each incident's column.
    fn markers(&self, step: Duration) -> String {
        let column = |news: &News| (news.at.as_nanos() / step.as_nanos().max(1)) as usize;
        let is_marked = |at: usize| self.news.iter().any(|news| column(news) == at);
        (0..self.past.len().max(COLUMNS)).map(|at| if is_marked(at) { '▲' } else { ' ' }).collect()
    }
}

/// Columns of blocks for values from 0 to 1, from the top row to the bottom one.
fn bars(values: &[f64], rows: usize) -> Vec<String> {
    let eighths = |value: f64| (value * (8 * rows) as f64).round() as usize;
    let row = |row: usize| {
        let below = 8 * (rows - 1 - row);
        values.iter().map(|value| EIGHTHS[eighths(*value).saturating_sub(below).min(8)]).collect()
    };
    (0..rows).map(row).collect()
}

/// From 0 for 0.1 ms to 1 for a second.
fn on_log_scale(took: Duration) -> f64 {
    ((took.as_secs_f64().max(1e-9).log10() + 4.0) / 4.0).clamp(0.0, 1.0)
}

pub(crate) fn millis(took: Duration) -> String {
    format!("{:>4.1} ms", took.as_secs_f64() * 1e3)
}
