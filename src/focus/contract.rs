//! Holds one file against the contract: where each column of the ledger comes from in it, and what is odd.

use std::collections::{BTreeMap, HashMap};

use arrow::datatypes::{DataType, Schema};

use super::{Column, Dialect, Kind, Version, column, columns};
use crate::error::{Error, nearest};

/// Where a column of the ledger comes from in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mapping {
    /// The column of the file at this position, converted to the kind of the ledger.
    Physical(usize),
    /// The file has no such column and needs none: NULL.
    Null,
    /// The file cannot answer for the column: the message says why. Only a query that uses the column fails.
    Refused(String),
}

/// Something about a file that differs from the contract and that people should know.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DriftKind {
    /// The file has no such column.
    Missing,
    /// The column carries another name: in other letters, by an older version, or by the dialect.
    Renamed(String),
    /// The column is no FOCUS column and has no `x_` prefix.
    Unknown,
    /// The type in the file is not the type of the ledger; values are converted exactly.
    Converted(String),
    /// The file has this column, which is not read: another one is declared to be it.
    Hidden(String),
    /// The column cannot be used from this file.
    Refused(String),
}

/// One oddity of one column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Drift {
    /// The column, by its name in the ledger.
    pub column: String,
    /// What is odd.
    pub kind: DriftKind,
}

/// How one file answers for the ledger.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileContract {
    /// Ledger column → where it comes from.
    pub mappings: HashMap<String, Mapping>,
    /// Extra columns of the file and their kinds.
    pub extras: BTreeMap<String, Kind>,
    /// What is odd, sorted.
    pub drift: Vec<Drift>,
}

/// Names that FOCUS itself or its previews used before: (old name, column of today).
///
/// The provider of old versions is the service provider since 1.3, and the other way round for queries written before.
const FORMER_NAMES: [(&str, &str); 9] = [
    ("ProviderName", "ServiceProviderName"),
    ("ServiceProviderName", "ProviderName"),
    ("Provider", "ProviderName"),
    ("Provider", "ServiceProviderName"),
    ("Publisher", "PublisherName"),
    ("InvoiceIssuer", "InvoiceIssuerName"),
    ("Region", "RegionId"),
    ("UsageQuantity", "ConsumedQuantity"),
    ("UsageUnit", "ConsumedUnit"),
];

/// Maps the columns of a file to the ledger.
///
/// `declared` are the renames of the configuration (ledger column → column of the file); they win over everything else.
/// A column is found by its exact name, by a declared name, by its name in other letters or with underscores, by a former
/// name of FOCUS, or by a name of the dialect. One that is not found is NULL, unless FOCUS makes it indispensable or an
/// unknown column of the file has a name so near that it is probably a rename: then the file is refused for that column.
/// Where a declared name wins over the very name of a column, the latter is not read.
pub fn map_file(schema: &Schema, dialect: &Dialect, declared: &BTreeMap<String, String>) -> FileContract {
    let mut file = FileContract::default();
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let folded: HashMap<String, usize> =
        names.iter().enumerate().rev().map(|(index, name)| (fold(name), index)).collect();
    let mut used = vec![false; names.len()];
    for target in columns() {
        if let Some((index, renamed)) = find(target, &names, &folded, dialect, declared) {
            used[index] = true;
            file.adopt(target.name, target.kind, index, renamed.then(|| names[index]), schema.field(index).data_type());
        }
    }
    let is_hidden = |target: &&Column| declared.get(target.name).is_some_and(|other| names.contains(&other.as_str()));
    for (index, name) in names.iter().enumerate() {
        if let Some(target) = column(name).filter(is_hidden).filter(|_| !used[index]) {
            used[index] = true;
            file.drift.push(Drift { column: target.name.to_owned(), kind: DriftKind::Hidden((*name).to_owned()) });
        }
    }
    for (index, name) in names.iter().enumerate().filter(|(index, _)| !used[*index]) {
        let physical = schema.field(index).data_type();
        let kind = Kind::of_extra(name, physical);
        if !has_extra_prefix(name) {
            file.drift.push(Drift { column: (*name).to_owned(), kind: DriftKind::Unknown });
        }
        file.mappings.insert((*name).to_owned(), Mapping::Physical(index));
        file.extras.insert((*name).to_owned(), kind);
    }
    let unknown: Vec<&str> = (0..names.len())
        .filter(|index| !used[*index] && !has_extra_prefix(names[*index]))
        .map(|index| names[index])
        .collect();
    for target in columns().iter().filter(|target| !file.mappings.contains_key(target.name)).collect::<Vec<_>>() {
        file.miss(target, &unknown);
    }
    file.drift.sort();
    file
}

impl FileContract {
    fn adopt(&mut self, name: &str, kind: Kind, index: usize, renamed_from: Option<&str>, physical: &DataType) {
        let mut note = |kind| self.drift.push(Drift { column: name.to_owned(), kind });
        if let Some(from) = renamed_from {
            note(DriftKind::Renamed(from.to_owned()));
        }
        let mapping = if !kind.accepts(physical) {
            let why = format!("the file holds {physical} where the ledger holds {}", kind.name());
            note(DriftKind::Refused(why.clone()));
            Mapping::Refused(why)
        } else {
            if !is_usual(kind, physical) {
                note(DriftKind::Converted(physical.to_string()));
            }
            Mapping::Physical(index)
        };
        self.mappings.insert(name.to_owned(), mapping);
    }

    fn miss(&mut self, target: &Column, unknown: &[&str]) {
        let lookalike =
            nearest(target.name, unknown.iter().copied()).into_iter().next().filter(|name| is_near(target.name, name));
        let why = match lookalike {
            Some(other) => Some(format!("the file has no such column, but an unknown column `{other}`")),
            None if target.is_indispensable() => Some("the file has no such column, and FOCUS demands it".to_owned()),
            None => None,
        };
        let kind = why.clone().map_or(DriftKind::Missing, DriftKind::Refused);
        self.drift.push(Drift { column: target.name.to_owned(), kind });
        self.mappings.insert(target.name.to_owned(), why.map_or(Mapping::Null, Mapping::Refused));
    }

    /// Whether the file itself has `column`, by its name or in other letters; not when another column answers for it.
    pub fn carries(&self, column: &str) -> bool {
        let own = |drift: &Drift| match &drift.kind {
            DriftKind::Renamed(from) => drift.column != column || fold(from) == fold(column),
            _ => true,
        };
        matches!(self.mappings.get(column), Some(Mapping::Physical(_))) && self.drift.iter().all(own)
    }

    /// The version of FOCUS that the file speaks: the newest that introduced a column which the file has, as far as no
    /// column has been removed again that it still has.
    pub fn version(&self) -> Version {
        let carried = || columns().iter().filter(|column| self.carries(column.name));
        let removed = carried().filter_map(|column| Version::parse(column.removed?)).min();
        let versions = carried().filter_map(|column| Version::parse(column.since));
        let spoken = versions.filter(|version| removed.is_none_or(|removed| *version < removed)).max();
        spoken.unwrap_or(Version::FIRST).max(Version::FIRST)
    }

    /// The error for a query that uses `column` of `object`, when the file cannot answer for it.
    pub fn refusal(&self, column: &str, object: &str) -> Option<Error> {
        match self.mappings.get(column)? {
            Mapping::Refused(why) => Some(
                Error::data(format!("cannot read column `{column}`: {why}"))
                    .with("object", object)
                    .with("column", column)
                    .hint(format!(
                        "when the file calls it otherwise, say so: `[sources.NAME.columns]` `{column} = \"its name\"`"
                    ))
                    .hint("`outlay describe spend` lists what every file holds"),
            ),
            _ => None,
        }
    }
}

/// The column of the file for `target`, and whether it goes by another name there.
fn find(
    target: &Column,
    names: &[&str],
    folded: &HashMap<String, usize>,
    dialect: &Dialect,
    declared: &BTreeMap<String, String>,
) -> Option<(usize, bool)> {
    let exact = |name: &str| names.iter().position(|candidate| *candidate == name);
    if let Some(name) = declared.get(target.name)
        && let Some(index) = exact(name)
    {
        return Some((index, name != target.name));
    }
    if let Some(index) = exact(target.name) {
        return Some((index, false));
    }
    if let Some(index) = folded.get(&fold(target.name)) {
        return Some((*index, true));
    }
    let former = FORMER_NAMES.iter().filter(|(_, today)| *today == target.name).map(|(former, _)| *former);
    let of_dialect = dialect.renames.iter().filter(|(_, focus)| *focus == target.name).map(|(name, _)| *name);
    former.chain(of_dialect).find_map(|name| folded.get(&fold(name)).copied()).map(|index| (index, true))
}

fn fold(name: &str) -> String {
    // The prefix of extra columns carries meaning: `x_Tags` is not `XTags`.
    match name.strip_prefix("x_") {
        Some(rest) => format!("x_{}", rest.replace('_', "").to_ascii_lowercase()),
        None => name.replace(['_', ' '], "").to_ascii_lowercase(),
    }
}

fn has_extra_prefix(name: &str) -> bool {
    name.starts_with("x_") || name.starts_with("X_")
}

/// Near enough for a rename: one name holds the other, or most of its letters stand in the same order.
fn is_near(target: &str, other: &str) -> bool {
    let (target, other) = (fold(target), fold(other));
    let shorter = target.len().min(other.len());
    (shorter >= 6 && (target.contains(&other) || other.contains(&target)))
        || strsim::jaro_winkler(&target, &other) >= 0.93
}

/// Whether `physical` is a type by which exports usually carry the kind, so that it is no news.
fn is_usual(kind: Kind, physical: &DataType) -> bool {
    match kind {
        Kind::Decimal => physical.is_decimal(),
        Kind::Time => matches!(physical, DataType::Timestamp(_, _)),
        Kind::Text => {
            matches!(physical, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(_, _))
        }
        Kind::Json => matches!(physical, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View),
        Kind::Integer | Kind::Float | Kind::Boolean => true,
    }
}

/// The column of the ledger for a declared rename, in the spelling of the specification.
///
/// # Errors
/// [`crate::ErrorKind::Invalid`] when FOCUS has no such column.
pub(crate) fn declared_column(name: &str) -> crate::Result<&'static Column> {
    column(name).ok_or_else(|| {
        let error = Error::invalid(format!("FOCUS has no column `{name}`"));
        crate::error::did_you_mean(name, columns().iter().map(|column| column.name))
            .into_iter()
            .fold(error, Error::hint)
    })
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::Field;

    use super::*;
    use crate::focus::dialect;

    fn contract(fields: &[(&str, DataType)]) -> FileContract {
        let fields: Vec<Field> = fields.iter().map(|(name, kind)| Field::new(*name, kind.clone(), true)).collect();
        map_file(&Schema::new(fields), dialect("focus").unwrap(), &BTreeMap::new())
    }

    #[test]
    fn a_recased_column_is_found_and_told() {
        let file = contract(&[("effective_cost", DataType::Float64), ("BILLEDCOST", DataType::Float64)]);
        assert_eq!(file.mappings["EffectiveCost"], Mapping::Physical(0));
        assert_eq!(file.mappings["BilledCost"], Mapping::Physical(1));
        assert!(
            file.drift
                .contains(&Drift { column: "EffectiveCost".into(), kind: DriftKind::Renamed("effective_cost".into()) })
        );
    }

    #[test]
    fn an_indispensable_column_is_never_null_in_silence() {
        let file = contract(&[("BilledCost", DataType::Float64)]);
        assert!(matches!(file.mappings["EffectiveCost"], Mapping::Refused(_)));
        assert_eq!(file.mappings["ChargeClass"], Mapping::Null);
        let error = file.refusal("EffectiveCost", "s3://b/k").unwrap();
        assert!(error.to_string().contains("s3://b/k"));
        assert!(file.refusal("BilledCost", "s3://b/k").is_none());
    }

    #[test]
    fn a_probable_rename_is_refused_even_for_a_column_that_may_be_missing() {
        let file = contract(&[("ChargeDescriptionText", DataType::Utf8)]);
        assert!(
            matches!(&file.mappings["ChargeDescription"], Mapping::Refused(why) if why.contains("ChargeDescriptionText"))
        );
    }

    #[test]
    fn providers_of_old_and_new_versions_answer_for_each_other() {
        let old = contract(&[("ProviderName", DataType::Utf8)]);
        assert_eq!(old.mappings["ServiceProviderName"], Mapping::Physical(0));
        let new = contract(&[("ServiceProviderName", DataType::Utf8)]);
        assert_eq!(new.mappings["ProviderName"], Mapping::Physical(0));
    }

    #[test]
    fn columns_tell_the_version() {
        let version = |names: &[&str]| {
            let fields: Vec<_> = names.iter().map(|name| (*name, DataType::Utf8)).collect();
            contract(&fields).version().to_string()
        };
        assert_eq!(version(&["ProviderName"]), "1.0");
        assert_eq!(version(&["ProviderName", "invoice_id"]), "1.2");
        assert_eq!(version(&["ProviderName", "InvoiceId", "PrincipalId"]), "1.2", "1.5 has no ProviderName");
        assert_eq!(version(&["ServiceProviderName", "InvoiceDetailId"]), "1.4");
    }

    #[test]
    fn a_declared_name_wins_and_extras_keep_theirs() {
        let declared = BTreeMap::from([("EffectiveCost".to_owned(), "amortised".to_owned())]);
        let schema = Schema::new(vec![
            Field::new("amortised", DataType::Utf8, true),
            Field::new("x_Team", DataType::Utf8, true),
            Field::new("Id", DataType::Int64, true),
        ]);
        let file = map_file(&schema, dialect("focus").unwrap(), &declared);
        assert_eq!(file.mappings["EffectiveCost"], Mapping::Physical(0));
        assert_eq!(file.extras.keys().map(String::as_str).collect::<Vec<_>>(), ["Id", "x_Team"]);
        assert!(file.drift.contains(&Drift { column: "Id".into(), kind: DriftKind::Unknown }));
    }

    #[test]
    fn a_declared_name_wins_over_the_very_name() {
        let declared = BTreeMap::from([("EffectiveCost".to_owned(), "amortised".to_owned())]);
        for own in ["EffectiveCost", "effectivecost"] {
            let fields = ["BilledCost", own, "amortised"].map(|name| Field::new(name, DataType::Utf8, true));
            let file = map_file(&Schema::new(fields.to_vec()), dialect("focus").unwrap(), &declared);
            assert_eq!(file.mappings["EffectiveCost"], Mapping::Physical(2));
            assert!(file.extras.is_empty(), "{:?}", file.extras);
            let hidden = Drift { column: "EffectiveCost".into(), kind: DriftKind::Hidden(own.into()) };
            assert!(file.drift.contains(&hidden), "{:?}", file.drift);
        }
    }

    #[test]
    fn a_changed_meaning_is_refused() {
        let file = contract(&[("ChargePeriodStart", DataType::Int64)]);
        assert!(matches!(&file.mappings["ChargePeriodStart"], Mapping::Refused(why) if why.contains("Int64")));
    }
}
