//! Tables of the configuration: Parquet, CSV or NDJSON files of one location, read as they are.
//!
//! [`FileTable::open`] makes one table of all files; [`FileTable::layouts`] one for each layout that the files have, so that
//! each can be mapped by itself and a value traced to its object.

mod columns;
mod files;

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, FileSource, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use futures::TryStreamExt;
use object_store::{ObjectMeta, ObjectStore};

use columns::declared;
pub(super) use columns::{sql_type, widen_all};
use files::{Files, Format};

use super::guarded::GuardedParquet;
use crate::config;
use crate::error::{Error, Result};
use crate::focus::money_type;
use crate::storage::Location;

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
            let columns: Vec<_> = files.with_columns(&store, session).try_collect().await?;
            for (object, schema) in columns {
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
        let columns: Vec<_> = files.with_columns(&store, session).try_collect().await?;
        for (object, found) in columns {
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

    /// The table of these Parquet `objects`, which have the columns of `schema`.
    pub(super) fn of_objects(location: Location, objects: Vec<ObjectMeta>, schema: Schema) -> Self {
        let schema = Arc::new(schema);
        let files = Files { location, objects, kind: "parquet", format: Format::Parquet };
        Self { files, file_schema: Arc::clone(&schema), schema }
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

fn object_field() -> FieldRef {
    Arc::new(Field::new(OBJECT, DataType::Utf8, false))
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
        filters: &[Expr],
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
                let guarded = GuardedParquet::new(parquet, location.store().to_string());
                Arc::new(guarded.pruned_by(filters, &self.schema, state)?)
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
