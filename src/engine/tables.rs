//! Tables of the configuration: Parquet, CSV or NDJSON files of one location, read as they are.
//!
//! [`FileTable::open`] makes one table of all files; [`FileTable::layouts`] one for each layout that the files have, so that
//! each can be mapped by itself and a value traced to its object.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
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
    files: Files,
    /// The columns of the files.
    file_schema: SchemaRef,
    /// The columns of the files, and [`OBJECT`] where the table has it.
    schema: SchemaRef,
}

/// The column of a layout that names the object of a row.
pub(super) const OBJECT: &str = "x_ObjectName";

/// Files of one format.
#[derive(Debug, Clone)]
struct Files {
    location: Location,
    objects: Vec<ObjectMeta>,
    /// `parquet`, `csv` or `ndjson`.
    kind: &'static str,
    format: Format,
}

/// How the files are read.
#[derive(Debug, Clone)]
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
            let files = Files::find(settings, location, store.as_ref()).await?;
            let mut widest: Vec<Field> = Vec::new();
            for object in &files.objects {
                let schema = files.columns(object, &store, session).await?;
                widen_all(&mut widest, &schema, &files.location.object_url(&object.location))?;
            }
            let schema = Arc::new(declared(&Schema::new(widest), &settings.columns, files.is_text())?);
            Ok(Self { files, file_schema: Arc::clone(&schema), schema })
        };
        open.await.map_err(|error: Error| error.with("table", name))
    }

    /// Lists the files and gives a table for each layout that they have, all with the column [`OBJECT`].
    ///
    /// Columns of CSV files whose name `is_exact` picks are text: what they hold is read by who maps them. The others are
    /// as for [`Self::open`].
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(super) async fn layouts(
        settings: &config::Table,
        location: Location,
        store: Arc<dyn ObjectStore>,
        session: &dyn Session,
        is_exact: impl Fn(&str) -> bool,
    ) -> Result<Vec<Self>> {
        let files = Files::find(settings, location, store.as_ref()).await?;
        let mut layouts: Vec<(Schema, Vec<ObjectMeta>)> = Vec::new();
        for object in &files.objects {
            let found = files.columns(object, &store, session).await?;
            let fields = found.fields().iter().map(|field| match field.as_ref() {
                field if files.kind == "csv" && is_exact(field.name()) => {
                    field.clone().with_data_type(DataType::Utf8View).with_nullable(true)
                }
                field if field.data_type().is_floating() && files.is_text() => {
                    field.clone().with_data_type(money_type()).with_nullable(true)
                }
                field => field.clone().with_nullable(true),
            });
            let schema = Schema::new(fields.collect::<Vec<_>>());
            match layouts.iter_mut().find(|(known, _)| known.fields() == schema.fields()) {
                Some((_, objects)) => objects.push(object.clone()),
                None => layouts.push((schema, vec![object.clone()])),
            }
        }
        let table = |(schema, objects): (Schema, Vec<ObjectMeta>)| {
            let fields = schema.fields().iter().cloned().chain([object_field()]).collect::<Vec<_>>();
            let files = Files { objects, ..files.clone() };
            Self { files, file_schema: Arc::new(schema), schema: Arc::new(Schema::new(fields)) }
        };
        Ok(layouts.into_iter().map(table).collect())
    }

    /// The columns of the files.
    pub(super) fn file_schema(&self) -> &SchemaRef {
        &self.file_schema
    }

    /// The URL of the first of its objects.
    pub(super) fn first_object(&self) -> Option<String> {
        self.files.objects.first().map(|object| self.files.location.object_url(&object.location))
    }
}

impl Files {
    async fn find(settings: &config::Table, location: Location, store: &dyn ObjectStore) -> Result<Self> {
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
    fn is_text(&self) -> bool {
        matches!(self.format, Format::Text(_))
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

fn object_field() -> FieldRef {
    Arc::new(Field::new(OBJECT, DataType::Utf8, false))
}

/// Adds the columns of `schema`, which those of `object` are, to `widest`.
pub(super) fn widen_all(widest: &mut Vec<Field>, schema: &Schema, object: &str) -> Result<()> {
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
                    .with("object", object)
                    .hint("give its type under `[tables.NAME.columns]`, or mend the file")
                })?;
                *known = known.clone().with_data_type(wide);
            }
        }
    }
    Ok(())
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
pub(super) fn sql_type(text: &str) -> Result<DataType> {
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
        let Files { location, objects, format, .. } = &self.files;
        let url = ObjectStoreUrl::parse(location.store().as_str())?;
        let names_object = self.schema.fields().len() > self.file_schema.fields().len();
        let of_objects = if names_object { vec![object_field()] } else { Vec::new() };
        let table_schema =
            TableSchema::builder(Arc::clone(&self.file_schema)).with_table_partition_cols(of_objects).build();
        let source: Arc<dyn FileSource> = match format {
            Format::Parquet => {
                let parquet =
                    ParquetSource::new(table_schema).with_table_parquet_options(state.default_table_options().parquet);
                Arc::new(GuardedParquet::new(parquet, location.store().to_string()))
            }
            Format::Text(format) => format.file_source(table_schema),
        };
        let file = |object: &ObjectMeta| {
            let name = names_object.then(|| ScalarValue::from(location.object_url(&object.location)));
            PartitionedFile::new_from_meta(object.clone()).with_partition_values(name.into_iter().collect())
        };
        let groups = FileGroup::new(objects.iter().map(file).collect())
            .split_files(state.config_options().execution.target_partitions);
        let config = FileScanConfigBuilder::new(url, source)
            .with_file_groups(groups)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        match format {
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
