//! SVG by hand: it is small, and its colours follow the reader's light or dark.

use std::fmt::Write;

use crate::recording::{Kind, Mark, Span};
use crate::runs::beginning;

/// Dark where the reader has it dark. The background is drawn, because a page may be of the other kind.
const STYLE: &str = "<style>
svg{--paper:#fff;--ink:#1f2328;--line:#d0d7de;--call:#b6d7ff;--query:#ffc68a;--write:#ffa8a8;--mark:#57606a}
@media(prefers-color-scheme:dark){svg{--paper:#0d1117;--ink:#e6edf3;--line:#30363d;--call:#1f4f8a;--query:#8a5014;--write:#8b2f2f;--mark:#9198a1}}
.p{fill:var(--paper)}text{fill:var(--ink);font:12px sans-serif}.t{font-weight:bold}.l{stroke:var(--line)}.m{stroke:var(--mark)}.c{fill:var(--call)}.q{fill:var(--query)}.w{fill:var(--write)}
</style>";

const WIDTH: f64 = 760.0;
/// Where time begins, beside the names of lanes, and where it ends.
const LEFT: f64 = 84.0;
const RIGHT: f64 = WIDTH - 28.0;
const LANE: f64 = 34.0;
const TOP: f64 = 36.0;
/// What a label of a command needs.
const LABEL: f64 = 62.0;
const ROW: f64 = 15.0;

pub(crate) struct Panel {
    pub(crate) title: String,
    pub(crate) spans: Vec<Span>,
}

/// Milliseconds to the horizontal place.
struct Scale {
    start: f64,
    milliseconds: f64,
}

impl Scale {
    fn new(spans: &[Span], last: f64) -> Self {
        let start = beginning(spans);
        let end = spans.iter().map(|span| span.to).fold(last, f64::max);
        // A little more, in whole tens: with room for the last label.
        Self { start, milliseconds: (((end - start) * 108.0).ceil() * 10.0).max(10.0) }
    }

    fn x(&self, time: f64) -> f64 {
        LEFT + (time - self.start) * 1000.0 / self.milliseconds * (RIGHT - LEFT)
    }

    fn axis(&self, svg: &mut String, top: f64, bottom: f64) {
        let step = if self.milliseconds > 150.0 { 50 } else { 20 };
        for at in (0..).map(|index| index * step).take_while(|at| f64::from(*at) <= self.milliseconds) {
            let x = LEFT + f64::from(at) / self.milliseconds * (RIGHT - LEFT);
            let _ = writeln!(
                svg,
                r#"<path class="l" d="M{x:.0} {top:.0}V{bottom:.0}"/><text x="{x:.0}" y="{:.0}" text-anchor="middle">{at} ms</text>"#,
                bottom + 14.0
            );
        }
    }
}

fn begin(height: f64, title: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" aria-label=\"{title}\">\n{STYLE}\n\
         <rect class=\"p\" width=\"{WIDTH}\" height=\"{height:.0}\"/>\n<text x=\"12\" y=\"20\" class=\"t\">{title}</text>\n"
    )
}

fn class(kind: Kind) -> char {
    match kind {
        Kind::Call => 'c',
        Kind::Query => 'q',
        Kind::Write => 'w',
    }
}

fn bar(svg: &mut String, span: &Span, scale: &Scale, y: f64, height: f64) {
    let (from, to) = (scale.x(span.from), scale.x(span.to));
    // What takes microseconds is to be seen as well.
    let width = (to - from).max(3.0);
    let _ = writeln!(
        svg,
        r#"<rect class="{}" x="{from:.1}" y="{y:.0}" width="{width:.1}" height="{height:.0}" rx="2"/>"#,
        class(span.kind)
    );
}

/// Lanes from top to bottom, and beneath them the commands that Redis ran.
pub(crate) fn draw(title: &str, lanes: &[&str], spans: &[Span], marks: &[Mark]) -> String {
    let scale = Scale::new(spans, marks.last().map_or(0.0, |mark| mark.at));
    let redis = TOP + LANE * lanes.len() as f64;
    let rows = placed(marks, &scale);
    let depth = rows.iter().copied().max().unwrap_or(0) as f64 + 1.0;
    let bottom = redis + 8.0 + depth * ROW;
    let mut svg = begin(bottom + 22.0, title);
    scale.axis(&mut svg, TOP, bottom);
    for (lane, name) in lanes.iter().enumerate() {
        let y = TOP + LANE * lane as f64;
        let _ = writeln!(svg, r#"<text x="12" y="{:.0}">{name}</text>"#, y + 20.0);
        for span in spans.iter().filter(|span| span.lane == lane) {
            bar(&mut svg, span, &scale, y + 4.0, LANE - 10.0);
            // Beside a bar that is too short for its text.
            let (from, to) = (scale.x(span.from), scale.x(span.to));
            let needed = span.text.chars().count() as f64 * 7.0;
            let x = if to - from > needed { from + 4.0 } else { to.max(from + 3.0) + 3.0 };
            let _ = writeln!(svg, r#"<text x="{x:.0}" y="{:.0}">{}</text>"#, y + 20.0, span.text);
        }
    }
    let _ = writeln!(svg, r#"<text x="12" y="{:.0}">Redis</text>"#, redis + 14.0);
    for (mark, row) in marks.iter().zip(rows) {
        let (x, y) = (scale.x(mark.at), redis + 14.0 + row as f64 * ROW);
        let _ = writeln!(
            svg,
            r#"<path class="m" d="M{x:.1} {redis:.0}V{y:.0}"/><text x="{:.0}" y="{y:.0}">{}</text>"#,
            x + 3.0,
            mark.text
        );
    }
    svg + "</svg>\n"
}

/// In which row each label stands: the first in which it does not touch the one before it.
fn placed(marks: &[Mark], scale: &Scale) -> Vec<usize> {
    let mut ends: Vec<f64> = Vec::new();
    let row = |mark: &Mark| {
        let x = scale.x(mark.at);
        let row = ends.iter().position(|end| *end <= x).unwrap_or(ends.len());
        ends.resize(ends.len().max(row + 1), 0.0);
        ends[row] = x + LABEL;
        row
    };
    marks.iter().map(row).collect()
}

/// A row for each caller: how long it waited, and within that its own query.
pub(crate) fn draw_stampede(title: &str, panels: &[Panel]) -> String {
    const CALLER: f64 = 7.0;
    let longest = panels.iter().map(|panel| Scale::new(&panel.spans, 0.0).milliseconds).fold(0.0, f64::max);
    let callers = |panel: &Panel| panel.spans.iter().map(|span| span.lane).max().unwrap_or(0) as f64 + 1.0;
    let height = |panel: &Panel| 30.0 + callers(panel) * CALLER + 24.0;
    let mut svg = begin(TOP + panels.iter().map(height).sum::<f64>(), title);
    let mut top = TOP;
    for panel in panels {
        // One scale for all, so that lengths compare.
        let scale = Scale { start: beginning(&panel.spans), milliseconds: longest };
        let _ = writeln!(
            svg,
            r#"<text x="{LEFT}" y="{:.0}">{}</text><text x="12" y="{:.0}">callers</text>"#,
            top + 14.0,
            panel.title,
            top + 40.0
        );
        let rows = top + 22.0;
        scale.axis(&mut svg, rows, rows + callers(panel) * CALLER + 4.0);
        // Calls first: the queries lie on them.
        for kind in [Kind::Call, Kind::Query] {
            for span in panel.spans.iter().filter(|span| span.kind == kind) {
                bar(&mut svg, span, &scale, rows + 2.0 + span.lane as f64 * CALLER, CALLER - 2.0);
            }
        }
        top += height(panel);
    }
    svg + "</svg>\n"
}
