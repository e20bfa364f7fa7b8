//! A sheet to draw on, written as SVG or PNG.
//!
//! The only file that knows the library behind it (kuva): its scene of shapes and its two writers are used, not its charts,
//! whose bars of several parts lay a negative part over the positive ones and so hide a credit. Its terminal is not used
//! either: it always writes 24-bit colours and gives a wide character one column.

use kuva::backend::raster::RasterBackend;
use kuva::backend::svg::SvgBackend;
use kuva::render::color::Color;
use kuva::render::render::{PathData, Primitive, Scene, TextAnchor, TextSpan};
use unicode_width::UnicodeWidthChar;

use super::palette::{Colour, INK};
use crate::error::{Error, Result};

/// Dots of a PNG for each unit of the sheet: sharp on dense screens and on paper.
const DOTS: f32 = 2.0;

/// Families of fonts: the one that widths are measured for, then what most machines have.
const FONTS: &str = "DejaVu Sans, Verdana, Arial, sans-serif";

/// Where a text stands from its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a text looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Font {
    pub(super) size: u32,
    pub(super) colour: Colour,
    pub(super) bold: bool,
    pub(super) anchor: Anchor,
}

/// A line's width in units of the sheet, and the lengths of its dashes and gaps.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ink {
    pub(super) colour: Colour,
    pub(super) width: f64,
    pub(super) dashes: Option<(f64, f64)>,
}

/// A white sheet.
pub(super) struct Canvas {
    scene: Scene,
    title: String,
}

impl Canvas {
    pub(super) fn new(width: f64, height: f64, title: &str) -> Self {
        let mut scene = Scene::new(width, height.ceil());
        scene.font_family = Some(FONTS.to_owned());
        scene.text_color = Some(INK.to_owned());
        Self { scene, title: title.to_owned() }
    }

    pub(super) fn text(&mut self, x: f64, y: f64, text: &str, font: Font) {
        let anchor = match font.anchor {
            Anchor::Start => TextAnchor::Start,
            Anchor::Middle => TextAnchor::Middle,
            Anchor::End => TextAnchor::End,
        };
        // Spans are taken as they are; in plain text two dollar signs would enclose a formula, and PNG knows no bold.
        let span = TextSpan { bold: font.bold, ..TextSpan::plain(printable(text)) };
        let color = Some(Color::from(font.colour));
        self.scene.add(Primitive::RichText { x, y, spans: vec![span], size: font.size, anchor, color });
    }

    pub(super) fn rectangle(&mut self, x: f64, y: f64, width: f64, height: f64, fill: Colour) {
        self.scene.add(Primitive::Rect {
            x,
            y,
            width,
            height,
            fill: Color::from(fill),
            stroke: None,
            stroke_width: None,
            opacity: None,
        });
    }

    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), ink: Ink) {
        self.polyline(&[from, to], ink);
    }

    /// A line through `points`. Dashes are cut here: PNG would shorten them and begin anew at every point.
    pub(super) fn polyline(&mut self, points: &[(f64, f64)], ink: Ink) {
        let d = match ink.dashes {
            None => path(points),
            Some(dashes) => cut(points, dashes).iter().map(|dash| path(dash)).collect(),
        };
        self.scene.add(Primitive::Path(Box::new(PathData {
            d,
            fill: None,
            stroke: Color::from(ink.colour),
            stroke_width: ink.width,
            opacity: None,
            stroke_dasharray: None,
        })));
    }

    /// A closed shape, seen through by `1 - opacity`.
    pub(super) fn shape(&mut self, points: &[(f64, f64)], fill: Colour, opacity: f64) {
        self.scene.add(Primitive::Path(Box::new(PathData {
            d: path(points) + "Z",
            fill: Some(Color::from(fill)),
            stroke: Color::None,
            stroke_width: 0.0,
            opacity: Some(opacity),
            stroke_dasharray: None,
        })));
    }

    pub(super) fn dot(&mut self, x: f64, y: f64, radius: f64, fill: Colour) {
        self.scene.add(Primitive::Circle {
            cx: x,
            cy: y,
            r: radius,
            fill: Color::from(fill),
            fill_opacity: None,
            stroke: None,
            stroke_width: None,
        });
    }

    /// The sheet as an SVG element that scales with the room it is given and says its title to those who do not see it.
    pub(super) fn svg(&self) -> String {
        let mut label = String::new();
        super::super::html::push_escaped(&self.title, &mut label);
        let start = format!(
            "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{label}\" ",
            self.scene.width, self.scene.height
        );
        let svg = SvgBackend::new().with_pretty(true).render_scene(&self.scene);
        svg.replacen("<svg ", &start, 1)
    }

    pub(super) fn png(&self) -> Result<Vec<u8>> {
        RasterBackend::new()
            .with_scale(DOTS)
            .render_scene(&self.scene)
            .map_err(|cause| Error::internal("the chart cannot be written as PNG").with("cause", cause))
    }
}

/// `text` without what XML cannot hold.
fn printable(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

/// The dashes of a line: `on` drawn, `off` left out, around corners too.
fn cut(points: &[(f64, f64)], (on, off): (f64, f64)) -> Vec<Vec<(f64, f64)>> {
    let mut dashes: Vec<Vec<(f64, f64)>> = Vec::new();
    let (mut drawn, mut left) = (true, on);
    for pair in points.windows(2) {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        let length = (x1 - x0).hypot(y1 - y0);
        let at = |way: f64| (x0 + (x1 - x0) * way / length, y0 + (y1 - y0) * way / length);
        let mut way = 0.0;
        while way < length {
            let end = (way + left).min(length);
            if drawn {
                match dashes.last_mut().filter(|dash| way == 0.0 && dash.last() == Some(&(x0, y0))) {
                    Some(dash) => dash.push(at(end)),
                    None => dashes.push(vec![at(way), at(end)]),
                }
            }
            left -= end - way;
            way = end;
            if left <= 1e-9 {
                drawn = !drawn;
                left = if drawn { on } else { off };
            }
        }
    }
    dashes
}

fn path(points: &[(f64, f64)]) -> String {
    let mut path = String::new();
    for (index, (x, y)) in points.iter().enumerate() {
        path += &format!("{}{x:.1} {y:.1} ", if index == 0 { 'M' } else { 'L' });
    }
    path
}

/// The width of a text, rather too much than too little: advances of DejaVu Sans, the widest of the families, by classes.
pub(super) fn text_width(text: &str, size: u32) -> f64 {
    let advance = |character: char| match character {
        'i' | 'j' | 'l' | '\'' | '|' => 0.29,
        'I' | ' ' | '.' | ',' | ':' | ';' | '!' | '/' | '(' | ')' | '[' | ']' | '·' => 0.38,
        'f' | 'r' | 't' | '-' => 0.42,
        'm' | 'w' | 'M' | 'W' | '%' | '@' | '…' => 1.0,
        'A'..='Z' | '+' | '=' | '<' | '>' => 0.8,
        character if character.is_ascii() => 0.64,
        character => match character.width() {
            Some(0) => 0.0,
            Some(2) => 1.1,
            _ => 0.75,
        },
    };
    text.chars().map(advance).sum::<f64>() * f64::from(size)
}

/// `text` cut to `room`, with an ellipsis when it was longer.
pub(super) fn fit(text: &str, size: u32, room: f64) -> String {
    // Room that was made for this very text is the sum of parts, and may be short of it by a rounding.
    let room = room + 0.01;
    if text_width(text, size) <= room {
        return text.to_owned();
    }
    let mut cut = String::new();
    for character in text.chars() {
        cut.push(character);
        if text_width(&cut, size) + text_width("…", size) > room {
            cut.pop();
            break;
        }
    }
    cut + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_only_when_it_is_longer_than_its_room() {
        for text in ["u-0013", "Acme Analytics", "platform"] {
            for size in 8..40 {
                let room = (28.0 + text_width(text, size)) - 28.0;
                assert_eq!(fit(text, size, room), text, "{size}");
                assert!(fit(text, size, room - 1.0).ends_with('…'), "{size}");
            }
        }
    }
}
