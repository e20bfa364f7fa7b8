//! `set_aside`: the charges that were delivered and do not count, each with the reason.
//!
//! Together with `spend` it is everything that was delivered.

use std::sync::Arc;

use arrow::datatypes::{DataType, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::datasource::empty::EmptyTable;
use datafusion::datasource::{ViewTable, provider_as_source};
use datafusion::logical_expr::{Expr, JoinType, LogicalPlan, LogicalPlanBuilder, cast, ident, lit};

use object_store::ObjectStore;

use super::{Delivered, Ledger, OpenSource, PROVENANCE, Part, Speech, VendorSource};
use crate::engine::errors::from_datafusion;
use crate::error::Result;
use crate::focus::{Reason, SetAside};
use crate::storage::Location;

/// Why a charge does not count, and the source that counts its use, where another one does.
const REASON: &str = "x_SetAsideReason";
const COUNTED_IN: &str = "x_CountedIn";

/// A file of charges that was set aside: its name and the reason.
type FileReason = (String, String);

impl Ledger {
    /// The files of each source that were set aside, as a delivery to be opened like any other.
    ///
    /// Files of another format than their source are left out: nobody knows whether they hold charges.
    pub(crate) fn set_aside_files(
        &self,
        store: impl Fn(&Location) -> Result<Arc<dyn ObjectStore>>,
    ) -> Result<Vec<Delivered>> {
        self.parts
            .iter()
            .map(|part| {
                let (name, location, set_aside, speech) = match part {
                    Part::Files { table, .. } => {
                        let OpenSource { name, location, set_aside, dialect, .. } = table.source.as_ref();
                        (name, location, set_aside, Speech::Focus(dialect))
                    }
                    Part::Records { source, .. } => {
                        let VendorSource { name, location, set_aside, dialect, .. } = source.as_ref();
                        (name, location, set_aside, Speech::Vendor(Arc::clone(dialect)))
                    }
                };
                let objects = charges(set_aside).map(|aside| aside.object.clone()).collect();
                Ok(Delivered {
                    name: name.clone(),
                    location: location.clone(),
                    store: store(location)?,
                    speech,
                    objects,
                    set_aside: Vec::new(),
                })
            })
            .filter(|delivered| !matches!(delivered, Ok(delivered) if delivered.objects.is_empty()))
            .collect()
    }

    /// The table of charges that do not count: those of `files`, a ledger of the files that were set aside, and those whose
    /// use another source counts.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Internal`] when the plan cannot be made.
    pub(crate) fn set_aside(&self, files: Option<Arc<Self>>) -> Result<Arc<dyn TableProvider>> {
        self.set_aside_plan(files).map_err(|cause| from_datafusion(cause, None))
    }

    fn set_aside_plan(&self, files: Option<Arc<Self>>) -> DataFusionResult<Arc<dyn TableProvider>> {
        let mut plans = Vec::new();
        for plan in self.overlaps.set_aside(&self.parts, COUNTED_IN)? {
            let reason = lit("another source counts the same use").alias(REASON);
            plans.push(conformed(plan, &self.schema, [reason, ident(COUNTED_IN)])?);
        }
        if let Some(files) = files {
            plans.push(self.charges_of_files(files)?);
        }
        if plans.is_empty() {
            // Nothing was set aside: the columns, and no row.
            let none = provider_as_source(Arc::new(EmptyTable::new(Arc::clone(&self.schema))));
            let none = LogicalPlanBuilder::scan("set_aside_files", none, None)?.build()?;
            let nothing = || lit(ScalarValue::Utf8(None));
            plans.push(conformed(none, &self.schema, [nothing().alias(REASON), nothing().alias(COUNTED_IN)])?);
        }
        let mut plans = plans.into_iter();
        let first = LogicalPlanBuilder::from(plans.next().unwrap_or_default());
        let all = plans.try_fold(first, LogicalPlanBuilder::union)?.build()?;
        Ok(Arc::new(ViewTable::new(all, None)))
    }

    fn charges_of_files(&self, files: Arc<Self>) -> DataFusionResult<LogicalPlan> {
        let reasons: Vec<Vec<Expr>> =
            self.reasons().into_iter().map(|(object, reason)| vec![lit(object), lit(reason)]).collect();
        let reasons = LogicalPlanBuilder::values(reasons)?
            .project([ident("column1").alias("x_set_aside_object"), ident("column2").alias(REASON)])?
            .build()?;
        let charges = LogicalPlanBuilder::scan("set_aside_files", provider_as_source(files), None)?
            .join_on(reasons, JoinType::Inner, [ident(PROVENANCE[1]).eq(ident("x_set_aside_object"))])?
            .build()?;
        let counted_in = lit(ScalarValue::Utf8(None)).alias(COUNTED_IN);
        conformed(charges, &self.schema, [ident(REASON), counted_in])
    }

    fn reasons(&self) -> Vec<FileReason> {
        let of = |location: &Location, set_aside: &[SetAside]| -> Vec<FileReason> {
            charges(set_aside)
                .map(|aside| (location.object_url(&aside.object.location), aside.reason.to_string()))
                .collect()
        };
        let files = self.sources().flat_map(|source| of(&source.location, &source.set_aside));
        files.chain(self.vendors().flat_map(|source| of(&source.location, &source.set_aside))).collect()
    }
}

fn charges(set_aside: &[SetAside]) -> impl Iterator<Item = &SetAside> {
    set_aside.iter().filter(|aside| aside.reason != Reason::OtherFormat)
}

/// The columns of the ledger, NULL where `plan` has none of the name, and the two of this table.
fn conformed(plan: LogicalPlan, ledger: &SchemaRef, last: [Expr; 2]) -> DataFusionResult<LogicalPlan> {
    let columns = ledger.fields().iter().map(|field| {
        let known = plan.schema().field_with_unqualified_name(field.name()).is_ok();
        let null = || ScalarValue::try_from(field.data_type()).map(lit);
        let expr = if known { cast(ident(field.name()), field.data_type().clone()) } else { null()? };
        Ok(expr.alias(field.name()))
    });
    let columns = columns.collect::<DataFusionResult<Vec<Expr>>>()?;
    let last =
        last.into_iter().zip([REASON, COUNTED_IN]).map(|(expr, name)| cast(expr, DataType::Utf8View).alias(name));
    LogicalPlanBuilder::from(plan).project(columns.into_iter().chain(last))?.build()
}
