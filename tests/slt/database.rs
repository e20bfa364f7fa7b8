//! The engine as the database of a test: SQL, and `run NAME param=value ...` for saved queries.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::{DataType, SchemaRef};
use outlay::Result;
use outlay::config::Config;
use outlay::engine::{Answer, Engine, Sql};
use outlay::output::{Format, Style, renderer};
use outlay::query::Catalog;
use sqllogictest::{DB, DBOutput, DefaultColumnType};
use tokio::runtime::Runtime;

use super::company::Company;

/// The engine over a small company.
#[derive(Debug)]
pub(crate) struct Database {
    engine: Arc<Engine>,
    runtime: Runtime,
    _company: Company,
}

impl Database {
    /// The engine over `company` with the saved queries of `library`.
    pub(crate) fn new(company: Company, library: Catalog) -> std::result::Result<Self, libtest_mimic::Failed> {
        let config = Config::load(&company.config_file())?;
        let engine = Engine::builder(config).catalog(library).threads(2).build()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { engine: Arc::new(engine), runtime, _company: company })
    }

    async fn answer(&self, sql: &str) -> Result<Answer> {
        let Some(call) = sql.strip_prefix("run ") else { return self.engine.query(Sql::new(sql, "case")).await };
        let mut words = call.split_whitespace();
        let query = self.engine.catalog().get(words.next().unwrap_or_default())?;
        let given: Vec<(String, String)> = words
            .filter_map(|word| word.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        self.engine.run(query, &given).await
    }
}

impl DB for Database {
    type Error = outlay::Error;
    type ColumnType = DefaultColumnType;

    fn run(&mut self, sql: &str) -> Result<DBOutput<DefaultColumnType>> {
        let text = self.runtime.block_on(async {
            let mut answer = self.answer(sql).await?;
            let schema = answer.schema();
            let batches = answer.collect().await?;
            rendered(&schema, &batches, sql.starts_with("run ")).map(|text| (schema, text))
        });
        let (schema, text) = text?;
        let cell = |cell: &str| if cell.is_empty() { "(empty)".to_owned() } else { cell.to_owned() };
        let rows = text.lines().map(|line| line.split('\t').map(cell).collect()).collect();
        Ok(DBOutput::Rows { types: schema.fields().iter().map(|field| letter(field.data_type())).collect(), rows })
    }

    fn engine_name(&self) -> &'static str {
        "outlay"
    }
}

/// Integers are `I`, amounts and other fractions `R`, everything else is `T`.
fn letter(data_type: &DataType) -> DefaultColumnType {
    match data_type {
        data_type if data_type.is_integer() => DefaultColumnType::Integer,
        data_type if data_type.is_numeric() => DefaultColumnType::FloatingPoint,
        _ => DefaultColumnType::Text,
    }
}

/// The rows as users get them: every digit of an amount, tabs between cells.
fn rendered(schema: &SchemaRef, batches: &[arrow::array::RecordBatch], header: bool) -> Result<String> {
    let text = Shared::default();
    let style = Style { header, null: Some("NULL".to_owned()), ..Style::default() };
    let mut rows = renderer(Format::Tsv, &style, Arc::clone(schema), Box::new(text.clone()))?;
    for batch in batches {
        rows.batch(batch)?;
    }
    rows.finish()?;
    let bytes = text.0.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A buffer that can be read after a renderer owned it.
#[derive(Debug, Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
