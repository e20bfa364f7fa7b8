//! Pictures that list names from top to bottom: no label can lie on another, however many there are.

use super::canvas::{Anchor, Canvas, Ink, fit, text_width};
use super::figure::Figure;
use super::palette::{AXIS, GRID};
use super::rows::{Row, legend, rows};
use super::scale::{Scale, as_f64};
use super::sheet::{Entry, LABEL, MARGIN, Mark, Sheet, WIDTH, faint, plain};
use crate::query::ChartKind;

/// Height of a bar with the room around it, of one among several of a name, and of the room before a name.
const BAR: f64 = 24.0;
const THIN_BAR: f64 = 16.0;
const GAP: f64 = 8.0;
/// The widest column of names.
const WIDEST_NAME: f64 = 260.0;

/// Draws the figure.
pub(super) fn draw(figure: &Figure) -> Canvas {
    let rows = rows(figure);
    let legend = legend(figure);
    let several = legend.len() > 1;
    let entries = legend.into_iter().map(|(paint, name)| Entry { mark: Mark::Box, colour: paint.colour(), name });
    let sheet = Sheet::new(figure, if several { entries.collect() } else { Vec::new() });
    let thin = figure.kind == ChartKind::Bar && several;
    let bar = if thin { THIN_BAR } else { BAR };
    let starts = if thin { rows.iter().filter(|row| row.starts).count() } else { 0 };
    let top = sheet.top();
    let bottom = top + as_f64(rows.len().max(1)) * bar + as_f64(starts) * GAP;
    let mut canvas = sheet.canvas(bottom + 24.0 + sheet.bottom());
    let plot = Plot::new(&rows, top, bottom);
    plot.axis(&mut canvas);
    if rows.is_empty() {
        canvas.text((plot.left + plot.right) / 2.0, top + 16.0, "no rows", faint(Anchor::Middle));
    }
    let mut y = top;
    let mut before: Option<f64> = None;
    for row in &rows {
        if thin && row.starts {
            y += GAP;
        }
        plot.row(&mut canvas, row, y, bar);
        if figure.kind == ChartKind::Waterfall {
            plot.connect(&mut canvas, row, &mut before, y);
        }
        y += bar;
    }
    canvas
}

/// The bars' part of the sheet.
struct Plot {
    /// Where names end.
    names: f64,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    scale: Scale,
}

impl Plot {
    fn new(rows: &[Row], top: f64, bottom: f64) -> Self {
        let widest =
            |texts: &mut dyn Iterator<Item = &str>| texts.map(|text| text_width(text, LABEL)).fold(0.0, f64::max);
        let names = widest(&mut rows.iter().map(|row| row.label.as_str())).clamp(24.0, WIDEST_NAME);
        let values = widest(&mut rows.iter().filter_map(|row| row.value.as_deref()));
        let ends = || rows.iter().flat_map(|row| &row.segments).flat_map(|segment| [segment.from, segment.to]);
        let room_for_negative = if ends().any(|end| end < 0.0) { values + 6.0 } else { 0.0 };
        Self {
            names: MARGIN + names,
            left: MARGIN + names + 10.0 + room_for_negative,
            right: WIDTH - MARGIN - values - 6.0,
            top,
            bottom,
            scale: Scale::new(ends(), true, 5),
        }
    }

    fn x(&self, value: f64) -> f64 {
        self.left + self.scale.share(value) * (self.right - self.left)
    }

    fn axis(&self, canvas: &mut Canvas) {
        for (value, label) in self.scale.marks() {
            let x = self.x(value);
            canvas.line((x, self.top), (x, self.bottom), Ink { colour: GRID, width: 1.0, dashes: None });
            canvas.text(x, self.bottom + 16.0, &label, faint(Anchor::Middle));
        }
        let zero = self.x(0.0);
        canvas.line((zero, self.top), (zero, self.bottom), Ink { colour: AXIS, width: 1.0, dashes: None });
    }

    fn row(&self, canvas: &mut Canvas, row: &Row, y: f64, height: f64) {
        let baseline = y + height / 2.0 + 4.0;
        canvas.text(self.names, baseline, &fit(&row.label, LABEL, self.names - MARGIN), plain(Anchor::End));
        for segment in row.segments.iter().filter(|segment| !segment.is_empty()) {
            let (from, to) = (self.x(segment.from), self.x(segment.to));
            // What is there is seen, however small.
            let width = (to - from).abs().max(1.0);
            canvas.rectangle(from.min(to), y + 2.0, width, height - 4.0, segment.paint.colour());
        }
        let Some(value) = &row.value else {
            return canvas.text(self.x(0.0) + 6.0, baseline, "–", faint(Anchor::Start));
        };
        let ends = || row.segments.iter().map(|segment| segment.from.min(segment.to));
        let most = row.segments.iter().map(|segment| segment.from.max(segment.to)).fold(0.0, f64::max);
        let least = ends().fold(0.0, f64::min);
        if most > 0.0 || least >= 0.0 {
            canvas.text(self.x(most) + 6.0, baseline, value, plain(Anchor::Start));
        } else {
            canvas.text(self.x(least) - 6.0, baseline, value, plain(Anchor::End));
        }
    }

    /// The thin line from the end of the step before.
    fn connect(&self, canvas: &mut Canvas, row: &Row, before: &mut Option<f64>, y: f64) {
        let Some(segment) = row.segments.first() else { return };
        if let Some(level) = *before {
            let x = self.x(level);
            canvas.line((x, y - 2.0), (x, y + 2.0), Ink { colour: AXIS, width: 1.0, dashes: None });
        }
        *before = Some(segment.to);
    }
}
