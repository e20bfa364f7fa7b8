//! `spend_as_of(date)`: the ledger as it was known at the end of a day.
//!
//! Planning a table function is no time to list buckets, so the call is replaced by a table of its own name before the
//! tables of a statement are opened.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use chrono::{DateTime, NaiveDate};
use datafusion::common::ScalarValue;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, Ident, ObjectName, ObjectNamePart, TableAlias, TableFactor, Value, VisitMut,
    VisitorMut,
};

use crate::error::{Error, Result};

/// The function.
pub(super) const FUNCTION: &str = "spend_as_of";

/// The words before the date in the names of its tables.
const TABLE: &str = "spend as of ";

/// Replaces each call in `statement` by the table of its date; `values` are those of the placeholders.
///
/// # Errors
/// [`crate::ErrorKind::Invalid`] when the argument is no date.
pub(super) fn replace_calls(statement: &mut Statement, values: &BTreeMap<String, ScalarValue>) -> Result<()> {
    let Statement::Statement(inner) = statement else {
        return match statement {
            Statement::Explain(explain) => replace_calls(&mut explain.statement, values),
            _ => Ok(()),
        };
    };
    match inner.visit(&mut Calls { values }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(*error),
    }
}

/// The date of a table that stands for a call.
pub(super) fn date_of(table: &str) -> Option<NaiveDate> {
    table.strip_prefix(TABLE)?.parse().ok()
}

struct Calls<'v> {
    values: &'v BTreeMap<String, ScalarValue>,
}

impl VisitorMut for Calls<'_> {
    type Break = Box<Error>;

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Box<Error>> {
        let TableFactor::Table { name, args, alias, .. } = factor else { return ControlFlow::Continue(()) };
        let called = args.is_some() && name.to_string().eq_ignore_ascii_case(FUNCTION);
        let Some(arguments) = args.take_if(|_| called) else { return ControlFlow::Continue(()) };
        match self.date(&arguments.args) {
            Some(date) => {
                *name = ObjectName(vec![ObjectNamePart::Identifier(Ident::with_quote('"', format!("{TABLE}{date}")))]);
                alias.get_or_insert_with(|| TableAlias {
                    explicit: true,
                    name: Ident::new(FUNCTION),
                    columns: Vec::new(),
                    at: None,
                });
                ControlFlow::Continue(())
            }
            None => ControlFlow::Break(Box::new(
                Error::invalid(format!("`{FUNCTION}` takes one date"))
                    .hint(format!("write it as `{FUNCTION}('2026-06-03')`, or give it a parameter of type date")),
            )),
        }
    }
}

impl Calls<'_> {
    fn date(&self, arguments: &[FunctionArg]) -> Option<NaiveDate> {
        let [FunctionArg::Unnamed(FunctionArgExpr::Expr(argument))] = arguments else { return None };
        let value = match argument {
            Expr::Value(value) => &value.value,
            Expr::TypedString(typed) => &typed.value.value,
            _ => return None,
        };
        match value {
            Value::SingleQuotedString(text) => text.parse().ok(),
            Value::Placeholder(name) => scalar_date(self.values.get(name.trim_start_matches('$'))?),
            _ => None,
        }
    }
}

fn scalar_date(value: &ScalarValue) -> Option<NaiveDate> {
    match value {
        ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)) => text.parse().ok(),
        ScalarValue::Date32(Some(days)) => {
            DateTime::from_timestamp(i64::from(*days) * 86_400, 0).map(|time| time.date_naive())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::errors::Sql;
    use crate::engine::guard;

    fn replaced(sql: &str) -> Result<String> {
        let mut statement = guard::parse_one(Sql::new(sql, "test")).unwrap();
        let values = BTreeMap::from([("day".to_owned(), ScalarValue::Date32(Some(20_607)))]);
        replace_calls(&mut statement, &values)?;
        Ok(statement.to_string())
    }

    #[test]
    fn calls_become_tables_of_their_date() {
        for (sql, table) in [
            ("select * from spend_as_of('2026-06-03')", r#"SELECT * FROM "spend as of 2026-06-03" AS spend_as_of"#),
            ("select * from SPEND_AS_OF($day) s", r#"SELECT * FROM "spend as of 2026-06-03" s"#),
            ("select * from spend_as_of(date '2026-06-03') as s", r#"SELECT * FROM "spend as of 2026-06-03" AS s"#),
            ("select * from spend", "SELECT * FROM spend"),
        ] {
            assert_eq!(replaced(sql).unwrap(), table);
        }
        assert_eq!(date_of("spend as of 2026-06-03"), NaiveDate::from_ymd_opt(2026, 6, 3));
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for argument in ["", "'soon'", "$nosuch", "1 + 1", "'2026-06-03', 'x'"] {
            assert!(replaced(&format!("select * from spend_as_of({argument})")).is_err(), "{argument}");
        }
    }
}
