//! Colours that people who see no difference between red and green tell apart.
//!
//! The set of Masataka Okabe and Kei Ito, "Color Universal Design" (2002, revised 2008, <https://jfly.uni-koeln.de/color/>),
//! without its yellow, which is too faint for lines on white; grey is kept for what stands for the rest.

use anstyle::AnsiColor;

/// A colour as `#rrggbb`.
pub(super) type Colour = &'static str;

/// Blue, vermilion, green, orange, purple, sky blue, black.
const SERIES: [Colour; 7] = ["#0072B2", "#D55E00", "#009E73", "#E69F00", "#CC79A7", "#56B4E9", "#000000"];

/// The same on a terminal, whose own theme says what they look like.
const TERMINAL: [AnsiColor; 7] = [
    AnsiColor::Blue,
    AnsiColor::Red,
    AnsiColor::Green,
    AnsiColor::Yellow,
    AnsiColor::Magenta,
    AnsiColor::Cyan,
    AnsiColor::White,
];

/// What stands for the rest.
pub(super) const REST: Colour = "#999999";
/// Text.
pub(super) const INK: Colour = "#1c1c1c";
/// Text beside the point.
pub(super) const FAINT_INK: Colour = "#5f5f5f";
/// Lines that lead the eye from an axis.
pub(super) const GRID: Colour = "#e2e2e2";
/// The line of zero, and others that mean something.
pub(super) const AXIS: Colour = "#8a8a8a";
/// More, in a waterfall.
pub(super) const MORE: Colour = SERIES[1];
/// Less, in a waterfall.
pub(super) const LESS: Colour = SERIES[2];
/// A total, in a waterfall.
pub(super) const TOTAL: Colour = SERIES[0];
/// A budget.
pub(super) const BUDGET: Colour = SERIES[1];

/// The colour of the series at `index`.
pub(super) fn colour(index: usize, is_rest: bool) -> Colour {
    if is_rest { REST } else { SERIES[index % SERIES.len()] }
}

/// The same on a terminal.
pub(super) fn terminal(index: usize, is_rest: bool) -> AnsiColor {
    if is_rest { AnsiColor::BrightBlack } else { TERMINAL[index % TERMINAL.len()] }
}
