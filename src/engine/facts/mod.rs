//! Tables of facts: files and saved queries held against the contract of their name.
//!
//! ```text
//! listing → layouts of the files → each column of the contract met by a column, a constant or nothing → values read → union
//! ```
//!
//! Columns that no contract knows keep their name and follow those of the contract.

mod met;
mod value;

pub use met::FactColumnMet;

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::datasource::{ViewTable, provider_as_source};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast, ident, lit};

use object_store::ObjectStore;

use super::errors::from_datafusion;
use super::tables::{FileTable, OBJECT, sql_type, widen_all};
use crate::config;
use crate::error::{Error, Result};
use crate::facts::Contract;
use crate::storage::Location;
use met::{Layout, Met};

/// The files of a table, layout by layout. Where files are text, so are the columns that may meet one of `contract`.
///
/// # Errors
/// As [`FileTable::layouts`].
pub(super) async fn layouts(
    contract: &Contract,
    settings: &config::Table,
    location: Location,
    store: Arc<dyn ObjectStore>,
    session: &dyn Session,
) -> Result<Vec<FileTable>> {
    let declared =
        |name: &str| contract.names().any(|column| settings.columns.get(column).is_some_and(|to| to == name));
    let is_exact = |name: &str| declared(name) || contract.names().any(|column| column.eq_ignore_ascii_case(name));
    FileTable::layouts(settings, location, store, session, is_exact).await
}

/// The table of `contract` that `layouts` of files make.
///
/// # Errors
/// [`crate::ErrorKind::Data`] that names the object and the column for a required column that is not there, and for extra
/// columns of which the files disagree.
pub(super) fn of_files(
    contract: &'static Contract,
    settings: &config::Table,
    layouts: Vec<FileTable>,
) -> Result<Arc<dyn TableProvider>> {
    let layouts = layouts.into_iter().map(|table| {
        let object = table.first_object().unwrap_or_default();
        let layout = Layout::new(contract, settings, Arc::clone(table.file_schema()), &object)?;
        Ok((layout, object, Arc::new(table) as Arc<dyn TableProvider>))
    });
    let layouts = layouts.collect::<Result<Vec<_>>>()?;
    let held: Vec<&Layout> = layouts.iter().map(|(layout, ..)| layout).collect();
    let first = layouts.first().map_or("", |(_, object, _)| object);
    if let Some(error) = Layout::undeclared(&held, settings, first) {
        return Err(error);
    }
    let mut extras: Vec<Field> = Vec::new();
    for (layout, object, _) in &layouts {
        widen_all(&mut extras, &typed(&layout.extras(), settings)?, object)?;
    }
    let mut plan: Option<LogicalPlanBuilder> = None;
    for (layout, _, table) in layouts {
        let rows = projected(contract, &layout, &extras, table, &ident(OBJECT))?;
        plan = Some(match plan {
            None => LogicalPlanBuilder::new(rows),
            Some(plan) => plan.union(rows).map_err(|cause| from_datafusion(cause, None))?,
        });
    }
    let plan = plan.ok_or_else(|| Error::invalid("no file lies here"))?;
    Ok(Arc::new(ViewTable::new(plan.build().map_err(|cause| from_datafusion(cause, None))?, None)))
}

/// The table of `contract` that the saved query of its name, `view` in the file `path`, makes.
///
/// # Errors
/// As [`of_files`].
pub(super) fn of_view(
    contract: &'static Contract,
    view: Arc<dyn TableProvider>,
    path: &str,
) -> Result<Arc<dyn TableProvider>> {
    let layout = Layout::new(contract, &config::Table::default(), view.schema(), path)?;
    let extras: Vec<Field> = layout.extras().fields().iter().map(|field| field.as_ref().clone()).collect();
    let plan = projected(contract, &layout, &extras, view, &lit(path))?;
    Ok(Arc::new(ViewTable::new(plan, None)))
}

/// How each column of `contract` is met by `schemas`, which are those of layouts or of one saved query.
pub(super) fn describe(
    contract: &'static Contract,
    settings: &config::Table,
    schemas: &[SchemaRef],
) -> Vec<FactColumnMet> {
    met::describe(contract, settings, schemas)
}

/// `schema` with the types that the configuration declares for extra columns.
fn typed(schema: &Schema, settings: &config::Table) -> Result<Schema> {
    let fields = schema.fields().iter().map(|field| {
        let declared = settings.columns.get(field.name()).map(|declared| sql_type(declared)).transpose()?;
        Ok(field.as_ref().clone().with_data_type(declared.unwrap_or_else(|| field.data_type().clone())))
    });
    Ok(Schema::new(fields.collect::<Result<Vec<_>>>()?))
}

/// The rows of `table` with the columns of the contract, then `extras`.
fn projected(
    contract: &'static Contract,
    layout: &Layout,
    extras: &[Field],
    table: Arc<dyn TableProvider>,
    object: &Expr,
) -> Result<LogicalPlan> {
    let columns = contract.columns.iter().zip(&layout.met).map(|(column, met)| {
        let expr = match met {
            Met::Column(name) => layout.read(column, name, object.clone()),
            Met::Constant(value) => Ok(lit(value.clone())),
            Met::Nothing => null(&column.kind.data_type()),
        };
        expr.map(|expr| expr.alias(&column.name))
    });
    let held = layout.extras();
    let extras = extras.iter().map(|extra| match held.field_with_name(extra.name()) {
        Ok(_) => Ok(cast(ident(extra.name()), extra.data_type().clone()).alias(extra.name())),
        Err(_) => null(extra.data_type()).map(|expr| expr.alias(extra.name())),
    });
    let projection = columns.chain(extras).collect::<Result<Vec<Expr>>>()?;
    LogicalPlanBuilder::scan(contract.name.as_str(), provider_as_source(table), None)
        .and_then(|builder| builder.project(projection))
        .and_then(LogicalPlanBuilder::build)
        .map_err(|cause| from_datafusion(cause, None))
}

fn null(data_type: &DataType) -> Result<Expr> {
    let null: DataFusionResult<ScalarValue> = ScalarValue::try_from(data_type);
    null.map(lit).map_err(|cause| from_datafusion(cause, None))
}
