//! A page that needs nothing else: one table, sorted by a click on the name of a column; and the pieces of such pages.

use std::fmt::Write as _;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;

use super::cell::{self, Column};
use super::sink::Sink;
use super::{Renderer, Style, Summary, count};
use crate::error::Result;

const STYLE: &str = include_str!("page/style.css");
const SORT: &str = include_str!("page/sort.js");
/// Forbids the page to load anything, whatever stands in its values.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";
const UNTITLED: &str = "Result";

pub(super) struct Html<'w> {
    sink: Sink<'w>,
    rows_of_page: Rows,
    rows: u64,
}

impl<'w> Html<'w> {
    pub(super) fn new(style: &Style, schema: &Schema, mut sink: Sink<'w>) -> Self {
        let out = sink.text();
        push_start(style.title.as_deref(), out);
        out.push_str("<table>\n");
        if style.header {
            push_header(schema, out);
        }
        out.push_str("<tbody>\n");
        Self { sink, rows_of_page: Rows::new(schema, style.null()), rows: 0 }
    }
}

impl Renderer for Html<'_> {
    fn batch(&mut self, batch: &RecordBatch) -> Result<()> {
        let columns = cell::columns(batch)?;
        for row in 0..batch.num_rows() {
            self.rows_of_page.push(&columns, row, self.sink.text());
            self.sink.end_row()?;
        }
        self.rows += count(batch.num_rows());
        self.sink.pass()
    }

    fn finish(mut self: Box<Self>) -> Result<Summary> {
        let rows = self.rows;
        let noun = if rows == 1 { "row" } else { "rows" };
        let out = self.sink.text();
        // Writing to a string cannot fail.
        let _ = writeln!(out, "</tbody>\n</table>\n<p class=\"count\">{rows} {noun}</p>");
        push_end(out);
        self.sink.flush()?;
        Ok(Summary::all(rows))
    }
}

/// The rows of a table.
pub(super) struct Rows {
    numbers: Vec<bool>,
    null: String,
}

impl Rows {
    /// For results of `schema`, with this text for NULL.
    pub(super) fn new(schema: &Schema, null: &str) -> Self {
        let mut escaped = String::new();
        push_escaped(null, &mut escaped);
        let numbers = schema.fields().iter().map(|field| cell::is_number(field.data_type())).collect();
        Self { numbers, null: escaped }
    }

    /// Adds a row.
    pub(super) fn push(&self, columns: &[Column], row: usize, out: &mut String) {
        let mut text = String::new();
        out.push_str("<tr>");
        for (column, is_number) in columns.iter().zip(&self.numbers) {
            if column.is_null(row) {
                out.push_str("<td class=\"null\">");
                out.push_str(&self.null);
            } else {
                out.push_str(if *is_number { "<td class=\"number\">" } else { "<td>" });
                text.clear();
                column.text(row, &mut text);
                push_escaped(&text, out);
            }
            out.push_str("</td>");
        }
        out.push_str("</tr>\n");
    }
}

/// Adds what stands before the body of a page, and its heading.
pub(super) fn push_start(title: Option<&str>, out: &mut String) {
    out.push_str("<!doctype html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n");
    let _ = writeln!(out, "<meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">");
    out.push_str("<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
    push_escaped(title.unwrap_or(UNTITLED), out);
    let _ = write!(out, "</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n");
    if let Some(title) = title {
        out.push_str("<h1>");
        push_escaped(title, out);
        out.push_str("</h1>\n");
    }
}

/// Adds what stands after the body of a page.
pub(super) fn push_end(out: &mut String) {
    // Writing to a string cannot fail.
    let _ = write!(out, "<script>\n{SORT}</script>\n</body>\n</html>\n");
}

/// Adds the names of the columns.
pub(super) fn push_header(schema: &Schema, out: &mut String) {
    out.push_str("<thead>\n<tr>");
    for field in schema.fields() {
        let is_number = cell::is_number(field.data_type());
        out.push_str(if is_number { "<th scope=\"col\" class=\"number\">" } else { "<th scope=\"col\">" });
        out.push_str("<button type=\"button\">");
        push_escaped(field.name(), out);
        out.push_str("</button></th>");
    }
    out.push_str("</tr>\n</thead>\n");
}

/// Adds `text` as text: nothing in it is markup.
pub(super) fn push_escaped(text: &str, out: &mut String) {
    let mut plain_from = 0;
    for (index, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            b'\'' => "&#39;",
            _ => continue,
        };
        out.push_str(&text[plain_from..index]);
        out.push_str(escape);
        plain_from = index + 1;
    }
    out.push_str(&text[plain_from..]);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, StringArray};

    use super::*;
    use crate::output::Format;
    use crate::output::fixtures::{batch, empty, render};

    fn body(page: &str) -> &str {
        let start = page.find("<body>").unwrap();
        &page[start..page.find("<script>").unwrap()]
    }

    #[test]
    fn values_and_title_are_escaped() {
        let notes: ArrayRef = Arc::new(StringArray::from(vec![Some("<script>alert(\"ü\")</script>"), None]));
        let counts: ArrayRef = Arc::new(Int64Array::from(vec![-1, 2]));
        let style = Style { title: Some("Spend & <use>".to_owned()), null: Some("'".to_owned()), ..Style::default() };
        let page = render(Format::Html, &style, &[batch([("note", notes), ("n", counts)])]);
        assert!(page.starts_with("<!doctype html>\n"));
        assert!(page.ends_with("</script>\n</body>\n</html>\n"));
        assert!(page.contains("<title>Spend &amp; &lt;use&gt;</title>"));
        let expected = r#"<body>
<h1>Spend &amp; &lt;use&gt;</h1>
<table>
<thead>
<tr><th scope="col"><button type="button">note</button></th><th scope="col" class="number"><button type="button">n</button></th></tr>
</thead>
<tbody>
<tr><td>&lt;script&gt;alert(&quot;ü&quot;)&lt;/script&gt;</td><td class="number">-1</td></tr>
<tr><td class="null">&#39;</td><td class="number">2</td></tr>
</tbody>
</table>
<p class="count">2 rows</p>
"#;
        assert_eq!(body(&page), expected);
    }

    #[test]
    fn an_empty_result_has_its_header() {
        let page = render(Format::Html, &Style::default(), &[empty()]);
        assert!(body(&page).contains("vendor</button></th>"));
        assert!(body(&page).contains("<tbody>\n</tbody>"));
        assert!(!render(Format::Html, &Style { header: false, ..Style::default() }, &[empty()]).contains("<th "));
    }

    #[test]
    fn the_page_asks_for_nothing_from_elsewhere() {
        let page = render(Format::Html, &Style::default(), &[empty()]);
        assert!(!page.contains("http:") && !page.contains("https:") && !page.contains("src="));
    }
}
