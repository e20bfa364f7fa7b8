//! Calls of the forecast functions in the syntax of a statement, before it is planned.
//!
//! The planner takes a name followed by parentheses for a table, and literals for its arguments. So a call is written as
//! `TABLE(forecast((SELECT * FROM name), …))`: what it reads stands there as a subquery, whose tables are opened, guarded and
//! spelled like those of any other, and the rest is left to [`super::relation`].

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use arrow::array::Array;
use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::sql::parser::{DFParserBuilder, Statement};
use datafusion::sql::sqlparser::ast::{
    Array as ArrayExpr, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident,
    ObjectName, Query, Statement as SqlStatement, TableAlias, TableFactor, Value, VisitMut, VisitorMut,
};
use datafusion::sql::sqlparser::tokenizer::Span;

use super::request::Kind;

/// Rewrites each call in `statement`; placeholders among its arguments become their value of `values`, where they have one.
pub(in crate::engine) fn rewrite_calls(statement: &mut Statement, values: &BTreeMap<String, ScalarValue>) {
    match statement {
        Statement::Statement(inner) => {
            let _finished = inner.visit(&mut Calls { values });
        }
        Statement::Explain(explain) => rewrite_calls(&mut explain.statement, values),
        Statement::CreateExternalTable(_) | Statement::CopyTo(_) | Statement::Reset(_) => {}
    }
}

struct Calls<'v> {
    values: &'v BTreeMap<String, ScalarValue>,
}

impl VisitorMut for Calls<'_> {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        let (call, alias) = match factor {
            TableFactor::Table { name, args, alias, .. } if Kind::of(name).is_some() => {
                let Some(arguments) = args.take() else { return ControlFlow::Continue(()) };
                (function(name.clone(), arguments.args), alias.take())
            }
            TableFactor::TableFunction { expr: Expr::Function(call), alias } if Kind::of(&call.name).is_some() => {
                (call.clone(), alias.take())
            }
            _ => return ControlFlow::Continue(()),
        };
        *factor = self.rewritten(call, alias);
        ControlFlow::Continue(())
    }
}

impl Calls<'_> {
    fn rewritten(&self, mut call: Function, alias: Option<TableAlias>) -> TableFactor {
        if let FunctionArguments::List(list) = &mut call.args {
            for (position, argument) in list.args.iter_mut().enumerate() {
                let (FunctionArg::Unnamed(FunctionArgExpr::Expr(value))
                | FunctionArg::Named { arg: FunctionArgExpr::Expr(value), .. }) = argument
                else {
                    continue;
                };
                if position > 0 {
                    let _finished = value.visit(&mut Placeholders { values: self.values });
                } else if let Some(query) = table_query(value) {
                    *value = Expr::Subquery(Box::new(query));
                }
            }
        }
        let alias = alias.or_else(|| {
            let name = Ident::new(Kind::of(&call.name)?.name());
            Some(TableAlias { explicit: true, name, columns: Vec::new(), at: None })
        });
        TableFactor::TableFunction { expr: Expr::Function(call), alias }
    }
}

fn function(name: ObjectName, args: Vec<FunctionArg>) -> Function {
    Function {
        name,
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList { duplicate_treatment: None, args, clauses: Vec::new() }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    }
}

/// `SELECT * FROM name` for the name of a table.
fn table_query(name: &Expr) -> Option<Query> {
    let parts = match name {
        Expr::Identifier(ident) => vec![ident.clone()],
        Expr::CompoundIdentifier(parts) => parts.clone(),
        _ => return None,
    };
    let mut parsed = DFParserBuilder::new("SELECT * FROM t").build().ok()?.parse_statements().ok()?;
    let Some(Statement::Statement(statement)) = parsed.pop_front() else { return None };
    let SqlStatement::Query(mut query) = *statement else { return None };
    let _finished = query.visit(&mut Renamed { name: ObjectName::from(parts) });
    Some(*query)
}

struct Renamed {
    name: ObjectName,
}

impl VisitorMut for Renamed {
    type Break = ();

    fn pre_visit_relation(&mut self, relation: &mut ObjectName) -> ControlFlow<()> {
        relation.clone_from(&self.name);
        ControlFlow::Continue(())
    }
}

struct Placeholders<'v> {
    values: &'v BTreeMap<String, ScalarValue>,
}

impl VisitorMut for Placeholders<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::Value(value) = expr
            && let Value::Placeholder(name) = &value.value
            && let Some(bound) = self.values.get(name.trim_start_matches(['$', ':']))
            && let Some(literal) = literal(bound, value.span)
        {
            *expr = literal;
        }
        ControlFlow::Continue(())
    }
}

/// `value` as it would be written at the place of its placeholder.
fn literal(value: &ScalarValue, span: Span) -> Option<Expr> {
    let written = |value: Value| Some(Expr::Value(value.with_span(span)));
    if value.is_null() {
        return written(Value::Null);
    }
    let elements = match value {
        ScalarValue::List(list) => list.value(0),
        ScalarValue::LargeList(list) => list.value(0),
        ScalarValue::Boolean(Some(flag)) => return written(Value::Boolean(*flag)),
        scalar => {
            let text = scalar.cast_to(&DataType::Utf8).ok()?.to_string();
            let is_number = scalar.data_type().is_numeric();
            return written(if is_number { Value::Number(text, false) } else { Value::SingleQuotedString(text) });
        }
    };
    let elem = (0..elements.len())
        .map(|index| literal(&ScalarValue::try_from_array(&elements, index).ok()?, span))
        .collect::<Option<Vec<Expr>>>()?;
    Some(Expr::Array(ArrayExpr { elem, named: false }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::errors::Sql;
    use crate::engine::guard;

    #[test]
    fn calls_become_subqueries_with_arguments() {
        let values = BTreeMap::from([
            ("steps".to_owned(), ScalarValue::Int64(Some(3))),
            ("until".to_owned(), ScalarValue::Date32(Some(20_607))),
            ("off".to_owned(), ScalarValue::Null),
        ]);
        for (sql, expected) in [
            (
                "select * from forecast(t, horizon => $steps)",
                "TABLE(forecast((SELECT * FROM t), horizon => 3)) AS forecast",
            ),
            (
                "select * from BACKTEST(\"T\", horizon => $until) b",
                "TABLE(BACKTEST((SELECT * FROM \"T\"), horizon => '2026-06-03')) b",
            ),
            (
                "select * from table(forecast((select $steps), seed => $off, season => $unknown)) as f",
                "TABLE(forecast((SELECT $steps), seed => NULL, season => $unknown)) AS f",
            ),
            ("select * from forecast", "forecast"),
        ] {
            let mut statement = guard::parse_one(Sql::new(sql, "test")).unwrap();
            rewrite_calls(&mut statement, &values);
            assert_eq!(statement.to_string(), format!("SELECT * FROM {expected}"));
        }
    }
}
