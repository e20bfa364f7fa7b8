//! FOCUS as CSV or JSON: a mapping made from the header of the files.

use std::collections::BTreeMap;
use std::io::Cursor;

use arrow::datatypes::{DataType, Schema};
use object_store::{ObjectMeta, ObjectStoreExt};

use super::Delivered;
use super::records::RecordFormat;
use crate::dialects::records::field_names;
use crate::dialects::{Field, FieldKind, VendorDialect};
use crate::engine::errors::from_datafusion;
use crate::error::Result;
use crate::focus::{self, Dialect, Kind, Mapping, map_file};
use crate::storage::store_error;

/// Bytes of a file in which its header, or its first record, must end.
const HEAD_BYTES: u64 = 1 << 20;

/// Whether the files are no Parquet. A source holds one or the other: what is no Parquet beside Parquet does not count.
pub(super) fn is_text(objects: &[ObjectMeta]) -> bool {
    objects.iter().any(|object| matches!(RecordFormat::of(object), Some((RecordFormat::Text(_), _))))
}

/// The mapping of the files: every column of FOCUS that one of them has, by the name that it has there.
///
/// # Errors
/// [`crate::ErrorKind::Data`] for a file without header and for one that lacks a column that FOCUS demands, naming it.
pub(super) async fn dialect(
    delivered: &Delivered,
    dialect: &'static Dialect,
    declared: &BTreeMap<String, String>,
) -> Result<VendorDialect> {
    let mut found: BTreeMap<String, (Kind, Vec<String>)> = BTreeMap::new();
    for object in &delivered.objects {
        let url = delivered.location.object_url(&object.location);
        let names = head(delivered, object).await.map_err(|error| error.with("object", url.clone()))?;
        let fields = names.iter().map(|name| arrow::datatypes::Field::new(name, DataType::Utf8, true));
        let contract = map_file(&Schema::new(fields.collect::<Vec<_>>()), dialect, declared);
        for (column, mapping) in &contract.mappings {
            match mapping {
                Mapping::Physical(index) => {
                    let kind = focus::column(column).map_or(Kind::Text, |column| column.kind);
                    let (_, paths) = found.entry(column.clone()).or_insert_with(|| (kind, Vec::new()));
                    let name = &names[*index];
                    if !paths.contains(name) {
                        paths.push(name.clone());
                    }
                }
                // A text file is read whole: what it cannot answer for is told at once.
                Mapping::Refused(_) => {
                    if let Some(error) = contract.refusal(column, &url) {
                        return Err(error);
                    }
                }
                Mapping::Null => {}
            }
        }
    }
    let fields = found.into_iter().map(|(name, (kind, paths))| Field {
        required: focus::column(&name).is_some_and(focus::Column::is_indispensable),
        name,
        kind: FieldKind::Plain(kind),
        paths: paths.into_iter().map(|path| vec![path]).collect(),
    });
    Ok(VendorDialect {
        name: dialect.name.to_owned(),
        description: dialect.description.to_owned(),
        documentation: String::new(),
        records: Vec::new(),
        fields: fields.collect(),
        // The sample data of the FOCUS project writes NULL so.
        null_word: Some("NULL"),
        prose: Vec::new(),
        sql: "SELECT * FROM records".to_owned(),
        sql_line: 1,
    })
}

/// The names of the columns of a file.
async fn head(delivered: &Delivered, object: &ObjectMeta) -> Result<Vec<String>> {
    let Some((RecordFormat::Text(format), compression)) = RecordFormat::of(object) else { return Ok(Vec::new()) };
    let bytes = delivered.store.get_range(&object.location, 0..object.size.min(HEAD_BYTES)).await;
    let bytes = bytes.map_err(|cause| store_error(&delivered.location.object_url(&object.location), cause))?;
    let reader = compression.convert_read(Cursor::new(bytes)).map_err(|cause| from_datafusion(cause, None))?;
    field_names(format, reader)
}
