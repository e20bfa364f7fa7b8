//! A report: several answers on one page that needs nothing else, each with its chart, its first rows and where it comes from.

use std::fmt::Write as _;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::About;
use super::cell;
use super::chart;
use super::html::{Rows, push_end, push_escaped, push_header, push_start};
use crate::error::{Error, Result};
use crate::query::Chart;

/// A page of answers.
#[derive(Debug, Clone)]
pub struct Report {
    /// Its heading.
    pub title: String,
    /// What holds for all of it, as pairs, such as the as-of date.
    pub facts: Vec<(String, String)>,
    /// The answers, in this order.
    pub sections: Vec<Section>,
    /// The most rows of a table; the others are counted.
    pub max_rows: usize,
}

/// One saved query on the page.
#[derive(Debug, Clone)]
pub struct Section {
    /// What it answers and where that comes from.
    pub about: About,
    /// Its charts.
    pub charts: Vec<Chart>,
    /// What came of it.
    pub outcome: SectionOutcome,
}

/// What came of a saved query.
#[derive(Debug, Clone)]
pub enum SectionOutcome {
    /// The whole result.
    Answered {
        /// Its columns.
        schema: SchemaRef,
        /// Its rows.
        batches: Vec<RecordBatch>,
    },
    /// Why there is none, in lines.
    Failed(String),
}

impl Report {
    /// The page as HTML.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] for values that cannot be printed.
    pub fn html(&self) -> Result<String> {
        let mut out = String::new();
        push_start(Some(&self.title), &mut out);
        push_facts(&self.facts, &mut out);
        self.push_contents(&mut out);
        for section in &self.sections {
            section.push(self.max_rows, &mut out)?;
        }
        push_end(&mut out);
        Ok(out)
    }

    fn push_contents(&self, out: &mut String) {
        out.push_str("<nav>\n<ol>\n");
        for section in &self.sections {
            out.push_str("<li><a href=\"#");
            push_escaped(&section.about.name, out);
            out.push_str("\">");
            push_escaped(&section.about.name, out);
            out.push_str("</a> ");
            push_escaped(section.about.question(), out);
            out.push_str("</li>\n");
        }
        out.push_str("</ol>\n</nav>\n");
    }
}

impl Section {
    fn push(&self, max_rows: usize, out: &mut String) -> Result<()> {
        out.push_str("<section id=\"");
        push_escaped(&self.about.name, out);
        out.push_str("\">\n");
        push_element("h2", &self.about.name, out);
        push_element("p", self.about.question(), out);
        match &self.outcome {
            SectionOutcome::Failed(reason) => {
                out.push_str("<pre class=\"failed\">");
                push_escaped(reason, out);
                out.push_str("</pre>\n");
            }
            SectionOutcome::Answered { schema, batches } => {
                self.push_charts(schema, batches, out);
                push_table(schema, batches, max_rows, out)?;
            }
        }
        push_facts(&self.about.facts(), out);
        for note in &self.about.notes {
            push_element("p", note, out);
        }
        self.push_details(out);
        out.push_str("</section>\n");
        Ok(())
    }

    /// The charts; a result that cannot be drawn is a table all the same, with the reason.
    fn push_charts(&self, schema: &SchemaRef, batches: &[RecordBatch], out: &mut String) {
        for chart in &self.charts {
            match chart::svg(Some(chart), schema, batches) {
                Ok(picture) => out.push_str(&picture),
                Err(error) => push_element("p", &format!("No chart: {error}."), out),
            }
        }
    }

    /// The rest of the description, and the SQL, folded.
    fn push_details(&self, out: &mut String) {
        out.push_str("<details>\n<summary>How it is measured</summary>\n");
        for paragraph in self.about.description.split("\n\n").skip(1) {
            push_element(if paragraph.starts_with(' ') { "pre" } else { "p" }, paragraph, out);
        }
        push_element("pre", &self.about.sql, out);
        out.push_str("</details>\n");
    }
}

/// The first rows, and how many there are.
fn push_table(schema: &SchemaRef, batches: &[RecordBatch], max_rows: usize, out: &mut String) -> Result<()> {
    out.push_str("<div class=\"scroll\">\n<table>\n");
    push_header(schema, out);
    out.push_str("<tbody>\n");
    let rows = Rows::new(schema, "");
    let mut left = max_rows;
    for batch in batches {
        let columns = cell::columns(batch)?;
        let shown = batch.num_rows().min(left);
        for row in 0..shown {
            rows.push(&columns, row, out);
        }
        left -= shown;
    }
    out.push_str("</tbody>\n</table>\n</div>\n");
    let total: usize = batches.iter().map(RecordBatch::num_rows).sum();
    let shown = total.min(max_rows);
    let count = if shown < total { format!("{shown} of {total} rows") } else { format!("{total} rows") };
    // Writing to a string cannot fail.
    let _ = writeln!(out, "<p class=\"count\">{count}</p>");
    Ok(())
}

fn push_facts(facts: &[(String, String)], out: &mut String) {
    out.push_str("<dl>\n");
    for (name, value) in facts {
        out.push_str("<dt>");
        push_escaped(name, out);
        out.push_str("</dt><dd>");
        push_escaped(value, out);
        out.push_str("</dd>\n");
    }
    out.push_str("</dl>\n");
}

fn push_element(name: &str, text: &str, out: &mut String) {
    // Writing to a string cannot fail.
    let _ = write!(out, "<{name}>");
    push_escaped(text, out);
    let _ = writeln!(out, "</{name}>");
}

impl SectionOutcome {
    /// Why a saved query gave nothing: the error, what it names, and the way out.
    pub fn failed(error: &Error) -> Self {
        let facts = error.facts().iter().map(|(name, value)| format!("{name}: {value}"));
        let hints = error.hints().iter().map(|hint| format!("hint: {hint}"));
        let lines: Vec<String> = std::iter::once(error.message().to_owned()).chain(facts).chain(hints).collect();
        Self::Failed(lines.join("\n"))
    }
}
