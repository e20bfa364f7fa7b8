//! Persons under pseudonyms: every table as a statement gets to see it.
//!
//! The mapping stands right above the scan, below everything that SQL says. So an identifier in a filter is compared to
//! pseudonyms and finds nobody, a failing cast shows a pseudonym, and tables join as they did.

mod functions;
mod mask;
mod masked;

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::Result as DataFusionResult;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::{LogicalPlan, ScalarUDF};

use super::errors::from_datafusion;
use crate::config::{self, Principals};
use crate::error::{Error, Result};
use crate::privacy::{Persons, Pseudonyms};
use functions::{Pseudonym, SmallGroup};
use mask::Mask;
pub(super) use masked::unmasked;

/// How persons are shown to the statements of an engine.
#[derive(Debug)]
pub(super) struct Privacy {
    /// None when names are granted and there is no key.
    mask: Option<Mask>,
    shows_names: bool,
    min_group: i64,
}

impl Privacy {
    /// As `settings` say, under the pseudonyms of the `key` that was given.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] for a pattern that is none.
    pub(super) fn new(settings: &config::Privacy, key: Option<Pseudonyms>) -> Result<Self> {
        let shows_names = settings.principals == Principals::Names;
        let pseudonyms = match key {
            None if shows_names => None,
            None => Some(Pseudonyms::passing()?),
            key => key,
        };
        let persons = Persons::new(&settings.persons, &settings.exempt)
            .map_err(|pattern| Error::invalid(format!("`{pattern}` is no pattern")))?;
        Ok(Self {
            mask: pseudonyms.map(|pseudonyms| Mask::new(pseudonyms, persons)),
            shows_names,
            min_group: i64::from(settings.min_group()),
        })
    }

    /// Makes `small_group` known, and to those who may see names `pseudonym`, which tells who a pseudonym is.
    pub(super) fn register(&self, registry: &mut dyn FunctionRegistry) -> DataFusionResult<()> {
        registry.register_udf(Arc::new(ScalarUDF::new_from_impl(SmallGroup::new(self.min_group))))?;
        if let (true, Some(mask)) = (self.shows_names, &self.mask) {
            registry.register_udf(Arc::new(ScalarUDF::new_from_impl(Pseudonym::new(mask.clone()))))?;
        }
        Ok(())
    }

    /// `table` as statements see it.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Internal`] when the view cannot be planned.
    pub(super) fn shown(&self, table: Arc<dyn TableProvider>) -> Result<Arc<dyn TableProvider>> {
        let Some(mask) = self.mask.as_ref().filter(|_| !self.shows_names) else { return Ok(table) };
        masked::masked(mask, table).map_err(|cause| from_datafusion(cause, None))
    }

    /// Refuses to store what `plan` gives when it holds pseudonyms that do not last.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] for pseudonyms that the next run would not make again.
    pub(super) fn refuse_passing(&self, plan: &LogicalPlan) -> Result<()> {
        let passing = self.mask.as_ref().filter(|mask| !mask.is_lasting());
        if passing.is_some_and(|mask| masked::gives(plan, mask.persons())) {
            return Err(Error::invalid("a summary table cannot hold the pseudonyms of one run")
                .hint("`key_env` or `key_file` under `[privacy]` makes them last"));
        }
        Ok(())
    }

    /// A text that is another one under another key.
    pub(super) fn mark(&self) -> String {
        self.mask.as_ref().filter(|mask| mask.is_lasting()).map(|mask| mask.shown("outlay")).unwrap_or_default()
    }

    /// What to say about the pseudonyms in the answer to the optimised `plan`: those of a passing key are others next time.
    pub(super) fn note(&self, plan: &LogicalPlan) -> Option<String> {
        let passing = self.mask.as_ref().is_some_and(|mask| !mask.is_lasting());
        (passing && masked::hides(plan)).then(|| {
            "principals are pseudonyms of this run alone: `key_env` or `key_file` under `[privacy]` makes them last"
                .to_owned()
        })
    }
}
