//! Tables of the configuration: Parquet, CSV or NDJSON files of one location, read as they are.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result as DataFusionResult;
use datafusion::datasource::TableType;
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::csv::CsvFormat;
use datafusion::datasource::file_format::json::JsonFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, FileSource, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use object_store::{ObjectMeta, ObjectStore};

use super::errors::from_datafusion;
use super::guarded::GuardedParquet;
use crate::config;
use crate::error::{Error, Result, did_you_mean};
use crate::focus::money_type;
use crate::storage::{Location, list};

/// A table of files of one format.
#[derive(Debug)]
pub(super) struct FileTable {
    location: Location,
    objects: Vec<ObjectMeta>,
    format: Format,
    schema: SchemaRef,
}

/// How the files are read.
#[derive(Debug)]
enum Format {
    /// With the object named in every error, as in the ledger.
    Parquet,
    /// CSV or NDJSON.
    Text(Arc<dyn FileFormat>),
}

impl FileTable {
    /// Lists the table `name` and finds its columns.
    ///
    /// Numbers with a fraction in CSV and NDJSON are DECIMAL: text holds exact digits, and a table of amounts must not
    /// turn them into floating point. `columns` of the configuration overrides what is found.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Storage`] when it cannot be listed, [`crate::ErrorKind::Invalid`] for mixed or unknown formats
    /// and columns that are not there, [`crate::ErrorKind::Data`] for files that cannot be read.
    pub(super) async fn open(
        name: &str,
        settings: &config::Table,
        location: Location,
        store: Arc<dyn ObjectStore>,
        session: &dyn Session,
    ) -> Result<Self> {
        let open = async {
            let objects = list(store.as_ref(), &location).await?;
            let kind = format_name(settings, &objects)?;
            let objects: Vec<ObjectMeta> = objects
                .into_iter()
                .filter(|object| suffix(object) == Some(kind) || settings.format.is_some())
                .collect();
            let format = match kind {
                "csv" => Format::Text(Arc::new(CsvFormat::default().with_has_header(true))),
                "ndjson" => Format::Text(Arc::new(JsonFormat::default())),
                _ => Format::Parquet,
            };
            let parquet = ParquetFormat::default().with_options(session.default_table_options().parquet);
            let reader: &dyn FileFormat = if let Format::Text(format) = &format { format.as_ref() } else { &parquet };
            let found = infer(session, &store, &objects, reader, &location).await?;
            let schema = Arc::new(declared(&found, &settings.columns, kind != "parquet")?);
            Ok::<_, Error>(Self { location: location.clone(), objects, format, schema })
        };
        open.await.map_err(|error| error.with("table", name))
    }
}

async fn infer(
    session: &dyn Session,
    store: &Arc<dyn ObjectStore>,
    objects: &[ObjectMeta],
    format: &dyn FileFormat,
    location: &Location,
) -> Result<Schema> {
    let mut widest: Vec<Field> = Vec::new();
    for object in objects {
        let schema = format.infer_schema(session, store, std::slice::from_ref(object)).await.map_err(|cause| {
            let error = from_datafusion(cause, None);
            let kind = if error.kind() == crate::ErrorKind::Storage { error.kind() } else { crate::ErrorKind::Data };
            Error::new(kind, "cannot read the columns of the file")
                .with("object", location.object_url(&object.location))
                .because(error)
        })?;
        for field in schema.fields() {
            match widest.iter_mut().find(|known| known.name() == field.name()) {
                None => widest.push(field.as_ref().clone().with_nullable(true)),
                Some(known) => {
                    let wide = widen(known.data_type(), field.data_type()).ok_or_else(|| {
                        Error::data(format!(
                            "column `{}` is {} here and {} in files before it",
                            field.name(),
                            field.data_type(),
                            known.data_type()
                        ))
                        .with("object", location.object_url(&object.location))
                        .hint("give its type under `[tables.NAME.columns]`, or mend the file")
                    })?;
                    *known = known.clone().with_data_type(wide);
                }
            }
        }
    }
    Ok(Schema::new(widest))
}

/// The type that holds the values of both; `None` when they differ in meaning.
fn widen(one: &DataType, other: &DataType) -> Option<DataType> {
    match (one, other) {
        (a, b) if a == b => Some(a.clone()),
        (DataType::Null, known) | (known, DataType::Null) => Some(known.clone()),
        (a, b) if a.is_integer() && b.is_integer() => Some(DataType::Int64),
        (a, b) if a.is_numeric() && b.is_numeric() => {
            let float = a.is_floating() && b.is_floating();
            Some(if float { DataType::Float64 } else { money_type() })
        }
        (DataType::Date32 | DataType::Timestamp(_, _), DataType::Date32 | DataType::Timestamp(_, _)) => {
            Some(DataType::Timestamp(TimeUnit::Microsecond, None))
        }
        (a, b) if a.is_string() && b.is_string() => Some(DataType::Utf8View),
        _ => None,
    }
}

fn declared(found: &Schema, types: &BTreeMap<String, String>, text: bool) -> Result<Schema> {
    if let Some(missing) = types.keys().find(|name| found.field_with_name(name).is_err()) {
        let error = Error::invalid(format!("the files have no column `{missing}`"));
        let names = found.fields().iter().map(|field| field.name().as_str());
        return Err(did_you_mean(missing, names).into_iter().fold(error, Error::hint));
    }
    let fields = found.fields().iter().map(|field| {
        let data_type = match types.get(field.name()) {
            Some(declared) => sql_type(declared)?,
            None if text && field.data_type().is_floating() => money_type(),
            None => field.data_type().clone(),
        };
        // Within a statement a FOCUS name has the spelling of the specification, whatever table it comes from.
        Ok(field.as_ref().clone().with_data_type(data_type))
    });
    Ok(Schema::new(fields.collect::<Result<Vec<_>>>()?))
}

/// The Arrow type of a type name as SQL writes it.
fn sql_type(text: &str) -> Result<DataType> {
    let lower = text.trim().to_ascii_lowercase();
    let (name, arguments) =
        lower.split_once('(').map_or((lower.as_str(), ""), |(name, rest)| (name.trim(), rest.trim_end_matches(')')));
    let known = match name {
        "text" | "varchar" | "string" => Some(DataType::Utf8View),
        "int" | "integer" | "bigint" => Some(DataType::Int64),
        "double" | "float" => Some(DataType::Float64),
        "bool" | "boolean" => Some(DataType::Boolean),
        "date" => Some(DataType::Date32),
        "timestamp" => Some(DataType::Timestamp(TimeUnit::Microsecond, None)),
        "decimal" | "numeric" if arguments.is_empty() => Some(money_type()),
        "decimal" | "numeric" => arguments.split_once(',').and_then(|(precision, scale)| {
            let (precision, scale) = (precision.trim().parse().ok()?, scale.trim().parse().ok()?);
            (precision <= 38 && (0..=38).contains(&scale)).then_some(DataType::Decimal128(precision, scale))
        }),
        _ => None,
    };
    known.ok_or_else(|| {
        Error::invalid(format!("`{text}` is no type"))
            .hint("use text, bigint, decimal(38,2), double, boolean, date or timestamp")
    })
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

#[async_trait]
impl TableProvider for FileTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> DataFusionResult<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        let url = ObjectStoreUrl::parse(self.location.store().as_str())?;
        let table_schema = TableSchema::from(Arc::clone(&self.schema));
        let source: Arc<dyn FileSource> = match &self.format {
            Format::Parquet => {
                let parquet =
                    ParquetSource::new(table_schema).with_table_parquet_options(state.default_table_options().parquet);
                Arc::new(GuardedParquet::new(parquet, self.location.store().to_string()))
            }
            Format::Text(format) => format.file_source(table_schema),
        };
        let files = self.objects.iter().cloned().map(PartitionedFile::new_from_meta).collect();
        let groups = FileGroup::new(files).split_files(state.config_options().execution.target_partitions);
        let config = FileScanConfigBuilder::new(url, source)
            .with_file_groups(groups)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        match &self.format {
            Format::Parquet => Ok(DataSourceExec::from_data_source(config)),
            Format::Text(format) => format.create_physical_plan(state, config).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_disagree_widen_or_fail() {
        assert_eq!(widen(&DataType::Int32, &DataType::Int64), Some(DataType::Int64));
        assert_eq!(widen(&DataType::Int64, &DataType::Float64), Some(money_type()));
        assert_eq!(widen(&DataType::Null, &DataType::Utf8), Some(DataType::Utf8));
        assert_eq!(widen(&DataType::Utf8, &DataType::Int64), None);
    }

    #[test]
    fn fractions_of_text_files_are_exact() {
        let found =
            Schema::new(vec![Field::new("amount", DataType::Float64, true), Field::new("day", DataType::Utf8, true)]);
        let types = BTreeMap::from([("day".to_owned(), "date".to_owned())]);
        let schema = declared(&found, &types, true).unwrap();
        assert_eq!(schema.field(0).data_type(), &money_type());
        assert_eq!(schema.field(1).data_type(), &DataType::Date32);
        let wrong = BTreeMap::from([("amuont".to_owned(), "date".to_owned())]);
        assert!(declared(&found, &wrong, true).unwrap_err().hints()[0].contains("amount"));
        assert!(sql_type("decimal(99,2)").is_err());
    }
}
