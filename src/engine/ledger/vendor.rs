//! A source whose files hold records of a vendor: mapped to charges by the SQL of its dialect.

use std::sync::Arc;

use arrow::datatypes::{FieldRef, Schema, SchemaRef};
use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, MemoryCatalogProvider, MemoryCatalogProviderList, MemorySchemaProvider,
    TableProvider,
};
use datafusion::common::ScalarValue;
use datafusion::execution::SessionState;
use datafusion::execution::context::SessionContext;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast, ident, lit};
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{self, SelectItem, SetExpr};
use object_store::ObjectMeta;

use super::{Delivered, OpenSource, PROVENANCE, records};
use crate::dialects::VendorDialect;
use crate::engine::errors::{Sql, from_datafusion};
use crate::engine::guard;
use crate::engine::names::{Spelling, respelled};
use crate::error::Result;
use crate::focus::{self, Kind, SetAside};
use crate::storage::Location;

/// What a charge of a vendor is when its mapping leaves a column out.
const DEFAULTS: [(&str, &str); 15] = [
    ("ProviderName", r#""ServiceProviderName""#),
    ("PublisherName", r#""ServiceProviderName""#),
    ("InvoiceIssuerName", r#""ServiceProviderName""#),
    ("HostProviderName", r#""ServiceProviderName""#),
    ("ServiceCategory", "'AI and Machine Learning'"),
    ("ServiceSubcategory", "'Generative AI'"),
    ("ChargeCategory", "'Usage'"),
    ("ChargeFrequency", "'Usage-Based'"),
    ("BillingCurrency", "'USD'"),
    ("BillingAccountId", r#""ServiceProviderName""#),
    ("ChargePeriodEnd", r#""ChargePeriodStart" + INTERVAL '1 day'"#),
    ("BillingPeriodStart", r#"date_trunc('month', "ChargePeriodStart")"#),
    ("BillingPeriodEnd", r#"date_trunc('month', "ChargePeriodStart") + INTERVAL '1 month'"#),
    ("PricingQuantity", r#"CASE WHEN "ConsumedUnit" = 'Tokens' THEN "ConsumedQuantity" / 1000000 END"#),
    ("PricingUnit", r#"CASE WHEN "ConsumedUnit" = 'Tokens' THEN '1000000 Tokens' END"#),
];

/// A source of records.
#[derive(Debug)]
pub struct VendorSource {
    /// Its name in the configuration.
    pub name: String,
    /// Where it lies.
    pub location: Location,
    /// How its records become charges.
    pub dialect: Arc<VendorDialect>,
    /// Files that count.
    pub objects: Vec<ObjectMeta>,
    /// Files that were delivered and do not count.
    pub set_aside: Vec<SetAside>,
    plan: LogicalPlan,
}

impl VendorSource {
    /// Plans the mapping of `dialect` over what was `delivered`. Nothing is read.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] with the place in the mapping when its SQL does not plan.
    pub(super) async fn plan(state: &SessionState, dialect: Arc<VendorDialect>, delivered: Delivered) -> Result<Self> {
        let Delivered { name, location, store, objects, set_aside, .. } = delivered;
        let partitions = state.config_options().execution.target_partitions;
        let table = records::table(&dialect, store, &location, &objects, partitions)?;
        let plan = mapped(state, &dialect, table).await?;
        Ok(Self { name, location, dialect, objects, set_aside, plan })
    }

    /// The source as files of FOCUS with the columns that the mapping gives, defaults among them. Nobody has counted their
    /// charges.
    pub(super) fn as_files(&self) -> OpenSource {
        let given = self.plan.schema().fields().iter().filter(|field| !PROVENANCE.contains(&field.name().as_str()));
        let given: Vec<FieldRef> = given.cloned().collect();
        let has = |name: &str| given.iter().any(|field| field.name() == name);
        let defaults = DEFAULTS.iter().filter(|(name, _)| !has(name)).filter_map(|(name, _)| focus::column(name));
        let defaults: Vec<FieldRef> = defaults.map(|column| super::field(column.name, column.kind)).collect();
        let columns = Schema::new(given.into_iter().chain(defaults).collect::<Vec<_>>());
        OpenSource::of_columns(&self.name, &self.location, &columns, &self.objects, &self.set_aside)
    }

    /// The extra columns of the mapping.
    pub(super) fn extras(&self) -> impl Iterator<Item = (&str, Kind)> {
        let fields = self.plan.schema().fields().iter();
        fields
            .filter(|field| focus::column(field.name()).is_none() && !PROVENANCE.contains(&field.name().as_str()))
            .map(|field| (field.name().as_str(), Kind::of_extra(field.name(), field.data_type())))
    }

    /// The charges with exactly the columns of the ledger.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Internal`] when a default does not plan.
    pub(super) fn charges(&self, state: &SessionState, ledger: &SchemaRef) -> Result<LogicalPlan> {
        let failed = |cause| from_datafusion(cause, None);
        let has = |name: &str| self.plan.schema().field_with_unqualified_name(name).is_ok();
        let missing = ledger
            .fields()
            .iter()
            .filter(|field| !has(field.name()))
            .map(|field| Ok(lit(ScalarValue::try_from(field.data_type())?).alias(field.name())));
        let missing = missing.collect::<datafusion::common::Result<Vec<Expr>>>().map_err(failed)?;
        let columns = self.plan.schema().columns().into_iter().map(|column| ident(column.name)).chain(missing);
        let whole = LogicalPlanBuilder::from(self.plan.clone())
            .project(columns.collect::<Vec<_>>())
            .and_then(LogicalPlanBuilder::build)
            .map_err(failed)?;
        let columns = ledger.fields().iter().map(|field| {
            let default = DEFAULTS.iter().find(|(name, _)| *name == field.name() && !has(name));
            // Usage without cost has the currency of its price.
            let default = default.filter(|(name, _)| *name != "BillingCurrency" || has("EffectiveCost"));
            let expr = match default {
                _ if field.name() == PROVENANCE[0] => lit(self.name.as_str()),
                Some((_, sql)) => state.create_logical_expr(sql, whole.schema())?,
                None => ident(field.name()),
            };
            Ok(cast(expr, field.data_type().clone()).alias(field.name()))
        });
        let columns = columns.collect::<datafusion::common::Result<Vec<Expr>>>().map_err(failed)?;
        LogicalPlanBuilder::from(whole).project(columns).and_then(LogicalPlanBuilder::build).map_err(failed)
    }
}

/// The plan of the mapping over `table`, the records.
async fn mapped(state: &SessionState, dialect: &VendorDialect, table: Arc<dyn TableProvider>) -> Result<LogicalPlan> {
    let file = dialect.file();
    let sql = Sql { text: &dialect.sql, origin: &file, first_line: dialect.sql_line };
    let failed = |cause| from_datafusion(cause, Some(sql)).with_kind(crate::ErrorKind::Invalid);
    let mut statement = guard::parse_one(sql)?;
    keep_object_name(&mut statement);
    let mut spelling = Spelling::default();
    spelling.learn("records", &focus_schema())?;
    spelling.learn("records", &table.schema())?;
    spelling.apply(&mut statement);
    // A catalog of its own: `records` must not meet a table of the user.
    let catalogs = MemoryCatalogProviderList::new();
    let catalog = MemoryCatalogProvider::new();
    let names = &state.config_options().catalog;
    catalog.register_schema(&names.default_schema, Arc::new(MemorySchemaProvider::new())).map_err(failed)?;
    let _none_before = catalogs.register_catalog(names.default_catalog.clone(), Arc::new(catalog));
    let state = SessionStateBuilder::new_from_existing(state.clone()).with_catalog_list(Arc::new(catalogs)).build();
    let context = SessionContext::new_with_state(state);
    context.register_table("records", respelled("records", table, &spelling)?).map_err(failed)?;
    context.state().statement_to_plan(statement).await.map_err(failed)
}

fn focus_schema() -> SchemaRef {
    let fields = focus::columns().iter().map(|column| super::field(column.name, column.kind));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// Adds the object of a record to what the mapping selects, and keeps the spelling of its extra columns.
fn keep_object_name(statement: &mut Statement) {
    if let Statement::Statement(inner) = statement
        && let ast::Statement::Query(query) = inner.as_mut()
    {
        keep_in(&mut query.body);
    }
}

fn keep_in(body: &mut SetExpr) {
    match body {
        SetExpr::Select(select) => {
            for item in &mut select.projection {
                if let SelectItem::ExprWithAlias { alias, .. } = item
                    && alias.value.starts_with("x_")
                {
                    alias.quote_style = Some('"');
                }
            }
            // `*` brings it along.
            if !select.projection.iter().any(|item| matches!(item, SelectItem::Wildcard(_))) {
                let name = ast::Ident::with_quote('"', PROVENANCE[1]);
                select.projection.push(SelectItem::UnnamedExpr(ast::Expr::Identifier(name)));
            }
        }
        SetExpr::SetOperation { left, right, .. } => {
            keep_in(left);
            keep_in(right);
        }
        SetExpr::Query(query) => keep_in(&mut query.body),
        _ => {}
    }
}
