//! Persons under pseudonyms: every table as a statement gets to see it.
//!
//! The mapping stands right above the scan, below everything that SQL says. So an identifier in a filter is compared to
//! pseudonyms and finds nobody, a failing cast shows a pseudonym, and tables join as they did.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray, StringViewBuilder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Int64Type};
use datafusion::catalog::TableProvider;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Result as DataFusionResult, TableReference, exec_err};
use datafusion::datasource::{ViewTable, provider_as_source};
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::{
    ColumnarValue, Expr, LogicalPlan, LogicalPlanBuilder, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility, cast as cast_to, ident, lit, when,
};

use super::errors::from_datafusion;
use crate::config::{self, Principals};
use crate::error::{Error, Result};
use crate::focus::{self, Kind};
use crate::privacy::{Persons, Pseudonyms, rewrite};

/// The functions that hide, by name.
const HIDING: [&str; 2] = ["pseudonym", "pseudonyms_in"];

/// What a table of scopes calls its scopes: `scope` is a person where `scope_type` is one of these.
const SCOPE: [&str; 2] = ["scope_type", "scope"];
const SCOPES_OF_PERSONS: [&str; 3] = ["principal", "person", "user"];

/// How persons are shown to the statements of an engine.
#[derive(Debug)]
pub(super) struct Privacy {
    /// None when names are granted and there is no key.
    mask: Option<Mask>,
    shows_names: bool,
    min_group: i64,
}

/// Makes pseudonyms of persons. Two are the same when they share their place.
#[derive(Debug, Clone)]
struct Mask(Arc<(Pseudonyms, Persons)>);

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
    /// `text` as it is shown.
    fn shown(&self, text: &str) -> String {
        let (pseudonyms, persons) = self.0.as_ref();
        if persons.is_exempt(text) { text.to_owned() } else { pseudonyms.of(text) }
    }

    /// `column` of a table with the columns `names` as it is shown; `None` when it is shown as it is.
    fn column(&self, column: &Field, names: &[&str]) -> DataFusionResult<Option<Expr>> {
        let (name, persons) = (column.name(), &self.0.1);
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
            return when(of_person, pseudonym()).otherwise(cast_to(value(), DataType::Utf8View)).map(Some);
        }
        Ok(None)
    }
}

/// Whether values of the type may name somebody: text in any encoding, whole numbers, bytes and lists of them.
fn may_be_text(data_type: &DataType) -> bool {
    !(data_type.is_temporal() || data_type.is_floating() || data_type.is_decimal() || *data_type == DataType::Boolean)
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
            mask: pseudonyms.map(|pseudonyms| Mask(Arc::new((pseudonyms, persons)))),
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

    /// The table `name` as statements see it.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Internal`] when the view cannot be planned.
    pub(super) fn shown(&self, name: &str, table: Arc<dyn TableProvider>) -> Result<Arc<dyn TableProvider>> {
        let Some(mask) = self.mask.as_ref().filter(|_| !self.shows_names) else { return Ok(table) };
        masked(mask, name, table).map_err(|cause| from_datafusion(cause, None))
    }

    /// What to say about the pseudonyms in the answer to the optimised `plan`: those of a passing key are others next time.
    pub(super) fn note(&self, plan: &LogicalPlan) -> Option<String> {
        let passing = self.mask.as_ref().is_some_and(|mask| !mask.0.0.is_lasting());
        (passing && hides(plan)).then(|| {
            "principals are pseudonyms of this run alone: `key_env` or `key_file` under `[privacy]` makes them last"
                .to_owned()
        })
    }
}

fn masked(mask: &Mask, name: &str, table: Arc<dyn TableProvider>) -> DataFusionResult<Arc<dyn TableProvider>> {
    let schema = table.schema();
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let hidden =
        schema.fields().iter().map(|field| mask.column(field, &names)).collect::<DataFusionResult<Vec<_>>>()?;
    if hidden.iter().all(Option::is_none) {
        return Ok(table);
    }
    let columns: Vec<Expr> = hidden
        .into_iter()
        .zip(&names)
        .map(|(hidden, name)| hidden.map_or_else(|| ident(*name), |expr| expr.alias(*name)))
        .collect();
    let plan = LogicalPlanBuilder::scan(TableReference::bare(name), provider_as_source(table), None)?
        .project(columns)?
        .build()?;
    Ok(Arc::new(ViewTable::new(plan, None)))
}

/// Whether `plan` makes pseudonyms.
fn hides(plan: &LogicalPlan) -> bool {
    let is_hiding = |expr: &Expr| Ok(matches!(expr, Expr::ScalarFunction(call) if HIDING.contains(&call.name())));
    let found = plan.exists(|plan| {
        let mut found = false;
        plan.apply_expressions(|expr| {
            found |= expr.exists(is_hiding)?;
            Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
        })?;
        Ok(found)
    });
    found.unwrap_or(true)
}

/// `pseudonym(person)`: the pseudonym of a text or number; an exempt one is itself, nobody stays nobody.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Pseudonym {
    mask: Mask,
    signature: Signature,
}

impl Pseudonym {
    fn new(mask: Mask) -> Self {
        Self { mask, signature: Signature::any(1, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Pseudonym {
    fn name(&self) -> &'static str {
        HIDING[0]
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> DataFusionResult<DataType> {
        Ok(DataType::Utf8View)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        each_text(&args, |text| Some(self.mask.shown(text)))
    }
}

/// `pseudonyms_in(json)`: JSON with the persons in it under pseudonyms; NULL for what is no JSON.
#[derive(Debug, PartialEq, Eq, Hash)]
struct PseudonymsIn {
    mask: Mask,
    column: String,
    signature: Signature,
}

impl PseudonymsIn {
    fn new(mask: Mask, column: &str) -> Self {
        Self { mask, column: column.to_owned(), signature: Signature::any(1, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for PseudonymsIn {
    fn name(&self) -> &'static str {
        HIDING[1]
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> DataFusionResult<DataType> {
        Ok(DataType::Utf8View)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let persons = &self.mask.0.1;
        let is_person = |key: &str| persons.is_key(&self.column, key);
        each_text(&args, |json| rewrite(json, &is_person, &|text| self.mask.shown(text)))
    }
}

/// What `shown` makes of each text of the first argument. A batch holds few different ones, each of which is made once.
fn each_text(args: &ScalarFunctionArgs, shown: impl Fn(&str) -> Option<String>) -> DataFusionResult<ColumnarValue> {
    let Some(argument) = args.args.first() else { return exec_err!("a pseudonym is of one value") };
    let texts = cast(&argument.to_array(args.number_rows)?, &DataType::Utf8View)?;
    let texts = texts.as_string_view();
    let mut known: HashMap<&str, Option<String>> = HashMap::new();
    let mut column = StringViewBuilder::with_capacity(texts.len());
    for text in texts {
        let text = text.and_then(|text| known.entry(text).or_insert_with(|| shown(text)).as_deref());
        column.append_option(text);
    }
    Ok(ColumnarValue::Array(Arc::new(column.finish())))
}

/// `small_group(people)`: whether a group of so many people is too small to be shown by itself, as `min_group` of the
/// configuration says. A number that nobody knows is too small.
#[derive(Debug, PartialEq, Eq, Hash)]
struct SmallGroup {
    least: i64,
    signature: Signature,
}

impl SmallGroup {
    fn new(least: i64) -> Self {
        Self { least, signature: Signature::exact(vec![DataType::Int64], Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for SmallGroup {
    fn name(&self) -> &'static str {
        "small_group"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> DataFusionResult<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let counts = ColumnarValue::values_to_arrays(&args.args)?;
        let is_small = |count: Option<i64>| Some(count.is_none_or(|count| count < self.least));
        let small: BooleanArray =
            counts.iter().flat_map(|counts| counts.as_primitive::<Int64Type>().iter().map(is_small)).collect();
        Ok(ColumnarValue::Array(Arc::new(small)))
    }
}
