//! Where results go: standard output or `-o`, in the format that fits.

use std::io::{BufWriter, IsTerminal, Write};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::args::{Global, StatsForm, When};
use super::context::variable;
use super::held::Held;
use super::provenance::about_answer;
use super::report;
use crate::engine::{Answer, Engine, Statistics};
use crate::error::{Error, Result};
use crate::output::{About, Format, Renderer, Style, Summary, renderer};
use crate::query::{Chart, SavedQuery};
use crate::storage::{Location, Publication};
use crate::units::ByteSize;

/// Rows of a table on the terminal unless `--max-rows` says otherwise.
const TERMINAL_ROWS: usize = 200;

/// Prints the rows of `answer`, which is that of `query` when there is one, and what they cost.
pub(super) async fn print(
    global: &Global,
    engine: &Engine,
    answer: &mut Answer,
    query: Option<&SavedQuery>,
) -> Result<()> {
    for note in answer.notes() {
        report::note(global.color, global.quiet, note);
    }
    let shown = Shown {
        title: query.map(|query| query.name.clone()),
        chart: chart(global, query)?,
        about: query.map(|query| about_answer(engine, query, answer)),
    };
    let mut sink = Sink::open(global, engine, answer.schema(), shown)?;
    while let Some(batch) = answer.next().await? {
        sink.batch(&batch)?;
    }
    let summary = sink.finish().await?;
    if summary.shown < summary.rows {
        let line = format!(
            "{} of {} rows shown; see all with `--max-rows {}` or `-o FILE`",
            summary.shown, summary.rows, summary.rows
        );
        report::note(global.color, global.quiet, &line);
    }
    if let Some(form) = global.stats {
        report::note(global.color, false, &statistics(&answer.statistics(), answer.summaries(), form));
    }
    Ok(())
}

/// Prints rows that are at hand already.
pub(super) async fn print_batch(global: &Global, engine: &Engine, batch: &RecordBatch) -> Result<()> {
    let mut sink = Sink::open(global, engine, batch.schema(), Shown::default())?;
    sink.batch(batch)?;
    sink.finish().await.map(drop)
}

/// Whether results are tables for people.
pub(super) fn is_table(global: &Global) -> Result<bool> {
    Ok(format(global)? == Format::Table && global.output.is_none())
}

/// What a result is shown with, beside its rows.
#[derive(Default)]
struct Shown {
    title: Option<String>,
    chart: Option<Chart>,
    about: Option<About>,
}

/// The chart that was asked for, else that of the saved query.
fn chart(global: &Global, query: Option<&SavedQuery>) -> Result<Option<Chart>> {
    match global.chart.as_deref().filter(|description| !description.is_empty()) {
        Some(description) => Chart::from_text(description, "--chart").map(Some),
        None => Ok(query.and_then(|query| query.charts.first().cloned())),
    }
}

/// Where bytes go: a file that appears when it is whole, or standard output.
pub(super) struct Target {
    pub(super) out: Box<dyn Write + Send>,
    publication: Option<Publication>,
    terminal: bool,
}

impl Target {
    /// Opens the target that was asked for, for a result in `format`.
    pub(super) fn open(global: &Global, engine: &Engine, format: Format) -> Result<Self> {
        let publication = match &global.output {
            None => None,
            Some(target) => {
                let folder = std::env::current_dir().unwrap_or_default();
                Some(Publication::stage(engine.stores(), &Location::parse(target, &folder)?)?)
            }
        };
        let terminal = publication.is_none() && std::io::stdout().is_terminal();
        if terminal && format.is_binary() {
            return Err(Error::invalid(format!("{format} is binary and would garble the terminal"))
                .hint("write it to a file with `-o FILE`"));
        }
        let out: Box<dyn Write + Send> = match &publication {
            Some(publication) => Box::new(BufWriter::new(publication.writer()?)),
            None => Box::new(Held::new(terminal && global.pager != When::Never)),
        };
        Ok(Self { out, publication, terminal })
    }

    /// Lets the file appear, once all is written and flushed.
    pub(super) async fn publish(self) -> Result<()> {
        drop(self.out);
        match self.publication {
            Some(publication) => publication.publish().await,
            None => Ok(()),
        }
    }
}

struct Sink {
    renderer: Box<dyn Renderer>,
    publication: Option<Publication>,
}

impl Sink {
    fn open(global: &Global, engine: &Engine, schema: SchemaRef, shown: Shown) -> Result<Self> {
        let format = format(global)?;
        let Target { out, publication, terminal } = Target::open(global, engine, format)?;
        let renderer = renderer(format, &style(global, format, terminal, shown), schema, out)?;
        Ok(Self { renderer, publication })
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<()> {
        self.renderer.batch(batch)
    }

    async fn finish(self) -> Result<Summary> {
        let summary = self.renderer.finish()?;
        if let Some(publication) = self.publication {
            publication.publish().await?;
        }
        Ok(summary)
    }
}

fn format(global: &Global) -> Result<Format> {
    if let Some(name) = &global.format {
        return name.parse();
    }
    match &global.output {
        Some(target) => Format::from_suffix(target).ok_or_else(|| {
            Error::invalid(format!("the suffix of `{target}` tells no format")).hint("give one with `--format`")
        }),
        None if global.chart.is_some() => Ok(Format::Chart),
        None if std::io::stdout().is_terminal() => Ok(Format::Table),
        None => Ok(Format::Csv),
    }
}

fn style(global: &Global, format: Format, terminal: bool, shown: Shown) -> Style {
    let color = match global.color {
        When::Always => true,
        When::Never => false,
        When::Auto => terminal && anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never,
    };
    let table = format == Format::Table;
    Style {
        header: !global.no_header,
        null: global.null.clone(),
        max_rows: global.max_rows.or((table && terminal).then_some(TERMINAL_ROWS)).filter(|_| table),
        width: if terminal { terminal_width() } else { columns().filter(|_| format == Format::Chart) },
        color,
        ascii: global.ascii || (format == Format::Chart && variable("TERM").as_deref() == Some("dumb")),
        bom: global.bom,
        csv_safe: global.csv_safe,
        title: shown.title,
        chart: shown.chart,
        about: shown.about,
    }
}

/// The width that the environment asks for.
fn columns() -> Option<usize> {
    variable("COLUMNS").and_then(|columns| columns.parse().ok())
}

fn terminal_width() -> Option<usize> {
    columns().or_else(|| comfy_table::Table::new().width().map(usize::from))
}

/// What an answer cost, as `--stats` prints it.
fn statistics(statistics: &Statistics, summaries: &[String], form: StatsForm) -> String {
    let Statistics { rows, elapsed, files, row_groups, traffic, peak_memory_bytes, spilled_bytes, dollars } =
        *statistics;
    match form {
        StatsForm::Json => serde_json::json!({
            "rows": rows,
            "elapsed_ms": u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
            "files": { "total": files.total, "pruned": files.pruned },
            "row_groups": { "total": row_groups.total, "pruned": row_groups.pruned },
            "bytes_read": traffic.bytes_read,
            "requests": { "get": traffic.gets, "list": traffic.lists, "head": traffic.heads, "put": traffic.puts },
            "peak_memory_bytes": peak_memory_bytes,
            "cached": { "ranges": traffic.cached, "bytes": traffic.cached_bytes },
            "spilled_bytes": spilled_bytes,
            "dollars": dollars,
            "summaries": summaries,
        })
        .to_string(),
        StatsForm::Text => {
            let spilled =
                if spilled_bytes > 0 { format!(" · {} spilled", ByteSize(spilled_bytes)) } else { String::new() };
            let cached = match traffic.cached_bytes {
                0 => String::new(),
                bytes => format!(" · {} cached", ByteSize(bytes)),
            };
            let summaries: String = summaries.iter().map(|summary| format!("\n{summary}")).collect();
            format!(
                "{rows} rows · {:.2} s · {} of {} files pruned · {} of {} row groups pruned · {} read{cached} · {} GET {} LIST {} HEAD · peak {}{spilled} · ~${dollars:.6}{summaries}",
                elapsed.as_secs_f64(),
                files.pruned,
                files.total,
                row_groups.pruned,
                row_groups.total,
                ByteSize(traffic.bytes_read),
                traffic.gets,
                traffic.lists,
                traffic.heads,
                ByteSize(peak_memory_bytes),
            )
        }
    }
}
