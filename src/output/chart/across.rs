//! Pictures of heights over an axis from left to right: lines, areas, bars of a time, fans.

use super::canvas::{Anchor, Canvas, Ink, text_width};
use super::figure::{Band, Figure, Places};
use super::lines::{self, Line, Moment, Stroke};
use super::palette::{AXIS, BUDGET, GRID, colour};
use super::rows::{Row, legend, rows};
use super::scale::{Scale, as_f64, day_labels, stride};
use super::sheet::{Entry, LABEL, MARGIN, Mark, Sheet, WIDTH, faint, plain};
use crate::query::ChartKind;

const HEIGHT: f64 = 320.0;
/// Room between two labels of the axis.
const GAP: f64 = 14.0;
/// Points of a line that are marked each; more would hide the line.
const MOST_DOTS: usize = 40;
const DASHES: (f64, f64) = (7.0, 4.0);

/// Draws the figure.
pub(super) fn draw(figure: &Figure) -> Canvas {
    let bars = matches!(figure.kind, ChartKind::Bar | ChartKind::Stacked);
    let lines = if bars { Vec::new() } else { lines::lines(figure) };
    let sheet = Sheet::new(figure, entries(figure, &lines));
    let plot = Plot::new(figure, &sheet, bars);
    let mut canvas = sheet.canvas(plot.bottom + 26.0 + sheet.bottom());
    plot.axes(&mut canvas);
    if figure.heights().next().is_none() {
        canvas.text((plot.left + plot.right) / 2.0, plot.top + HEIGHT / 2.0, "no values", faint(Anchor::Middle));
    }
    if bars {
        plot.bars(&mut canvas, figure);
        return canvas;
    }
    plot.band(&mut canvas, figure);
    for line in &lines {
        if figure.kind == ChartKind::Area {
            plot.area(&mut canvas, line);
        }
        plot.line(&mut canvas, line);
    }
    plot.moments(&mut canvas, figure);
    canvas
}

fn entries(figure: &Figure, lines: &[Line]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = lines
        .iter()
        .rev()
        .map(|line| Entry {
            mark: if line.stroke == Stroke::Solid { Mark::Line } else { Mark::Dashes },
            colour: line.colour,
            name: line.name.clone(),
        })
        .collect();
    if !matches!(figure.kind, ChartKind::Fan | ChartKind::Burndown) {
        entries.reverse();
    }
    if let Some(band) = &figure.band {
        entries.push(Entry { mark: Mark::Band, colour: colour(0, false), name: band.name.clone() });
    }
    if lines.is_empty() {
        let parts = legend(figure).into_iter();
        entries.extend(parts.map(|(paint, name)| Entry { mark: Mark::Box, colour: paint.colour(), name }));
    }
    if entries.len() > 1 { entries } else { Vec::new() }
}

/// The plot's part of the sheet.
struct Plot {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    scale: Scale,
    /// The middle of each place.
    centres: Vec<f64>,
    /// Days at the left and the right end, for what lies between places.
    days: Option<(f64, f64)>,
    /// The width that a place has for itself.
    slot: f64,
    labels: Vec<String>,
}

impl Plot {
    fn new(figure: &Figure, sheet: &Sheet<'_>, bars: bool) -> Self {
        let scale = if bars {
            let ends: Vec<f64> =
                rows(figure).iter().flat_map(|row| &row.segments).flat_map(|part| [part.from, part.to]).collect();
            Scale::new(ends.into_iter(), true, 5)
        } else {
            let from_zero = matches!(figure.kind, ChartKind::Area | ChartKind::Burndown);
            Scale::new(figure.heights(), from_zero, 5)
        };
        let widest = scale.marks().iter().map(|(_, label)| text_width(label, LABEL)).fold(0.0, f64::max);
        let (left, right) = (MARGIN + widest + 10.0, WIDTH - MARGIN);
        let (at, labels) = match &figure.places {
            Places::Days(days) => (days.clone(), day_labels(days)),
            Places::Names(names) => ((0..names.len()).map(as_f64).collect(), names.clone()),
        };
        let (first, last) = (at.first().copied().unwrap_or(0.0), at.last().copied().unwrap_or(0.0));
        let closest = at.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
        // Bars need half a slot at either end; so do labels.
        let span = last - first;
        let pad = if closest.is_finite() { if bars { closest / 2.0 } else { span * 0.03 } } else { 0.5 };
        let (start, end) = (first - pad, last + pad);
        let x = |at: f64| left + (at - start) / (end - start) * (right - left);
        Self {
            left,
            right,
            top: sheet.top(),
            bottom: sheet.top() + HEIGHT,
            centres: at.iter().map(|at| x(*at)).collect(),
            days: matches!(figure.places, Places::Days(_)).then_some((start, end)),
            slot: if closest.is_finite() { closest / (end - start) * (right - left) } else { (right - left) / 4.0 },
            scale,
            labels,
        }
    }

    fn y(&self, value: f64) -> f64 {
        self.bottom - self.scale.share(value) * (self.bottom - self.top)
    }

    fn axes(&self, canvas: &mut Canvas) {
        for (value, label) in self.scale.marks() {
            let y = self.y(value);
            let line = if value == 0.0 { AXIS } else { GRID };
            canvas.line((self.left, y), (self.right, y), Ink { colour: line, width: 1.0, dashes: None });
            canvas.text(self.left - 8.0, y + 4.0, &label, faint(Anchor::End));
        }
        let widest = self.labels.iter().map(|label| text_width(label, LABEL)).fold(0.0, f64::max) + GAP;
        let every = stride(self.labels.len(), widest, self.right - self.left);
        let mut free_from = 0.0;
        for (centre, label) in self.centres.iter().zip(&self.labels).step_by(every) {
            let half = text_width(label, LABEL) / 2.0;
            // Places that lie unevenly may still come too close.
            let middle = centre.clamp(half + 2.0, WIDTH - half - 2.0);
            if middle - half < free_from {
                continue;
            }
            canvas.line(
                (*centre, self.bottom),
                (*centre, self.bottom + 4.0),
                Ink { colour: AXIS, width: 1.0, dashes: None },
            );
            canvas.text(middle, self.bottom + 18.0, label, faint(Anchor::Middle));
            free_from = middle + half + GAP / 2.0;
        }
    }

    fn bars(&self, canvas: &mut Canvas, figure: &Figure) {
        let width = (self.slot * 0.8).max(1.0);
        let mut place = 0;
        let mut gathered: Vec<Row> = Vec::new();
        let mut all = rows(figure).into_iter().peekable();
        while let Some(row) = all.next() {
            gathered.push(row);
            if all.peek().is_none_or(|next| next.starts) {
                self.bars_of(canvas, place, &gathered, width);
                gathered.clear();
                place += 1;
            }
        }
    }

    /// The bars of one place side by side.
    fn bars_of(&self, canvas: &mut Canvas, place: usize, rows: &[Row], width: f64) {
        let each = width / as_f64(rows.len());
        for (index, row) in rows.iter().enumerate() {
            let x = self.centres[place] - width / 2.0 + as_f64(index) * each;
            for part in row.segments.iter().filter(|part| !part.is_empty()) {
                let (from, to) = (self.y(part.from), self.y(part.to));
                let height = (from - to).abs().max(1.0);
                let gap = if each > 4.0 { 1.0 } else { 0.0 };
                canvas.rectangle(x, from.min(to), each - gap, height, part.paint.colour());
            }
        }
    }

    fn band(&self, canvas: &mut Canvas, figure: &Figure) {
        let Some(Band { low, high, .. }) = lines::band(figure) else { return };
        let both: Vec<Option<f64>> = low.iter().zip(&high).map(|(low, high)| low.and(*high)).collect();
        for run in runs(&both) {
            let edge =
                |values: &[Option<f64>], place: usize| values[place].map(|value| (self.centres[place], self.y(value)));
            let mut points: Vec<(f64, f64)> = run.clone().filter_map(|place| edge(&high, place)).collect();
            points.extend(run.rev().filter_map(|place| edge(&low, place)));
            canvas.shape(&points, colour(0, false), 0.25);
        }
    }

    fn area(&self, canvas: &mut Canvas, line: &Line) {
        for run in runs(&line.values) {
            let (first, last) = (*run.start(), *run.end());
            let mut points = vec![(self.centres[first], self.y(0.0))];
            points.extend(run.filter_map(|place| line.values[place].map(|value| (self.centres[place], self.y(value)))));
            points.push((self.centres[last], self.y(0.0)));
            canvas.shape(&points, line.colour, 0.25);
        }
    }

    fn line(&self, canvas: &mut Canvas, line: &Line) {
        let dashes = (line.stroke != Stroke::Solid).then_some(DASHES);
        let ink = Ink { colour: line.colour, width: 2.0, dashes };
        let dots = line.stroke != Stroke::Steps && self.centres.len() <= MOST_DOTS;
        for run in runs(&line.values) {
            let single = run.start() == run.end();
            let points: Vec<(f64, f64)> = run
                .filter_map(|place| line.values[place].map(|value| (place, value)))
                .flat_map(|(place, value)| self.points(line.stroke, place, self.y(value)))
                .collect();
            if points.len() > 1 {
                canvas.polyline(&points, ink);
            }
            if (dots && line.stroke == Stroke::Solid) || (single && line.stroke != Stroke::Steps) {
                for (x, y) in points {
                    canvas.dot(x, y, 2.5, line.colour);
                }
            }
        }
    }

    /// The points of a line at a place: a step reaches halfway to its neighbours.
    fn points(&self, stroke: Stroke, place: usize, y: f64) -> Vec<(f64, f64)> {
        let centre = self.centres[place];
        if stroke != Stroke::Steps {
            return vec![(centre, y)];
        }
        let before = place.checked_sub(1).map_or(self.left, |before| (self.centres[before] + centre) / 2.0);
        let after = self.centres.get(place + 1).map_or(self.right, |after| (after + centre) / 2.0);
        vec![(before, y), (after, y)]
    }

    /// The days that mean something: until when it is known, and when the budget is used up.
    fn moments(&self, canvas: &mut Canvas, figure: &Figure) {
        for (index, moment) in lines::moments(figure).into_iter().enumerate() {
            let Moment { day, label, .. } = moment;
            let ink = if moment.is_end { BUDGET } else { AXIS };
            let Some((start, end)) = self.days.filter(|(start, end)| (*start..=*end).contains(&day)) else { continue };
            let x = self.left + (day - start) / (end - start) * (self.right - self.left);
            canvas.line((x, self.top), (x, self.bottom), Ink { colour: ink, width: 1.5, dashes: Some((3.0, 3.0)) });
            let fits = x + 6.0 + text_width(&label, LABEL) < self.right;
            let (at, anchor) = if fits { (x + 6.0, Anchor::Start) } else { (x - 6.0, Anchor::End) };
            canvas.text(at, self.top + 12.0 + 16.0 * as_f64(index), &label, plain(anchor));
        }
    }
}

/// The stretches of places without a gap.
fn runs(values: &[Option<f64>]) -> Vec<std::ops::RangeInclusive<usize>> {
    let mut runs: Vec<std::ops::RangeInclusive<usize>> = Vec::new();
    for place in (0..values.len()).filter(|place| values[*place].is_some()) {
        match runs.last_mut() {
            Some(run) if *run.end() + 1 == place => *run = *run.start()..=place,
            _ => runs.push(place..=place),
        }
    }
    runs
}
