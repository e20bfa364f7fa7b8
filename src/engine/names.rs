//! Column names resolve without quotes in any letter case.
//!
//! The planner folds unquoted names to lower case, but the ledger spells its columns as FOCUS does. So every unquoted name
//! that some table of the statement knows in another spelling is given that spelling, with quotes, before planning. Within
//! a statement a name has one spelling: that of FOCUS, else that of the first table (by name) that has it.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::common::TableReference;
use datafusion::datasource::ViewTable;
use datafusion::logical_expr::{LogicalPlanBuilder, ident};
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{
    ExcludeSelectItem, Expr, Ident, JoinConstraint, JoinOperator, ObjectName, ObjectNamePart, Query, Select,
    SelectItem, TableAlias, TableFactor, VisitMut, VisitorMut, WildcardAdditionalOptions,
};

use super::errors::from_datafusion;
use crate::error::{Error, Result};
use crate::focus;

/// Folded name → the spelling of the statement.
#[derive(Debug, Default)]
pub(crate) struct Spelling(BTreeMap<String, String>);

impl Spelling {
    /// Learns the columns of `table`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Data`] when two columns of the table differ in letter case only.
    pub(crate) fn learn(&mut self, table: &str, schema: &SchemaRef) -> Result<()> {
        let mut seen = BTreeMap::new();
        for field in schema.fields() {
            let folded = field.name().to_lowercase();
            if let Some(other) = seen.insert(folded.clone(), field.name()) {
                return Err(Error::data(format!("`{other}` and `{}` differ in letter case only", field.name()))
                    .with("table", table)
                    .hint("rename one of the columns in the files: names resolve in any letter case"));
            }
            let spelled = focus::column(field.name()).map_or(field.name().as_str(), |column| column.name);
            self.0.entry(folded).or_insert_with(|| spelled.to_owned());
        }
        Ok(())
    }

    /// The spelling of `name`; `name` itself when no table knows it.
    pub(crate) fn of<'a>(&'a self, name: &'a str) -> &'a str {
        self.0.get(&name.to_lowercase()).map_or(name, String::as_str)
    }

    /// Gives every unquoted column name of `statement` its spelling.
    pub(crate) fn apply(&self, statement: &mut Statement) {
        match statement {
            Statement::Statement(inner) => drop(inner.visit(&mut Respell(self))),
            Statement::Explain(explain) => self.apply(&mut explain.statement),
            Statement::CreateExternalTable(_) | Statement::CopyTo(_) | Statement::Reset(_) => {}
        }
    }

    fn ident(&self, ident: &mut Ident) {
        if ident.quote_style.is_some() {
            return;
        }
        let spelled = self.of(&ident.value);
        if spelled != ident.value.to_lowercase() {
            ident.value = spelled.to_owned();
            ident.quote_style = Some('"');
        }
    }

    fn object(&self, name: &mut ObjectName) {
        if let Some(ObjectNamePart::Identifier(ident)) = name.0.last_mut() {
            self.ident(ident);
        }
    }

    fn table_alias(&self, alias: &mut TableAlias) {
        for column in &mut alias.columns {
            self.ident(&mut column.name);
        }
    }

    fn wildcard(&self, options: &mut WildcardAdditionalOptions) {
        match &mut options.opt_exclude {
            Some(ExcludeSelectItem::Single(name)) => self.object(name),
            Some(ExcludeSelectItem::Multiple(names)) => names.iter_mut().for_each(|name| self.object(name)),
            None => {}
        }
        if let Some(except) = &mut options.opt_except {
            self.ident(&mut except.first_element);
            except.additional_elements.iter_mut().for_each(|ident| self.ident(ident));
        }
    }
}

struct Respell<'a>(&'a Spelling);

impl VisitorMut for Respell<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        for cte in query.with.iter_mut().flat_map(|with| &mut with.cte_tables) {
            self.0.table_alias(&mut cte.alias);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        for item in &mut select.projection {
            match item {
                SelectItem::ExprWithAlias { alias, .. } => self.0.ident(alias),
                SelectItem::ExprWithAliases { aliases, .. } => aliases.iter_mut().for_each(|alias| self.0.ident(alias)),
                SelectItem::QualifiedWildcard(_, options) | SelectItem::Wildcard(options) => self.0.wildcard(options),
                SelectItem::UnnamedExpr(_) => {}
            }
        }
        for join in select.from.iter_mut().flat_map(|from| &mut from.joins) {
            if let Some(JoinConstraint::Using(columns)) = constraint(&mut join.join_operator) {
                columns.iter_mut().for_each(|column| self.0.object(column));
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table { alias: Some(alias), .. }
        | TableFactor::Derived { alias: Some(alias), .. }
        | TableFactor::TableFunction { alias: Some(alias), .. } = factor
        {
            self.0.table_alias(alias);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        match expr {
            Expr::Identifier(ident) => self.0.ident(ident),
            // The parts before the last name tables and schemas.
            Expr::CompoundIdentifier(parts) => parts.iter_mut().skip(1).for_each(|part| self.0.ident(part)),
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

/// `table` with its columns in the spelling of the statement, where they differ.
///
/// # Errors
/// [`crate::ErrorKind::Internal`] when the view cannot be planned.
pub(crate) fn respelled(
    name: &str,
    table: Arc<dyn TableProvider>,
    spelling: &Spelling,
) -> Result<Arc<dyn TableProvider>> {
    let schema = table.schema();
    if schema.fields().iter().all(|field| spelling.of(field.name()) == field.name()) {
        return Ok(table);
    }
    let columns = schema.fields().iter().map(|field| ident(field.name()).alias(spelling.of(field.name())));
    let source = datafusion::datasource::provider_as_source(table);
    let plan = LogicalPlanBuilder::scan(TableReference::bare(name), source, None)
        .and_then(|builder| builder.project(columns.collect::<Vec<_>>()))
        .and_then(LogicalPlanBuilder::build)
        .map_err(|cause| from_datafusion(cause, None))?;
    Ok(Arc::new(ViewTable::new(plan, None)))
}

fn constraint(operator: &mut JoinOperator) -> Option<&mut JoinConstraint> {
    match operator {
        JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::Left(constraint)
        | JoinOperator::LeftOuter(constraint)
        | JoinOperator::Right(constraint)
        | JoinOperator::RightOuter(constraint)
        | JoinOperator::FullOuter(constraint)
        | JoinOperator::Semi(constraint)
        | JoinOperator::LeftSemi(constraint)
        | JoinOperator::RightSemi(constraint)
        | JoinOperator::Anti(constraint)
        | JoinOperator::LeftAnti(constraint)
        | JoinOperator::RightAnti(constraint) => Some(constraint),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::{DataType, Field, Schema};

    use super::*;
    use crate::engine::errors::Sql;
    use crate::engine::guard;

    fn schema(names: &[&str]) -> SchemaRef {
        Arc::new(Schema::new(names.iter().map(|name| Field::new(*name, DataType::Utf8, true)).collect::<Vec<_>>()))
    }

    fn respelled(sql: &str) -> String {
        let mut spelling = Spelling::default();
        spelling.learn("spend", &schema(&["EffectiveCost", "ServiceName", "x_Team"])).unwrap();
        spelling.learn("roster", &schema(&["team", "Function"])).unwrap();
        let mut statement = guard::parse_one(Sql::new(sql, "test")).unwrap();
        spelling.apply(&mut statement);
        statement.to_string()
    }

    #[test]
    fn every_place_of_a_column_name_is_respelled() {
        for (sql, expected) in [
            ("select servicename, SERVICENAME", r#"SELECT "ServiceName", "ServiceName""#),
            (
                "select sum(effectivecost) as effectivecost from spend order by effectivecost",
                r#"SELECT sum("EffectiveCost") AS "EffectiveCost" FROM spend ORDER BY "EffectiveCost""#,
            ),
            (
                "select s.X_TEAM from spend s join b using (servicename)",
                r#"SELECT s."x_Team" FROM spend s JOIN b USING("ServiceName")"#,
            ),
            (
                "with t(servicename) as (select 1) select * from t",
                r#"WITH t ("ServiceName") AS (SELECT 1) SELECT * FROM t"#,
            ),
            ("select function, TEAM from roster", r#"SELECT "Function", TEAM FROM roster"#),
            ("select * exclude (servicename) from spend", r#"SELECT * EXCLUDE ("ServiceName") FROM spend"#),
            (r#"select "servicename""#, r#"SELECT "servicename""#),
            ("select nosuch from t", "SELECT nosuch FROM t"),
        ] {
            assert_eq!(respelled(sql), expected);
        }
    }

    #[test]
    fn a_table_with_two_spellings_of_a_name_is_refused() {
        let error = Spelling::default().learn("t", &schema(&["Team", "team"])).unwrap_err();
        assert!(error.to_string().contains("letter case"), "{error}");
    }
}
