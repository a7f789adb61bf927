//! Figures by a size, as a table and as a plot. Both axes are logarithmic.

use std::path::Path;

use plotters::prelude::*;

use crate::Failure;
use crate::table::Table;

const SIZE: (u32, u32) = (720, 400);
/// Apart from each other also for who cannot tell red from green.
const COLOURS: [RGBColor; 4] =
    [RGBColor(0, 114, 178), RGBColor(213, 94, 0), RGBColor(0, 158, 115), RGBColor(204, 121, 167)];

/// How something grows.
pub struct Growth {
    pub name: &'static str,
    pub title: &'static str,
    /// What is counted from left to right.
    pub of: &'static str,
    /// What the figures are.
    pub unit: &'static str,
    sizes: Vec<u64>,
    series: Vec<(&'static str, Vec<f64>)>,
}

impl Growth {
    pub fn new(
        name: &'static str,
        title: &'static str,
        (of, unit): (&'static str, &'static str),
        sizes: &[u64],
    ) -> Self {
        Self { name, title, of, unit, sizes: sizes.to_vec(), series: Vec::new() }
    }

    /// A figure for each size.
    pub fn add(&mut self, name: &'static str, figures: Vec<f64>) {
        assert_eq!(figures.len(), self.sizes.len(), "a figure for each size");
        self.series.push((name, figures));
    }

    pub fn file(&self) -> String {
        format!("{}.svg", self.name)
    }

    pub fn table(&self) -> Table {
        let mut table = Table::new(&format!("{}, {}", self.title, self.unit), self.of, &self.sizes);
        for (name, figures) in &self.series {
            table.column(name, figures.iter().map(|figure| text(*figure)));
        }
        table
    }

    pub fn draw(&self, file: &Path) -> Result<(), Failure> {
        let figures = || self.series.iter().flat_map(|(_, figures)| figures).copied();
        let (least, most) = (figures().fold(f64::INFINITY, f64::min), figures().fold(0.0, f64::max));
        let area = SVGBackend::new(file, SIZE).into_drawing_area();
        area.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&area)
            .caption(self.title, ("sans-serif", 18))
            .margin(12)
            .x_label_area_size(42)
            .y_label_area_size(64)
            .build_cartesian_2d(
                (self.sizes[0] as f64..self.sizes[self.sizes.len() - 1] as f64).log_scale(),
                (least / 1.5..most * 1.5).log_scale(),
            )?;
        let label = |figure: &f64| text(*figure);
        chart
            .configure_mesh()
            .x_desc(self.of)
            .y_desc(self.unit)
            .x_label_formatter(&label)
            .y_label_formatter(&label)
            .draw()?;
        for ((name, figures), colour) in self.series.iter().zip(COLOURS) {
            let points = || self.sizes.iter().map(|size| *size as f64).zip(figures.iter().copied());
            chart
                .draw_series(LineSeries::new(points(), colour.stroke_width(2)))?
                .label(*name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2)));
            chart.draw_series(points().map(|point| Circle::new(point, 3, colour.filled())))?;
        }
        chart
            .configure_series_labels()
            .background_style(WHITE.mix(0.8))
            .position(SeriesLabelPosition::UpperLeft)
            .draw()?;
        area.present()?;
        Ok(())
    }
}

/// Three digits.
fn text(figure: f64) -> String {
    match figure {
        ..10.0 => format!("{figure:.2}"),
        ..100.0 => format!("{figure:.1}"),
        _ => format!("{figure:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::Growth;

    #[test]
    fn a_plot_has_its_title_and_the_names_of_its_series() {
        let mut growth = Growth::new("name", "Of twice as many", ("entries", "ns"), &[1, 10, 100]);
        growth.add("first", vec![1.0, 2.0, 4.0]);
        growth.add("second", vec![0.5, 50.0, 5000.0]);
        let file = std::env::temp_dir().join(format!("redis-cached-plot-{}.svg", std::process::id()));
        growth.draw(&file).expect("it can be drawn");
        let drawn = std::fs::read_to_string(&file).expect("a file");
        std::fs::remove_file(&file).expect("ours");
        for text in ["Of twice as many", "entries", "ns", "first", "second"] {
            assert!(drawn.contains(text), "{text}");
        }
        assert!(growth.table().to_string().contains("5000"));
    }
}
