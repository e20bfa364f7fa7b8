//! The columns of a table of files: as wide as all files need, or as declared.

use std::collections::BTreeMap;

use arrow::datatypes::{DataType, Field, Schema, TimeUnit};

use crate::error::{Error, Result, did_you_mean};
use crate::focus::money_type;

/// Adds the columns of `schema`, which those of `object` are, to `widest`.
pub(in crate::engine) fn widen_all(widest: &mut Vec<Field>, schema: &Schema, object: &str) -> Result<()> {
    for field in schema.fields() {
        match widest.iter_mut().find(|known| known.name() == field.name()) {
            None => widest.push(field.as_ref().clone().with_nullable(true)),
            Some(known) => {
                let wide = widen(known.data_type(), field.data_type()).ok_or_else(|| {
                    Error::data(format!(
                        "column `{}` is {} here and {} in files before it",
                        field.name(),
                        field.data_type(),
                        known.data_type()
                    ))
                    .with("object", object)
                    .hint("give its type under `[tables.NAME.columns]`, or mend the file")
                })?;
                *known = known.clone().with_data_type(wide);
            }
        }
    }
    Ok(())
}

/// The type that holds the values of both; `None` when they differ in meaning.
fn widen(one: &DataType, other: &DataType) -> Option<DataType> {
    match (one, other) {
        (a, b) if a == b => Some(a.clone()),
        (DataType::Null, known) | (known, DataType::Null) => Some(known.clone()),
        (a, b) if a.is_integer() && b.is_integer() => Some(DataType::Int64),
        (a, b) if a.is_numeric() && b.is_numeric() => {
            let float = a.is_floating() && b.is_floating();
            Some(if float { DataType::Float64 } else { money_type() })
        }
        (DataType::Date32 | DataType::Timestamp(_, _), DataType::Date32 | DataType::Timestamp(_, _)) => {
            Some(DataType::Timestamp(TimeUnit::Microsecond, None))
        }
        (a, b) if a.is_string() && b.is_string() => Some(DataType::Utf8View),
        _ => None,
    }
}

pub(super) fn declared(found: &Schema, types: &BTreeMap<String, String>, text: bool) -> Result<Schema> {
    if let Some(missing) = types.keys().find(|name| found.field_with_name(name).is_err()) {
        let error = Error::invalid(format!("the files have no column `{missing}`"));
        let names = found.fields().iter().map(|field| field.name().as_str());
        return Err(did_you_mean(missing, names).into_iter().fold(error, Error::hint));
    }
    let fields = found.fields().iter().map(|field| {
        let data_type = match types.get(field.name()) {
            Some(declared) => sql_type(declared)?,
            None if text && field.data_type().is_floating() => money_type(),
            None => field.data_type().clone(),
        };
        // Within a statement a FOCUS name has the spelling of the specification, whatever table it comes from.
        Ok(field.as_ref().clone().with_data_type(data_type))
    });
    Ok(Schema::new(fields.collect::<Result<Vec<_>>>()?))
}

/// The Arrow type of a type name as SQL writes it.
pub(in crate::engine) fn sql_type(text: &str) -> Result<DataType> {
    let lower = text.trim().to_ascii_lowercase();
    let (name, arguments) =
        lower.split_once('(').map_or((lower.as_str(), ""), |(name, rest)| (name.trim(), rest.trim_end_matches(')')));
    let known = match name {
        "text" | "varchar" | "string" => Some(DataType::Utf8View),
        "int" | "integer" | "bigint" => Some(DataType::Int64),
        "double" | "float" => Some(DataType::Float64),
        "bool" | "boolean" => Some(DataType::Boolean),
        "date" => Some(DataType::Date32),
        "timestamp" => Some(DataType::Timestamp(TimeUnit::Microsecond, None)),
        "decimal" | "numeric" if arguments.is_empty() => Some(money_type()),
        "decimal" | "numeric" => arguments.split_once(',').and_then(|(precision, scale)| {
            let (precision, scale) = (precision.trim().parse().ok()?, scale.trim().parse().ok()?);
            (precision <= 38 && (0..=38).contains(&scale)).then_some(DataType::Decimal128(precision, scale))
        }),
        _ => None,
    };
    known.ok_or_else(|| {
        Error::invalid(format!("`{text}` is no type"))
            .hint("use text, bigint, decimal(38,2), double, boolean, date or timestamp")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_disagree_widen_or_fail() {
        assert_eq!(widen(&DataType::Int32, &DataType::Int64), Some(DataType::Int64));
        assert_eq!(widen(&DataType::Int64, &DataType::Float64), Some(money_type()));
        assert_eq!(widen(&DataType::Null, &DataType::Utf8), Some(DataType::Utf8));
        assert_eq!(widen(&DataType::Utf8, &DataType::Int64), None);
    }

    #[test]
    fn fractions_of_text_files_are_exact() {
        let found =
            Schema::new(vec![Field::new("amount", DataType::Float64, true), Field::new("day", DataType::Utf8, true)]);
        let types = BTreeMap::from([("day".to_owned(), "date".to_owned())]);
        let schema = declared(&found, &types, true).unwrap();
        assert_eq!(schema.field(0).data_type(), &money_type());
        assert_eq!(schema.field(1).data_type(), &DataType::Date32);
        let wrong = BTreeMap::from([("amuont".to_owned(), "date".to_owned())]);
        assert!(declared(&found, &wrong, true).unwrap_err().hints()[0].contains("amount"));
        assert!(sql_type("decimal(99,2)").is_err());
    }
}
