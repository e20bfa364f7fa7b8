//! Bars as lines of block characters, the value at their end.

use super::super::super::terminal::width;
use super::super::figure::Figure;
use super::super::rows::{Paint, Row, legend, rows};
use super::super::scale::as_f64;
use super::{Brush, push_legend};

/// Parts of a bar without colours: one pattern a series, and one for the rest.
const PATTERNS: [char; 7] = ['█', '▒', '░', '▓', '▚', '▞', '▤'];
const ASCII_PATTERNS: [char; 7] = ['#', '=', '+', 'o', 'x', '%', '*'];
/// Eighths of a block, from one to seven.
const EIGHTHS: [char; 7] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉'];
/// The widest column of names.
const WIDEST_NAME: usize = 28;

pub(super) fn push(figure: &Figure, brush: &Brush, out: &mut String) {
    let entries = legend(figure);
    if entries.len() > 1 {
        let signs: Vec<_> =
            entries.into_iter().map(|(paint, name)| (sign(paint, brush), paint.terminal(), name)).collect();
        push_legend(&signs, brush, out);
    }
    let rows = rows(figure);
    if rows.is_empty() {
        return out.push_str("no rows\n");
    }
    let plot = Plot::new(&rows, brush);
    for row in &rows {
        plot.push(row, brush, out);
    }
}

struct Plot {
    /// The lowest end below zero and the highest above.
    low: f64,
    high: f64,
    names: usize,
    cells: usize,
    /// Cells left of zero.
    below: usize,
}

impl Plot {
    fn new(rows: &[Row], brush: &Brush) -> Self {
        let widest = |text: Option<&str>| text.map_or(1, width);
        let names = rows.iter().map(|row| widest(Some(&row.label))).max().unwrap_or(0);
        let names = names.clamp(1, WIDEST_NAME.min(brush.width / 3));
        let values = rows.iter().map(|row| widest(row.value.as_deref())).max().unwrap_or(0);
        let ends = rows.iter().flat_map(|row| &row.segments).flat_map(|segment| [segment.from, segment.to]);
        let low = ends.clone().fold(0.0, f64::min);
        let high = ends.fold(0.0, f64::max);
        let cells = brush.width.saturating_sub(names + values + 3).max(8);
        // What is below zero has a cell at least.
        let share = -low / (high - low).max(f64::MIN_POSITIVE);
        let below = (0..cells).filter(|cell| low < 0.0 && as_f64(*cell) < share * as_f64(cells)).count();
        Self { low, high, names, cells, below: if high > 0.0 { below.min(cells - 1) } else { below } }
    }

    /// How many cells from the left `value` lies; zero lies between two cells.
    fn cell(&self, value: f64) -> f64 {
        let (below, above) = (as_f64(self.below), as_f64(self.cells - self.below));
        if value < 0.0 {
            below - value / self.low * below
        } else {
            below + value / self.high.max(f64::MIN_POSITIVE) * above
        }
    }

    fn push(&self, row: &Row, brush: &Brush, out: &mut String) {
        let label = brush.label(&row.label, self.names);
        out.push_str(&" ".repeat(self.names.saturating_sub(width(&label))));
        out.push_str(&label);
        out.push(' ');
        let cells = self.cells_of(row, brush);
        let used = cells.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        for (index, cell) in cells.iter().take(used.max(self.below + 1)).enumerate() {
            if index == self.below {
                out.push(brush.pen.vertical);
            }
            match cell {
                None if index >= used => {}
                Some((paint, character)) => brush.push(out, &character.to_string(), paint.terminal()),
                None => out.push(' '),
            }
        }
        out.push(' ');
        let none = if brush.ascii { "-" } else { "–" };
        out.push_str(row.value.as_deref().unwrap_or(none));
        out.push('\n');
    }

    /// What stands in each cell of the bar.
    fn cells_of(&self, row: &Row, brush: &Brush) -> Vec<Option<(Paint, char)>> {
        let mut cells = vec![None; self.cells];
        for segment in &row.segments {
            let (from, to) = (segment.from.min(segment.to), segment.from.max(segment.to));
            let (start, end) = (self.cell(from), self.cell(to));
            let character = sign(segment.paint, brush);
            for (index, cell) in cells.iter_mut().enumerate() {
                if as_f64(index) + 0.5 >= start && as_f64(index) + 0.5 < end {
                    *cell = Some((segment.paint, character));
                }
            }
            if row.segments.len() == 1 && character == PATTERNS[0] && segment.to > segment.from {
                set_end(&mut cells, start, end, segment.paint);
            }
            self.keep_visible(&mut cells, start, (segment.paint, character), from < to);
        }
        cells
    }

    /// What is there is seen, however small.
    fn keep_visible(&self, cells: &mut [Option<(Paint, char)>], start: f64, what: (Paint, char), is_there: bool) {
        let shown = cells.iter().any(|cell| cell.is_some_and(|(paint, _)| paint == what.0));
        let first = (0..self.cells).find(|index| as_f64(*index) + 1.0 > start).unwrap_or(self.cells - 1);
        if is_there && !shown && cells[first].is_none() {
            cells[first] = Some(what);
        }
    }
}

/// The end of a bar to an eighth of a cell.
fn set_end(cells: &mut [Option<(Paint, char)>], start: f64, end: f64, paint: Paint) {
    let last = end.floor();
    let Some(index) = (0..cells.len()).find(|index| as_f64(*index) >= last) else { return };
    let eighths = ((end - last) * 8.0).round();
    if last < start.floor() {
        return;
    }
    let partial = (1..=7).find(|eighth| f64::from(*eighth) >= eighths).filter(|_| eighths >= 1.0);
    cells[index] = match partial {
        _ if eighths > 7.0 => Some((paint, PATTERNS[0])),
        Some(eighth) => EIGHTHS.get(usize::try_from(eighth - 1).unwrap_or(0)).map(|character| (paint, *character)),
        None => None,
    };
}

fn sign(paint: Paint, brush: &Brush) -> char {
    let patterns = if brush.ascii { ASCII_PATTERNS } else { PATTERNS };
    match paint {
        _ if brush.color && !brush.ascii => PATTERNS[0],
        Paint::Series(index) => patterns[index % patterns.len()],
        Paint::Total => patterns[0],
        Paint::More => {
            if brush.ascii {
                '+'
            } else {
                patterns[1]
            }
        }
        Paint::Less => {
            if brush.ascii {
                '-'
            } else {
                patterns[2]
            }
        }
        Paint::Rest => {
            if brush.ascii {
                '.'
            } else {
                '·'
            }
        }
    }
}
