//! What every picture has around its plot: title, measure, legend, notes.

use super::canvas::{Anchor, Canvas, Font, fit, text_width};
use super::figure::Figure;
use super::palette::{Colour, FAINT_INK, INK};
use super::scale::as_f64;

/// Width of a picture, in units of which a PNG has two dots.
pub(super) const WIDTH: f64 = 960.0;
/// Room at the edges.
pub(super) const MARGIN: f64 = 24.0;
/// Size of labels.
pub(super) const LABEL: u32 = 12;
const TITLE: u32 = 18;
const LINE: f64 = 19.0;
const SWATCH: f64 = 11.0;

/// How an entry of the legend is marked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Mark {
    Box,
    Line,
    Dashes,
    Band,
}

/// One entry of the legend.
pub(super) struct Entry {
    pub(super) mark: Mark,
    pub(super) colour: Colour,
    pub(super) name: String,
}

/// The parts of a picture above and below its plot, measured.
pub(super) struct Sheet<'f> {
    figure: &'f Figure,
    /// Lines of entries, each with its place.
    legend: Vec<Vec<(f64, Entry)>>,
}

impl<'f> Sheet<'f> {
    pub(super) fn new(figure: &'f Figure, entries: Vec<Entry>) -> Self {
        let mut legend: Vec<Vec<(f64, Entry)>> = Vec::new();
        let mut x = f64::INFINITY;
        for mut entry in entries {
            entry.name = fit(&entry.name, LABEL, WIDTH / 3.0);
            let width = SWATCH + 24.0 + text_width(&entry.name, LABEL);
            if x + width > WIDTH - MARGIN {
                legend.push(Vec::new());
                x = MARGIN;
            }
            if let Some(line) = legend.last_mut() {
                line.push((x, entry));
            }
            x += width;
        }
        Self { figure, legend }
    }

    /// Where the plot may begin.
    pub(super) fn top(&self) -> f64 {
        MARGIN + 40.0 + as_f64(self.legend.len()) * LINE + 12.0
    }

    /// Room below the plot and its labels.
    pub(super) fn bottom(&self) -> f64 {
        MARGIN / 2.0 + as_f64(self.figure.notes.len()) * LINE
    }

    /// A sheet of this height with everything but the plot on it.
    pub(super) fn canvas(&self, height: f64) -> Canvas {
        let mut canvas = Canvas::new(WIDTH, height, &self.figure.title);
        let title = Font { size: TITLE, colour: INK, bold: true, anchor: Anchor::Start };
        let room = WIDTH - 2.0 * MARGIN;
        canvas.text(MARGIN, MARGIN + 12.0, &fit(&self.figure.title, TITLE, room), title);
        canvas.text(MARGIN, MARGIN + 32.0, &fit(&self.figure.measure, LABEL, room), faint(Anchor::Start));
        for (index, line) in self.legend.iter().enumerate() {
            let y = MARGIN + 52.0 + as_f64(index) * LINE;
            for (x, entry) in line {
                draw_entry(&mut canvas, *x, y, entry);
            }
        }
        for (index, note) in self.figure.notes.iter().enumerate() {
            let y = height - self.bottom() + as_f64(index) * LINE + 10.0;
            canvas.text(MARGIN, y, &fit(note, LABEL, room), faint(Anchor::Start));
        }
        canvas
    }
}

/// Labels beside the point.
pub(super) fn faint(anchor: Anchor) -> Font {
    Font { size: LABEL, colour: FAINT_INK, bold: false, anchor }
}

/// Labels that matter.
pub(super) fn plain(anchor: Anchor) -> Font {
    Font { size: LABEL, colour: INK, bold: false, anchor }
}

fn draw_entry(canvas: &mut Canvas, x: f64, y: f64, entry: &Entry) {
    use super::canvas::Ink;
    let middle = y - 4.0;
    let ink = |dashes| Ink { colour: entry.colour, width: 2.5, dashes };
    match entry.mark {
        Mark::Box => canvas.rectangle(x, y - SWATCH + 1.0, SWATCH, SWATCH, entry.colour),
        Mark::Line => canvas.line((x - 2.0, middle), (x + SWATCH + 2.0, middle), ink(None)),
        Mark::Dashes => canvas.line((x - 2.0, middle), (x + SWATCH + 2.0, middle), ink(Some((4.0, 3.0)))),
        Mark::Band => canvas.shape(
            &[(x, y - SWATCH + 1.0), (x + SWATCH, y - SWATCH + 1.0), (x + SWATCH, y + 1.0), (x, y + 1.0)],
            entry.colour,
            0.25,
        ),
    }
    canvas.text(x + SWATCH + 6.0, y, &entry.name, plain(Anchor::Start));
}
