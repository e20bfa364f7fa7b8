//! Expressions from the columns of one file to those of the ledger.
//!
//! The scan asks for one adapter a file. Each reference to a column of the ledger becomes the column of the file, a cast of
//! it (which row group pruning sees through), an exact conversion ([`Normalise`]), or a typed NULL.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, SchemaRef, TimestampMicrosecondType};
use chrono::{Datelike, Months, NaiveDate, NaiveTime};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{DataFusionError, Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use datafusion::physical_expr::expressions::{CastExpr, Column, Literal};
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use datafusion::physical_expr_adapter::{PhysicalExprAdapter, PhysicalExprAdapterFactory};

use super::contracts::Contracts;
use crate::engine::errors::to_datafusion;
use crate::engine::repeats;
use crate::error::Error;
use crate::focus::{self, Dialect, FileContract, Kind, MONEY_SCALE, Mapping};

/// Makes the adapters of one source.
#[derive(Debug)]
pub(super) struct LedgerAdapterFactory {
    pub(super) contracts: Arc<Contracts>,
    /// Whether values that repeat are converted once ([`repeats`]).
    pub(super) once_each: bool,
}

impl PhysicalExprAdapterFactory for LedgerAdapterFactory {
    fn create(&self, ledger: SchemaRef, file: SchemaRef) -> DataFusionResult<Arc<dyn PhysicalExprAdapter>> {
        let (dialect, contract) = (self.contracts.dialect(), self.contracts.of(&file));
        Ok(Arc::new(LedgerAdapter { dialect, contract, ledger, file, once_each: self.once_each }))
    }
}

#[derive(Debug)]
struct LedgerAdapter {
    dialect: &'static Dialect,
    contract: Arc<FileContract>,
    ledger: SchemaRef,
    file: SchemaRef,
    once_each: bool,
}

impl PhysicalExprAdapter for LedgerAdapter {
    fn rewrite(&self, expr: Arc<dyn PhysicalExpr>) -> DataFusionResult<Arc<dyn PhysicalExpr>> {
        expr.transform(|expr| match expr.downcast_ref::<Column>() {
            Some(column) => self.column(column.name()).map(Transformed::yes),
            None => Ok(Transformed::no(expr)),
        })
        .data()
    }
}

impl LedgerAdapter {
    fn column(&self, name: &str) -> DataFusionResult<Arc<dyn PhysicalExpr>> {
        let wanted = self.ledger.field_with_name(name)?;
        match self.contract.mappings.get(name) {
            Some(Mapping::Physical(index)) => self.physical(name, *index, wanted.data_type()),
            Some(Mapping::Refused(_)) => {
                let error = self.contract.refusal(name, "this file");
                Err(to_datafusion(error.unwrap_or_else(|| Error::internal("a refusal without a reason"))))
            }
            Some(Mapping::Null) | None => Ok(Arc::new(Literal::new(ScalarValue::try_from(wanted.data_type())?))),
        }
    }

    fn physical(&self, name: &str, index: usize, wanted: &DataType) -> DataFusionResult<Arc<dyn PhysicalExpr>> {
        let field = self.file.field(index);
        let column: Arc<dyn PhysicalExpr> = Arc::new(Column::new(field.name(), index));
        let edge = Edge::of(name).filter(|_| self.dialect.daily_billing_period);
        if edge.is_none() && field.data_type() == wanted {
            return Ok(column);
        }
        if edge.is_none() && cast_is_exact(field.data_type(), wanted) {
            let target = Arc::new(arrow::datatypes::Field::new(name, wanted.clone(), true));
            return Ok(Arc::new(CastExpr::new_with_target_field(column, target, None)));
        }
        let kind = focus::column(name).map(|column| column.kind).or_else(|| kind_of(wanted));
        let kind = kind.ok_or_else(|| DataFusionError::Internal(format!("no kind for {wanted}")))?;
        let function = Arc::new(ScalarUDF::new_from_impl(Normalise::new(name, kind, edge, self.once_each)));
        let call = ScalarFunctionExpr::try_new(function, vec![column], &self.file, Arc::new(ConfigOptions::default()))?;
        Ok(Arc::new(call))
    }
}

/// Whether a plain cast keeps every value or fails: casts, unlike functions, let statistics prune.
fn cast_is_exact(physical: &DataType, wanted: &DataType) -> bool {
    match (physical, wanted) {
        (DataType::Timestamp(_, _), DataType::Timestamp(_, _)) => true,
        (
            DataType::Decimal32(_, scale) | DataType::Decimal64(_, scale) | DataType::Decimal128(_, scale),
            DataType::Decimal128(_, _),
        ) => *scale <= MONEY_SCALE,
        (physical, DataType::Decimal128(_, _) | DataType::Int64 | DataType::Utf8View) => physical.is_integer(),
        _ => false,
    }
}

/// The kind of an extra column, by the type that the ledger gave it.
fn kind_of(wanted: &DataType) -> Option<Kind> {
    [Kind::Decimal, Kind::Time, Kind::Json, Kind::Integer, Kind::Float, Kind::Boolean]
        .into_iter()
        .find(|kind| kind.data_type() == *wanted)
}

/// Which end of a billing period a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Edge {
    Start,
    End,
}

impl Edge {
    fn of(column: &str) -> Option<Self> {
        match column {
            "BillingPeriodStart" => Some(Self::Start),
            "BillingPeriodEnd" => Some(Self::End),
            _ => None,
        }
    }

    /// Widens a period of a day to the month that the day lies in.
    fn of_month(self, micros: i64) -> Option<i64> {
        // The end is exclusive: midnight after the last day belongs to that day.
        let inside = if self == Self::End { micros.checked_sub(1)? } else { micros };
        let day = chrono::DateTime::from_timestamp_micros(inside)?.date_naive();
        let first = NaiveDate::from_ymd_opt(day.year(), day.month(), 1)?;
        let edge = if self == Self::End { first.checked_add_months(Months::new(1))? } else { first };
        Some(edge.and_time(NaiveTime::MIN).and_utc().timestamp_micros())
    }
}

/// Converts a column of a file to its kind, exactly or not at all ([`focus::normalise`]).
#[derive(Debug, PartialEq, Eq, Hash)]
struct Normalise {
    column: String,
    kind: Kind,
    edge: Option<Edge>,
    once_each: bool,
    signature: Signature,
}

impl Normalise {
    fn new(column: &str, kind: Kind, edge: Option<Edge>, once_each: bool) -> Self {
        Self { column: column.to_owned(), kind, edge, once_each, signature: Signature::any(1, Volatility::Immutable) }
    }

    fn convert(&self, values: &ArrayRef) -> DataFusionResult<ArrayRef> {
        let values = focus::normalise(self.kind, &self.column, values).map_err(to_datafusion)?;
        let Some(edge) = self.edge else { return Ok(values) };
        let times = values.as_primitive::<TimestampMicrosecondType>();
        let months: TimestampMicrosecondArray =
            times.iter().map(|time| time.and_then(|micros| edge.of_month(micros))).collect();
        Ok(Arc::new(months))
    }
}

impl ScalarUDFImpl for Normalise {
    fn name(&self) -> &'static str {
        "normalise"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> DataFusionResult<DataType> {
        Ok(self.kind.data_type())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let scalar = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let values = arrays.first().ok_or_else(|| DataFusionError::Internal("nothing to normalise".to_owned()))?;
        let convert = |values: &ArrayRef| self.convert(values);
        let converted = if self.once_each { repeats::once_each(values, convert)? } else { convert(values)? };
        if scalar {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&converted, 0)?));
        }
        Ok(ColumnarValue::Array(converted))
    }
}
