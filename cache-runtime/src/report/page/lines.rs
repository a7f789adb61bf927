//! Hit rates over the last minutes as lines, in SVG.

use std::fmt::{self, Display, Formatter};

use super::html::Html;
use crate::report::history::{FunctionHistory, HistoryPoint, SPAN};
use crate::report::units::{Percent, Time, share};

/// The size of a line in a table, in the drawing's own units.
const SMALL: Size = Size { width: 120, height: 24 };
/// The size of a chart.
const LARGE: Size = Size { width: 640, height: 110 };
/// How far the line stays off the upper and lower edge, which would cut it.
const MARGIN: f64 = 2.0;

#[derive(Clone, Copy)]
struct Size {
    width: u32,
    height: u32,
}

/// The points of a function; none if there is no history of it.
pub(super) fn points_of<'h>(history: &'h [FunctionHistory], function: &str) -> &'h [HistoryPoint] {
    let found = history.iter().find(|of| of.function == function);
    found.map_or(&[], |of| &of.points)
}

/// A cell of a table.
pub(super) fn cell(html: &mut Html, points: &[HistoryPoint]) {
    html.markup("<td class=\"drawn\">");
    match Rates::of(points) {
        Some(rates) => drawing(html, SMALL, points, &rates),
        None => _ = html.markup("—"),
    }
    html.markup("</td>");
}

/// A chart with its legend; nothing without look-ups.
pub(super) fn chart(html: &mut Html, points: &[HistoryPoint]) {
    let Some(rates) = Rates::of(points) else { return };
    html.markup("<figure>\n<div class=\"chart\">");
    drawing(html, LARGE, points, &rates);
    html.markup("<b class=\"top\">100 %</b><b class=\"bottom\">0 %</b></div>\n<figcaption>");
    html.text(&rates).markup(". Shaded: look-ups, ").text(rates.most_a_second());
    html.markup(" a second at most</figcaption>\n</figure>\n");
}

fn drawing(html: &mut Html, size: Size, points: &[HistoryPoint], rates: &Rates) {
    let Size { width, height } = size;
    html.markup("<svg class=\"rates\" role=\"img\" preserveAspectRatio=\"none\" viewBox=\"0 0 ");
    html.text(format_args!("{width} {height}")).markup("\" aria-label=\"").text(rates).markup("\">");
    html.markup("<path class=\"volume\" d=\"").text(Volume { size, points, most: rates.most });
    html.markup("\"></path><path class=\"rate\" d=\"").text(Line { size, points }).markup("\"></path></svg>");
}

/// What a chart shows, in words.
struct Rates {
    last: f64,
    lowest: f64,
    /// The most look-ups a second.
    most: f64,
}

impl Rates {
    fn of(points: &[HistoryPoint]) -> Option<Self> {
        let rates = || points.iter().filter_map(rate);
        Some(Self {
            last: rates().next_back()?,
            lowest: rates().fold(1.0, f64::min),
            most: points.iter().map(lookups_a_second).fold(0.0, f64::max),
        })
    }

    fn most_a_second(&self) -> String {
        let decimals = usize::from(self.most < 9.95);
        format!("{:.decimals$}", self.most)
    }
}

impl Display for Rates {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (span, last, lowest) = (Time(SPAN), Percent(self.last), Percent(self.lowest));
        write!(f, "Hit rate of the last {span}: {last} at the end, {lowest} at its lowest")
    }
}

/// The share of hits; `None` without look-ups.
fn rate(point: &HistoryPoint) -> Option<f64> {
    let (hits, lookups) = (u64::from(point.hits), u64::from(point.hits) + u64::from(point.misses));
    (lookups > 0).then(|| share(hits, lookups))
}

fn lookups_a_second(point: &HistoryPoint) -> f64 {
    (f64::from(point.hits) + f64::from(point.misses)) / point.seconds.max(0.001)
}

/// Where a point begins and ends.
fn begin_and_end(size: Size, point: &HistoryPoint) -> (f64, f64) {
    let at = |ago: f64| f64::from(size.width) * (1.0 - ago / SPAN.as_secs_f64()).clamp(0.0, 1.0);
    (at(point.ago + point.seconds), at(point.ago))
}

/// One step for each point, because each has one rate; a gap where nothing was looked up.
struct Line<'p> {
    size: Size,
    points: &'p [HistoryPoint],
}

impl Display for Line<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut goes_on = false;
        for point in self.points {
            let Some(rate) = rate(point) else {
                goes_on = false;
                continue;
            };
            let (begin, end) = begin_and_end(self.size, point);
            let y = MARGIN + (f64::from(self.size.height) - 2.0 * MARGIN) * (1.0 - rate);
            if goes_on {
                write!(f, "V{y:.1}H{end:.1}")?;
            } else {
                write!(f, "M{begin:.1} {y:.1}H{end:.1}")?;
            }
            goes_on = true;
        }
        Ok(())
    }
}

/// The look-ups a second, as an area beneath the line.
struct Volume<'p> {
    size: Size,
    points: &'p [HistoryPoint],
    most: f64,
}

impl Display for Volume<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let height = f64::from(self.size.height);
        for point in self.points.iter().filter(|point| rate(point).is_some()) {
            let (begin, end) = begin_and_end(self.size, point);
            let y = height * (1.0 - 0.8 * lookups_a_second(point) / self.most);
            write!(f, "M{begin:.1} {height}V{y:.1}H{end:.1}V{height}Z")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(ago: f64, hits: u32, misses: u32) -> HistoryPoint {
        HistoryPoint { ago, seconds: 90.0, hits, misses }
    }

    #[test]
    fn a_line_has_a_step_for_each_point_and_a_gap_for_none() {
        let points = [point(360.0, 1, 0), point(270.0, 0, 1), point(180.0, 0, 0), point(0.0, 1, 1)];
        let line = Line { size: Size { width: 100, height: 24 }, points: &points };
        assert_eq!(line.to_string(), "M50.0 2.0H60.0V22.0H70.0M90.0 12.0H100.0");
    }

    #[test]
    fn a_point_that_began_before_the_chart_is_cut() {
        let long = HistoryPoint { ago: 0.0, seconds: 90_000.0, hits: 3, misses: 1 };
        let line = Line { size: SMALL, points: &[long] };
        assert_eq!(line.to_string(), "M0.0 7.0H120.0");
    }

    #[test]
    fn a_chart_says_what_it_shows() {
        let points = [point(90.0, 1, 3), point(0.0, 180, 0)];
        let rates = Rates::of(&points).expect("there were look-ups");
        assert_eq!(rates.to_string(), "Hit rate of the last 15 min: 100 % at the end, 25 % at its lowest");
        assert_eq!(rates.most_a_second(), "2.0");
        assert!(Rates::of(&[point(0.0, 0, 0)]).is_none());
    }
}
