//! Which currencies a file holds, from its footer.

use std::collections::{BTreeMap, BTreeSet};

use arrow::datatypes::Schema;
use parquet::arrow::parquet_column;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::statistics::Statistics;

use super::{Ledger, Part};
use crate::focus::{FileContract, Mapping};

/// The columns that name a currency.
pub(crate) const COLUMNS: [&str; 2] = ["BillingCurrency", "PricingCurrency"];

impl Ledger {
    /// The currencies in `column`, as far as the statistics of all files tell: all of them when it is one or none, at
    /// least these when there are more. `None` when a file does not tell. NULL is no currency.
    pub fn currencies(&self, column: &str) -> Option<BTreeSet<String>> {
        let mut known = BTreeSet::new();
        for part in &self.parts {
            match part {
                Part::Files { table, priced: None } => {
                    for file in &table.source.files {
                        known.extend(file.currencies.get(column)?.iter().cloned());
                    }
                }
                // A price brings its currency, and what records hold is known only once they are read.
                Part::Files { priced: Some(_), .. } | Part::Records { .. } => return None,
            }
        }
        Some(known)
    }
}

/// The currencies of a file by column, where every row group tells.
pub(super) fn currencies(
    schema: &Schema,
    contract: &FileContract,
    metadata: &ParquetMetaData,
) -> BTreeMap<&'static str, BTreeSet<String>> {
    let told = COLUMNS.into_iter().filter_map(|column| {
        let told = match contract.mappings.get(column) {
            Some(Mapping::Physical(index)) => of_column(schema.field(*index).name(), schema, metadata)?,
            Some(Mapping::Null | Mapping::Refused(_)) | None => BTreeSet::new(),
        };
        Some((column, told))
    });
    told.collect()
}

/// The least and the greatest text of each row group: one currency when they are the same.
fn of_column(name: &str, schema: &Schema, metadata: &ParquetMetaData) -> Option<BTreeSet<String>> {
    let (leaf, _) = parquet_column(metadata.file_metadata().schema_descr(), schema, name)?;
    let mut found = BTreeSet::new();
    for group in metadata.row_groups() {
        let chunk = group.columns().get(leaf)?;
        let statistics = chunk.statistics()?;
        if statistics.null_count_opt() == u64::try_from(group.num_rows()).ok() {
            continue;
        }
        let Statistics::ByteArray(texts) = statistics else { return None };
        let (least, greatest) = (texts.min_opt()?, texts.max_opt()?);
        // A shortened text is none of the column. Two that are the same were not shortened: bounds move apart then.
        if least != greatest && !(texts.min_is_exact() && texts.max_is_exact()) {
            return None;
        }
        for text in [least, greatest] {
            found.insert(text.as_utf8().ok()?.to_owned());
        }
    }
    Some(found)
}
