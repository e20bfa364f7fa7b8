//! Charts: one description, drawn as text, SVG or PNG.
//!
//! ```text
//! Chart (a directive) + result ─► Figure ─► folded ─┬► rows of bars ─┬► text
//!                                                   └► lines ────────┴► Canvas ─► SVG, PNG
//! ```

mod across;
mod canvas;
mod columns;
mod down;
mod figure;
mod fold;
mod infer;
mod keys;
mod lines;
mod palette;
mod rows;
mod scale;
mod sheet;
mod text;

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::sink::write_failed;
use super::{Renderer, Style, Summary, count};
use crate::error::Result;
use crate::query::Chart;
use canvas::Canvas;
use columns::Columns;
use figure::Figure;

/// What a chart becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Medium {
    Text,
    Svg,
    Png,
}

/// Gathers a result and draws its chart at the end.
pub(super) struct ChartFile<'w> {
    medium: Medium,
    style: Style,
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    out: Box<dyn Write + Send + 'w>,
}

impl<'w> ChartFile<'w> {
    pub(super) fn new(medium: Medium, style: &Style, schema: SchemaRef, out: Box<dyn Write + Send + 'w>) -> Self {
        Self { medium, style: style.clone(), schema, batches: Vec::new(), out }
    }

    fn drawn(&self) -> Result<Vec<u8>> {
        let figure = figure(self.style.chart.as_ref(), &self.schema, &self.batches)?;
        Ok(match self.medium {
            Medium::Text => text::draw(&figure, &self.style).into_bytes(),
            Medium::Svg => draw(&figure).svg().into_bytes(),
            Medium::Png => draw(&figure).png()?,
        })
    }
}

impl Renderer for ChartFile<'_> {
    fn batch(&mut self, batch: &RecordBatch) -> Result<()> {
        self.batches.push(batch.clone());
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Summary> {
        let drawn = self.drawn()?;
        self.out.write_all(&drawn).and_then(|()| self.out.flush()).map_err(write_failed)?;
        Ok(Summary::all(self.batches.iter().map(|batch| count(batch.num_rows())).sum()))
    }
}

/// The chart of a whole result as an SVG element; without a description, the chart that its columns suggest.
///
/// # Errors
/// [`crate::ErrorKind::Invalid`] when the result cannot be drawn so.
pub(super) fn svg(chart: Option<&Chart>, schema: &SchemaRef, batches: &[RecordBatch]) -> Result<String> {
    figure(chart, schema, batches).map(|figure| draw(&figure).svg())
}

fn figure(chart: Option<&Chart>, schema: &SchemaRef, batches: &[RecordBatch]) -> Result<Figure> {
    let columns = Columns::new(schema, batches)?;
    match chart {
        Some(chart) => Figure::new(chart, &columns),
        None => Figure::new(&infer::infer(schema)?, &columns),
    }
}

fn draw(figure: &Figure) -> Canvas {
    if rows::lists_names(figure) { down::draw(figure) } else { across::draw(figure) }
}
