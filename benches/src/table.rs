//! What was measured, as a table.

use std::fmt;

use crate::harness::{Sample, TASKS};

/// One scenario: a row for each number of tasks, a column for each contender, a sample for each round.
pub(crate) struct Report {
    title: String,
    names: Vec<&'static str>,
    samples: Vec<Vec<Vec<Sample>>>,
}

impl Report {
    pub(crate) fn new(title: &str, names: Vec<&'static str>) -> Self {
        let samples = vec![vec![Vec::new(); names.len()]; TASKS.len()];
        Self { title: title.to_owned(), names, samples }
    }

    /// One round's samples, by contender.
    pub(crate) fn add(&mut self, row: usize, samples: impl IntoIterator<Item = Sample>) {
        for (column, sample) in self.samples[row].iter_mut().zip(samples) {
            column.push(sample);
        }
    }

    /// A contender's rates as parts of the first one's in the same round.
    fn ratios(&self, row: usize, column: usize) -> Vec<f64> {
        let [yardstick, samples] = [&self.samples[row][0], &self.samples[row][column]];
        samples.iter().zip(yardstick).map(|(sample, yardstick)| sample.rate / yardstick.rate).collect()
    }

    /// Microseconds of processor time per operation.
    fn costs(&self, row: usize, column: usize) -> Vec<f64> {
        self.samples[row][column].iter().map(|sample| sample.cpu * 1e6).collect()
    }

    fn table(&self, f: &mut fmt::Formatter<'_>, cell: impl Fn(usize, usize) -> String) -> fmt::Result {
        write!(f, "\n\n| tasks |")?;
        for name in &self.names {
            write!(f, " {name:>20} |")?;
        }
        write!(f, "\n| ----: |")?;
        for _ in &self.names {
            write!(f, " {:->19}: |", "")?;
        }
        for (row, tasks) in TASKS.into_iter().enumerate() {
            write!(f, "\n| {tasks:>5} |")?;
            for column in 0..self.names.len() {
                write!(f, " {:>20} |", cell(row, column))?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let yardstick = self.names[0];
        write!(f, "{}\n\nOperations a second: {yardstick}'s own, then ratios to it", self.title)?;
        self.table(f, |row, column| match column {
            0 => format!("{:.1} k/s", median(self.samples[row][0].iter().map(|sample| sample.rate)) / 1e3),
            _ => Spread::of(self.ratios(row, column)).to_string(),
        })?;
        write!(f, "\n\nProcessor time of the client, microseconds an operation")?;
        self.table(f, |row, column| Spread::of(self.costs(row, column)).to_string())
    }
}

fn median(figures: impl Iterator<Item = f64>) -> f64 {
    Spread::of(figures.collect()).median
}

struct Spread {
    least: f64,
    median: f64,
    greatest: f64,
}

impl Spread {
    fn of(mut figures: Vec<f64>) -> Self {
        figures.sort_by(f64::total_cmp);
        let middle = figures.len() / 2;
        let median = if figures.len() % 2 == 1 {
            figures[middle]
        } else {
            f64::midpoint(figures[middle - 1], figures[middle])
        };
        Self { least: figures[0], median, greatest: figures[figures.len() - 1] }
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} ({:.2} – {:.2})", self.median, self.least, self.greatest)
    }
}

#[cfg(test)]
mod tests {
    use super::{Report, Sample, Spread};

    #[test]
    fn a_spread_is_the_median_between_the_extremes() {
        assert_eq!(Spread::of(vec![3.0, 1.0, 2.0]).to_string(), "2.00 (1.00 – 3.00)");
        assert_eq!(Spread::of(vec![4.0, 1.0, 2.0, 3.0]).to_string(), "2.50 (1.00 – 4.00)");
    }

    #[test]
    fn ratios_are_taken_within_a_round() {
        let mut report = Report::new("test", vec!["yardstick", "other"]);
        let sample = |rate| Sample { rate, cpu: 0.0 };
        report.add(0, [sample(100.0), sample(50.0)]);
        report.add(0, [sample(1000.0), sample(500.0)]);
        assert_eq!(report.ratios(0, 1), [0.5, 0.5]);
    }
}
