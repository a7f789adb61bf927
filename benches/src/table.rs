//! What was measured, as a table.

use std::fmt;

use crate::harness::Sample;

/// One scenario: a row for each number of callers, a column for each contender, a sample for each round.
pub struct Report {
    title: String,
    /// What the callers are.
    unit: &'static str,
    callers: Vec<usize>,
    names: Vec<&'static str>,
    samples: Vec<Vec<Vec<Sample>>>,
}

impl Report {
    pub fn new(title: &str, unit: &'static str, callers: &[usize], names: Vec<&'static str>) -> Self {
        let samples = vec![vec![Vec::new(); names.len()]; callers.len()];
        Self { title: title.to_owned(), unit, callers: callers.to_vec(), names, samples }
    }

    /// One round's samples, by contender.
    pub fn add(&mut self, row: usize, samples: impl IntoIterator<Item = Sample>) {
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

    /// What one contender's operation costs the client, as a part of another's in the same round.
    fn cost_ratios(&self, row: usize, column: usize, yardstick: usize) -> Vec<f64> {
        let [samples, yardstick] = [column, yardstick].map(|column| &self.samples[row][column]);
        samples.iter().zip(yardstick).map(|(sample, yardstick)| sample.cpu / yardstick.cpu).collect()
    }

    /// The client's processor time of contenders by others', with a name for each two.
    pub fn cost_table(&self, compared: &[(&str, usize, usize)]) -> Table {
        let mut table = Table::new("Processor time of the client, as a ratio", self.unit, &self.callers);
        for (name, column, yardstick) in compared {
            let ratio = |row| Spread::of(self.cost_ratios(row, *column, *yardstick)).to_string();
            table.column(name, (0..self.callers.len()).map(ratio));
        }
        table
    }

    /// A table of this report's shape.
    fn table(&self, title: &str, cell: impl Fn(usize, usize) -> String) -> Table {
        let mut table = Table::new(title, self.unit, &self.callers);
        for (column, name) in self.names.iter().enumerate() {
            table.column(name, (0..self.callers.len()).map(|row| cell(row, column)));
        }
        table
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let title = format!("Operations a second: {}'s own, then ratios to it", self.names[0]);
        let rates = self.table(&title, |row, column| match column {
            0 => {
                let rates = self.samples[row][0].iter().map(|sample| sample.rate / 1e3);
                format!("{:.1} k/s", Spread::of(rates.collect()).median)
            }
            _ => Spread::of(self.ratios(row, column)).to_string(),
        });
        let costs = self.table("Processor time of the client, microseconds an operation", |row, column| {
            Spread::of(self.costs(row, column)).to_string()
        });
        write!(f, "{}\n\n{rates}\n\n{costs}", self.title)
    }
}

/// Cells under the contenders' names, as Markdown.
pub struct Table {
    title: String,
    /// The head of the first column, then its cells; and so on for each contender.
    columns: Vec<Vec<String>>,
}

impl Table {
    pub fn new<L: ToString>(title: &str, corner: &str, labels: impl IntoIterator<Item = L>) -> Self {
        let mut table = Self { title: title.to_owned(), columns: Vec::new() };
        table.column(corner, labels.into_iter().map(|label| label.to_string()));
        table
    }

    /// One more contender's cells, from the top.
    pub fn column(&mut self, name: &str, cells: impl IntoIterator<Item = String>) {
        self.columns.push(std::iter::once(name.to_owned()).chain(cells).collect());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", self.title)?;
        let width = |column: &[String]| column.iter().map(|cell| cell.chars().count()).max().unwrap_or(0);
        let widths: Vec<_> = self.columns.iter().map(|column| width(column)).collect();
        for row in 0..self.columns[0].len() {
            for (column, width) in self.columns.iter().zip(&widths) {
                write!(f, "| {:>width$} ", column[row])?;
            }
            write!(f, "|")?;
            if row == 0 {
                writeln!(f)?;
                for width in &widths {
                    write!(f, "| {:->width$}: ", "", width = width - 1)?;
                }
                write!(f, "|")?;
            }
            if row + 1 < self.columns[0].len() {
                writeln!(f)?;
            }
        }
        Ok(())
    }
}

/// A time in the unit that suits it. An infinite one is of what never came.
pub fn time(seconds: f64) -> String {
    match seconds {
        ..1e-3 => format!("{:.1} µs", seconds * 1e6),
        ..1.0 => format!("{:.1} ms", seconds * 1e3),
        f64::INFINITY => "never".to_owned(),
        _ => format!("{seconds:.2} s"),
    }
}

pub struct Spread {
    least: f64,
    pub median: f64,
    greatest: f64,
}

impl Spread {
    pub fn of(mut figures: Vec<f64>) -> Self {
        figures.sort_by(f64::total_cmp);
        let middle = figures.len() / 2;
        let median = if figures.len() % 2 == 1 {
            figures[middle]
        } else {
            f64::midpoint(figures[middle - 1], figures[middle])
        };
        Self { least: figures[0], median, greatest: figures[figures.len() - 1] }
    }

    /// The figures as `say` puts one.
    pub fn said(&self, say: impl Fn(f64) -> String) -> String {
        format!("{} ({} – {})", say(self.median), say(self.least), say(self.greatest))
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said(|figure| format!("{figure:.2}")))
    }
}

#[cfg(test)]
mod tests {
    use super::{Report, Sample, Spread, Table, time};

    #[test]
    fn a_spread_is_the_median_between_the_extremes() {
        assert_eq!(Spread::of(vec![3.0, 1.0, 2.0]).to_string(), "2.00 (1.00 – 3.00)");
        assert_eq!(Spread::of(vec![4.0, 1.0, 2.0, 3.0]).to_string(), "2.50 (1.00 – 4.00)");
    }

    #[test]
    fn ratios_are_taken_within_a_round() {
        let mut report = Report::new("test", "tasks", &[1], vec!["yardstick", "other"]);
        let sample = |rate| Sample { rate, cpu: 1.0 / rate };
        report.add(0, [sample(100.0), sample(50.0)]);
        report.add(0, [sample(1000.0), sample(500.0)]);
        assert_eq!(report.ratios(0, 1), [0.5, 0.5]);
        assert_eq!(report.cost_ratios(0, 1, 0), [2.0, 2.0]);
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new("title", "n", ["1", "20"]);
        table.column("o", ["µs".to_owned(), "s".to_owned()]);
        assert_eq!(table.to_string(), "title\n\n|  n |  o |\n| -: | -: |\n|  1 | µs |\n| 20 |  s |");
    }

    #[test]
    fn a_time_is_given_in_the_unit_that_suits_it() {
        assert_eq!([2.5e-6, 0.25, 3.0, f64::INFINITY].map(time), ["2.5 µs", "250.0 ms", "3.00 s", "never"]);
    }
}
