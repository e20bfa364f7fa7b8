//! Charts for terminals, logs and mail: characters alone, told apart without colours too.

mod bars;
mod plot;

use std::fmt::Write as _;

use anstyle::AnsiColor;

use super::super::Style;
use super::super::terminal::{Emphasis, Pen, on_one_line};
use super::figure::Figure;
use super::rows::{lists_names, rows};

/// Columns of a terminal whose width is unknown, and the fewest that a chart is drawn for.
const USUAL_WIDTH: usize = 80;
const LEAST_WIDTH: usize = 40;
/// Bars over time that a terminal lists; more are drawn as lines.
const MOST_BARS: usize = 60;

/// What text charts are drawn with.
pub(super) struct Brush {
    pen: Pen,
    width: usize,
    color: bool,
    ascii: bool,
}

impl Brush {
    fn of(style: &Style) -> Self {
        let width = style.width.unwrap_or(USUAL_WIDTH).max(LEAST_WIDTH);
        Self { pen: Pen::of(style), width, color: style.color, ascii: style.ascii }
    }

    /// Adds `text` in `color`, when there are colours.
    fn push(&self, out: &mut String, text: &str, color: AnsiColor) {
        if !self.color {
            return out.push_str(text);
        }
        let look = color.on_default();
        // Writing to a string cannot fail.
        let _ = write!(out, "{look}{text}{look:#}");
    }

    /// A label that takes at most `room` columns and cannot move the cursor.
    fn label(&self, text: &str, room: usize) -> String {
        self.pen.fit(&on_one_line(text), room).into_owned()
    }
}

/// The figure as lines of text.
pub(super) fn draw(figure: &Figure, style: &Style) -> String {
    let brush = Brush::of(style);
    let mut out = String::new();
    brush.pen.push(&mut out, &brush.label(&figure.title, brush.width), Emphasis::Bold);
    out.push('\n');
    brush.pen.push(&mut out, &brush.label(&figure.measure, brush.width), Emphasis::Dim);
    out.push('\n');
    if lists_names(figure) || is_short_list(figure) {
        bars::push(figure, &brush, &mut out);
    } else {
        plot::push(figure, &brush, &mut out);
    }
    for note in &figure.notes {
        brush.pen.push(&mut out, &brush.label(note, brush.width), Emphasis::Dim);
        out.push('\n');
    }
    out
}

fn is_short_list(figure: &Figure) -> bool {
    use crate::query::ChartKind;
    matches!(figure.kind, ChartKind::Bar | ChartKind::Stacked) && rows(figure).len() <= MOST_BARS
}

/// Adds the legend: each entry with its sign, in as many lines as it takes.
fn push_legend(entries: &[(char, AnsiColor, String)], brush: &Brush, out: &mut String) {
    let mut used = 0;
    for (sign, color, name) in entries {
        let name = brush.label(name, brush.width / 2);
        let width = super::super::terminal::width(&name) + 2;
        if used > 0 {
            let fits = used + 2 + width <= brush.width;
            out.push_str(if fits { "  " } else { "\n" });
            used = if fits { used + 2 } else { 0 };
        }
        brush.push(out, &sign.to_string(), *color);
        out.push(' ');
        out.push_str(&name);
        used += width;
    }
    out.push('\n');
}
