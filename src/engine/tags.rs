//! `Tags['team']`: the value of a key in a column of JSON text.
//!
//! Tags and SKU details are JSON in FOCUS and JSON text in the ledger. `Tags ->> 'team'` works in every engine; the
//! subscript is what people type, and the planner would take it for a struct field.

use datafusion::common::{DFSchema, Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawFieldAccessExpr};
use datafusion::logical_expr::{Expr, ExprSchemable, GetFieldAccess, lit};

/// Plans a subscript of text as a look-up in JSON.
#[derive(Debug)]
pub(super) struct JsonSubscript;

impl ExprPlanner for JsonSubscript {
    fn plan_field_access(
        &self,
        access: RawFieldAccessExpr,
        schema: &DFSchema,
    ) -> DataFusionResult<PlannerResult<RawFieldAccessExpr>> {
        let key = match &access.field_access {
            GetFieldAccess::NamedStructField { name: ScalarValue::Utf8(Some(key)) } => key.clone(),
            _ => return Ok(PlannerResult::Original(access)),
        };
        if !access.expr.get_type(schema).is_ok_and(|data_type| data_type.is_string()) {
            return Ok(PlannerResult::Original(access));
        }
        let name = format!("{}[{key}]", access.expr.schema_name());
        let lookup: Expr = datafusion_functions_json::udfs::json_as_text_udf().call(vec![access.expr, lit(key)]);
        Ok(PlannerResult::Planned(lookup.alias(name)))
    }
}
