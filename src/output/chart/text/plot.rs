//! Lines in Braille characters, eight dots a cell; in ASCII a letter a point.

use anstyle::AnsiColor;

use super::super::super::terminal::width;
use super::super::figure::{Figure, Places};
use super::super::lines::{self, Line, Stroke};
use super::super::palette;
use super::super::scale::{Scale, as_f64, day_labels, stride};
use super::{Brush, push_legend};
use crate::query::ChartKind;

/// Lines of text that a plot takes.
const ROWS: usize = 16;
/// Dots of a cell, across and down.
const ACROSS: usize = 2;
const DOWN: usize = 4;
/// The bits of a Braille character, by column and row of the dot (Unicode 15, chapter 21.1).
const BITS: [[u32; DOWN]; ACROSS] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
const BRAILLE: u32 = 0x2800;
const LETTERS: &[u8; 8] = b"abcdefgh";

pub(super) fn push(figure: &Figure, brush: &Brush, out: &mut String) {
    let mut drawn = edge_lines(figure);
    drawn.extend(lines::lines(figure));
    let letters = drawn.len() > 1 && (!brush.color || brush.ascii);
    if drawn.len() > 1 {
        let sign = |index: usize| if letters { letter(index) } else { '━' };
        let entries: Vec<(char, AnsiColor, String)> =
            drawn.iter().enumerate().map(|(index, line)| (sign(index), line.terminal, line.name.clone())).collect();
        push_legend(&entries, brush, out);
    }
    let heights: Vec<f64> = figure.heights().collect();
    if heights.is_empty() {
        return out.push_str("no values\n");
    }
    let from_zero = !matches!(figure.kind, ChartKind::Line | ChartKind::Fan);
    let mut grid = Grid::new(figure, Scale::new(heights.into_iter(), from_zero, 4), brush);
    for (index, line) in drawn.iter().enumerate() {
        grid.line(index, line);
        if letters || brush.ascii {
            grid.points(line, if letters { letter(index) } else { '*' }, index);
        }
    }
    grid.push(&drawn, brush, out);
    push_moments(figure, out);
}

fn letter(index: usize) -> char {
    char::from(LETTERS[index % LETTERS.len()])
}

/// The edges of a band as lines.
fn edge_lines(figure: &Figure) -> Vec<Line> {
    let Some(band) = lines::band(figure) else { return Vec::new() };
    let (from, to) = band.name.split_once(" to ").unwrap_or((&band.name, &band.name));
    let edge = |name: &str, values| Line {
        name: name.to_owned(),
        values,
        stroke: Stroke::Dashed,
        colour: palette::AXIS,
        terminal: AnsiColor::Cyan,
    };
    vec![edge(from, band.low), edge(to, band.high)]
}

/// The days that mean something, in words.
fn push_moments(figure: &Figure, out: &mut String) {
    for moment in lines::moments(figure) {
        out.push_str(&moment.label);
        out.push('\n');
    }
}

/// The cells of a plot.
struct Grid {
    scale: Scale,
    cells: usize,
    margin: usize,
    ascii: bool,
    /// Dots of each cell, the line they are of, and the character that stands there instead.
    dots: Vec<Vec<u32>>,
    lines: Vec<Vec<Option<usize>>>,
    characters: Vec<Vec<Option<char>>>,
    /// The column of dots of each place.
    places: Vec<usize>,
    labels: Vec<String>,
}

impl Grid {
    fn new(figure: &Figure, scale: Scale, brush: &Brush) -> Self {
        let margin = scale.marks().iter().map(|(_, label)| label.len()).max().unwrap_or(1);
        let cells = brush.width.saturating_sub(margin + 3).max(8);
        let (at, labels) = match &figure.places {
            Places::Days(days) => (days.clone(), day_labels(days)),
            Places::Names(names) => ((0..names.len()).map(as_f64).collect(), names.clone()),
        };
        let (first, last) = (at.first().copied().unwrap_or(0.0), at.last().copied().unwrap_or(0.0));
        let place = |at: f64| if last > first { dot((at - first) / (last - first), cells * ACROSS) } else { cells };
        Self {
            scale,
            cells,
            margin,
            ascii: brush.ascii,
            dots: vec![vec![0; cells]; ROWS],
            lines: vec![vec![None; cells]; ROWS],
            characters: vec![vec![None; cells]; ROWS],
            places: at.iter().map(|at| place(*at)).collect(),
            labels: labels.iter().map(|label| brush.label(label, 16)).collect(),
        }
    }

    fn height(&self, value: f64) -> usize {
        dot(1.0 - self.scale.share(value), ROWS * DOWN)
    }

    fn line(&mut self, index: usize, line: &Line) {
        let mut before: Option<(usize, usize)> = None;
        for (place, value) in line.values.iter().enumerate() {
            let Some(value) = value else {
                before = None;
                continue;
            };
            let (x, y) = (self.places[place], self.height(*value));
            if let Some((x0, y0)) = before {
                let y0 = if line.stroke == Stroke::Steps { y } else { y0 };
                self.stretch((x0, y0), (x, y), index, line.stroke);
            }
            self.set(x, y, index);
            let is_alone = before.is_none() && line.values.get(place + 1).copied().flatten().is_none();
            if is_alone {
                self.characters[y / DOWN][(x / ACROSS).min(self.cells - 1)] =
                    Some(if self.ascii { '*' } else { '•' });
            }
            before = Some((x, y));
        }
    }

    /// Dots from one point to the other; a line of what is not yet has gaps.
    fn stretch(&mut self, from: (usize, usize), to: (usize, usize), index: usize, stroke: Stroke) {
        let steps = from.0.abs_diff(to.0).max(from.1.abs_diff(to.1));
        for step in 0..=steps {
            if stroke != Stroke::Solid && step % 4 >= 2 {
                continue;
            }
            let share = as_f64(step) / as_f64(steps.max(1));
            let between = |from: usize, to: usize| round(as_f64(from) + (as_f64(to) - as_f64(from)) * share);
            self.set(between(from.0, to.0), between(from.1, to.1), index);
        }
    }

    fn set(&mut self, x: usize, y: usize, index: usize) {
        let (row, column) = ((y / DOWN).min(ROWS - 1), (x / ACROSS).min(self.cells - 1));
        self.dots[row][column] |= BITS[x % ACROSS][y % DOWN];
        self.lines[row][column] = Some(index);
    }

    fn points(&mut self, line: &Line, character: char, index: usize) {
        for (place, value) in line.values.iter().enumerate() {
            let Some(value) = value else { continue };
            let (row, column) = (self.height(*value) / DOWN, (self.places[place] / ACROSS).min(self.cells - 1));
            self.characters[row][column] = Some(character);
            self.lines[row][column] = Some(index);
        }
    }

    fn push(&self, lines: &[Line], brush: &Brush, out: &mut String) {
        let marks: Vec<(usize, String)> =
            self.scale.marks().into_iter().map(|(value, label)| (self.height(value) / DOWN, label)).collect();
        let (tick, corner) = if self.ascii { ('+', '+') } else { ('┤', '└') };
        for row in 0..ROWS {
            let label = marks.iter().find(|(at, _)| *at == row).map(|(_, label)| label.as_str());
            out.push_str(&format!("{:>1$} ", label.unwrap_or_default(), self.margin));
            out.push(if label.is_some() { tick } else { brush.pen.vertical });
            let used = self.lines[row].iter().rposition(Option::is_some).map_or(0, |last| last + 1);
            for column in 0..used {
                let text = self.character(row, column).to_string();
                match self.lines[row][column].and_then(|index| lines.get(index)) {
                    Some(line) => brush.push(out, &text, line.terminal),
                    None => out.push_str(&text),
                }
            }
            out.push('\n');
        }
        out.push_str(&" ".repeat(self.margin + 1));
        out.push(corner);
        brush.pen.push_line(out, self.cells);
        out.push('\n');
        self.push_labels(out);
    }

    fn character(&self, row: usize, column: usize) -> char {
        match (self.characters[row][column], self.dots[row][column]) {
            (Some(character), _) => character,
            (None, 0) => ' ',
            (None, _) if self.ascii => '.',
            (None, dots) => char::from_u32(BRAILLE + dots).unwrap_or(' '),
        }
    }

    /// The labels of places that have room, each beginning below its place.
    fn push_labels(&self, out: &mut String) {
        let widest = self.labels.iter().map(|label| width(label)).max().unwrap_or(0) + 2;
        let every = stride(self.labels.len(), as_f64(widest), as_f64(self.cells));
        let mut line = " ".repeat(self.margin + 2);
        let mut used = 0;
        for (place, label) in self.places.iter().zip(&self.labels).step_by(every) {
            let last_start = self.cells.saturating_sub(width(label));
            let start = (place / ACROSS).min(last_start);
            if start < used {
                continue;
            }
            line.push_str(&" ".repeat(start - used));
            line.push_str(label);
            used = start + width(label) + 1;
            line.push(' ');
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
}

/// The dot of `count` that lies `share` of the way.
fn dot(share: f64, count: usize) -> usize {
    round(share * as_f64(count - 1)).min(count - 1)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a dot of a screen, never negative")]
fn round(place: f64) -> usize {
    place.round().max(0.0) as usize
}
