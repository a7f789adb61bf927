//! What was measured, as a table.

use std::fmt;

use crate::harness::TASKS;

/// The rates of one scenario: a row for each number of tasks, a column for each contender, a figure for each round.
pub(crate) struct Report {
    title: String,
    names: Vec<&'static str>,
    rates: Vec<Vec<Vec<f64>>>,
}

impl Report {
    pub(crate) fn new(title: &str, names: Vec<&'static str>) -> Self {
        let rates = vec![vec![Vec::new(); names.len()]; TASKS.len()];
        Self {
            title: title.to_owned(),
            names,
            rates,
        }
    }

    /// One round's operations per second, by contender.
    pub(crate) fn add(&mut self, row: usize, rates: &[f64]) {
        for (column, rate) in self.rates[row].iter_mut().zip(rates) {
            column.push(*rate);
        }
    }

    /// A contender's rates as parts of the first one's in the same round.
    fn ratios(&self, row: usize, column: usize) -> Vec<f64> {
        let [yardstick, rates] = [&self.rates[row][0], &self.rates[row][column]];
        rates
            .iter()
            .zip(yardstick)
            .map(|(rate, yardstick)| rate / yardstick)
            .collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title)?;
        writeln!(
            f,
            "Ratio to {}, median (least – greatest); its own median rate in the first column.\n",
            self.names[0]
        )?;
        write!(f, "| tasks | {:>16} |", self.names[0])?;
        for name in &self.names[1..] {
            write!(f, " {name:>20} |")?;
        }
        write!(f, "\n| ----: | {:->15}: |", "")?;
        for _ in &self.names[1..] {
            write!(f, " {:->19}: |", "")?;
        }
        for (row, tasks) in TASKS.into_iter().enumerate() {
            let rate = Spread::of(self.rates[row][0].clone()).median / 1e3;
            write!(f, "\n| {tasks:>5} | {:>16} |", format!("{rate:.1} k/s"))?;
            for column in 1..self.names.len() {
                write!(f, " {:>20} |", Spread::of(self.ratios(row, column)).to_string())?;
            }
        }
        writeln!(f)
    }
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
        Self {
            least: figures[0],
            median,
            greatest: figures[figures.len() - 1],
        }
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} ({:.2} – {:.2})", self.median, self.least, self.greatest)
    }
}

#[cfg(test)]
mod tests {
    use super::{Report, Spread};

    #[test]
    fn a_spread_is_the_median_between_the_extremes() {
        assert_eq!(Spread::of(vec![3.0, 1.0, 2.0]).to_string(), "2.00 (1.00 – 3.00)");
        assert_eq!(
            Spread::of(vec![4.0, 1.0, 2.0, 3.0]).to_string(),
            "2.50 (1.00 – 4.00)"
        );
    }

    #[test]
    fn ratios_are_taken_within_a_round() {
        let mut report = Report::new("test", vec!["yardstick", "other"]);
        report.add(0, &[100.0, 50.0]);
        report.add(0, &[1000.0, 500.0]);
        assert_eq!(report.ratios(0, 1), [0.5, 0.5]);
    }
}
