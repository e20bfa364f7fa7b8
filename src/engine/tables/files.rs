//! The files of a table: listed, of one format, their columns as far as the format tells.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::catalog::Session;
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::csv::CsvFormat;
use datafusion::datasource::file_format::json::JsonFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use futures::{Stream, StreamExt};
use object_store::{ObjectMeta, ObjectStore};

use crate::config;
use crate::engine::errors::from_datafusion;
use crate::error::{Error, Result, did_you_mean};
use crate::storage::{Location, list};

/// Files whose columns are read at the same time.
const CONCURRENT_READS: usize = 16;

/// Files of one format.
#[derive(Debug, Clone)]
pub(super) struct Files {
    pub(super) location: Location,
    pub(super) objects: Vec<ObjectMeta>,
    /// `parquet`, `csv` or `ndjson`.
    pub(super) kind: &'static str,
    pub(super) format: Format,
}

/// How the files are read.
#[derive(Debug, Clone)]
pub(super) enum Format {
    /// With the object named in every error, as in the ledger.
    Parquet,
    /// CSV or NDJSON.
    Text(Arc<dyn FileFormat>),
}

impl Files {
    pub(super) async fn find(settings: &config::Table, location: Location, store: &dyn ObjectStore) -> Result<Self> {
        let objects = list(store, &location).await?;
        let kind = format_name(settings, &objects)?;
        let objects: Vec<ObjectMeta> =
            objects.into_iter().filter(|object| suffix(object) == Some(kind) || settings.format.is_some()).collect();
        let format = match kind {
            "csv" => Format::Text(Arc::new(CsvFormat::default().with_has_header(true))),
            "ndjson" => Format::Text(Arc::new(JsonFormat::default())),
            _ => Format::Parquet,
        };
        Ok(Self { location, objects, kind, format })
    }

    /// Whether numbers are text in the files.
    pub(super) fn is_text(&self) -> bool {
        matches!(self.format, Format::Text(_))
    }

    /// Each of the files with its columns, as far as its format tells.
    pub(super) fn with_columns<'f>(
        &'f self,
        store: &'f Arc<dyn ObjectStore>,
        session: &'f dyn Session,
    ) -> impl Stream<Item = Result<(&'f ObjectMeta, SchemaRef)>> {
        let read = move |object| async move { Ok((object, self.columns(object, store, session).await?)) };
        futures::stream::iter(&self.objects).map(read).buffered(CONCURRENT_READS)
    }

    /// The columns of one of the files, as far as its format tells.
    async fn columns(
        &self,
        object: &ObjectMeta,
        store: &Arc<dyn ObjectStore>,
        session: &dyn Session,
    ) -> Result<SchemaRef> {
        let parquet = ParquetFormat::default().with_options(session.default_table_options().parquet);
        let format: &dyn FileFormat = if let Format::Text(format) = &self.format { format.as_ref() } else { &parquet };
        format.infer_schema(session, store, std::slice::from_ref(object)).await.map_err(|cause| {
            let error = from_datafusion(cause, None);
            let kind = if error.kind() == crate::ErrorKind::Storage { error.kind() } else { crate::ErrorKind::Data };
            Error::new(kind, "cannot read the columns of the file")
                .with("object", self.location.object_url(&object.location))
                .because(error)
        })
    }
}

fn format_name(settings: &config::Table, objects: &[ObjectMeta]) -> Result<&'static str> {
    const KNOWN: [&str; 3] = ["parquet", "csv", "ndjson"];
    if let Some(format) = &settings.format {
        return KNOWN.into_iter().find(|known| known == format).ok_or_else(|| {
            let error = Error::invalid(format!("`{format}` is no format of tables")).hint("use parquet, csv or ndjson");
            did_you_mean(format, KNOWN).into_iter().fold(error, Error::hint)
        });
    }
    let mut found: Vec<&'static str> = objects.iter().filter_map(suffix).collect();
    found.sort_unstable();
    found.dedup();
    match found.as_slice() {
        [one] => Ok(one),
        [] => Err(Error::invalid("no Parquet, CSV or NDJSON file lies here")
            .hint("give `format` when the suffix does not tell it")),
        more => Err(Error::invalid(format!("files of several formats lie here: {}", more.join(", ")))
            .hint("narrow `path` with a glob such as `facts/*.csv`")),
    }
}

fn suffix(object: &ObjectMeta) -> Option<&'static str> {
    match object.location.extension()?.to_ascii_lowercase().as_str() {
        "parquet" => Some("parquet"),
        "csv" => Some("csv"),
        "ndjson" | "jsonl" => Some("ndjson"),
        _ => None,
    }
}
