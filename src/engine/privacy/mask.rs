//! What is hidden, and behind what.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use datafusion::common::Result as DataFusionResult;
use datafusion::logical_expr::{Expr, ScalarUDF, cast, ident, lit, when};

use super::functions::{Pseudonym, PseudonymsIn};
use crate::focus::{self, Kind};
use crate::privacy::{Persons, Pseudonyms};

/// What a table of scopes calls its scopes: `scope` is a person where `scope_type` is one of these.
const SCOPE: [&str; 2] = ["scope_type", "scope"];
const SCOPES_OF_PERSONS: [&str; 3] = ["principal", "person", "user"];

/// Makes pseudonyms of persons. Two are the same when they share their place.
#[derive(Debug, Clone)]
pub(super) struct Mask(Arc<(Pseudonyms, Persons)>);

impl PartialEq for Mask {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Mask {}

impl Hash for Mask {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

impl Mask {
    pub(super) fn new(pseudonyms: Pseudonyms, persons: Persons) -> Self {
        Self(Arc::new((pseudonyms, persons)))
    }

    /// Whether the next process makes the same pseudonyms.
    pub(super) fn is_lasting(&self) -> bool {
        self.0.0.is_lasting()
    }

    pub(super) fn persons(&self) -> &Persons {
        &self.0.1
    }

    /// `text` as it is shown.
    pub(super) fn shown(&self, text: &str) -> String {
        let (pseudonyms, persons) = self.0.as_ref();
        if persons.is_exempt(text) { text.to_owned() } else { pseudonyms.of(text) }
    }

    /// `column` of a table with the columns `names` as it is shown; `None` when it is shown as it is.
    pub(super) fn column(&self, column: &Field, names: &[&str]) -> DataFusionResult<Option<Expr>> {
        let (name, persons) = (column.name(), self.persons());
        let value = || ident(name);
        let pseudonym = || ScalarUDF::new_from_impl(Pseudonym::new(self.clone())).call(vec![value()]);
        let in_json = persons.is_json(name) || focus::column(name).is_some_and(|column| column.kind == Kind::Json);
        if may_be_text(column.data_type()) && persons.is_column(name, names) {
            return Ok(Some(pseudonym()));
        }
        if column.data_type().is_string() && in_json {
            let hiding = PseudonymsIn::new(self.clone(), name);
            return Ok(Some(ScalarUDF::new_from_impl(hiding).call(vec![value()])));
        }
        if name == SCOPE[1] && names.contains(&SCOPE[0]) {
            let of_person = ident(SCOPE[0]).in_list(SCOPES_OF_PERSONS.map(lit).to_vec(), false);
            return when(of_person, pseudonym()).otherwise(cast(value(), DataType::Utf8View)).map(Some);
        }
        Ok(None)
    }
}

/// Whether values of the type may name somebody: text in any encoding, whole numbers, bytes and lists of them.
fn may_be_text(data_type: &DataType) -> bool {
    !(data_type.is_temporal() || data_type.is_floating() || data_type.is_decimal() || *data_type == DataType::Boolean)
}
