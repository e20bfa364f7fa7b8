//! The fields that a mapping reads from the records of a vendor.

use arrow::datatypes::DataType;

use crate::error::{Error, Result, did_you_mean};
use crate::focus::Kind;

/// How a vendor writes a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// A value of the ledger's own kinds, as a number or as text.
    Plain(Kind),
    /// Seconds since 1970 UTC, as a number or as text.
    EpochSeconds,
    /// Milliseconds since 1970 UTC, as a number or as text.
    EpochMilliseconds,
}

const KINDS: [(&str, FieldKind); 8] = [
    ("text", FieldKind::Plain(Kind::Text)),
    ("decimal", FieldKind::Plain(Kind::Decimal)),
    ("integer", FieldKind::Plain(Kind::Integer)),
    ("boolean", FieldKind::Plain(Kind::Boolean)),
    ("json", FieldKind::Plain(Kind::Json)),
    ("time", FieldKind::Plain(Kind::Time)),
    ("epoch_s", FieldKind::EpochSeconds),
    ("epoch_ms", FieldKind::EpochMilliseconds),
];

impl FieldKind {
    /// The kind of the values once they are read.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Plain(kind) => kind,
            Self::EpochSeconds | Self::EpochMilliseconds => Kind::Time,
        }
    }
}

/// A field of the records: its name in the mapping, how the vendor writes it and where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The name under which the mapping reads it.
    pub name: String,
    /// How the vendor writes it.
    pub kind: FieldKind,
    /// Paths into the record, each a list of keys; the first that is present counts.
    pub paths: Vec<Vec<String>>,
    /// A file without it is no file of the dialect.
    pub required: bool,
}

impl Field {
    /// Reads `NAME KIND [= path | path] [required]`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] for an unknown kind or a missing name.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let (declaration, required) = match text.trim().strip_suffix("required") {
            Some(rest) if rest.ends_with(char::is_whitespace) => (rest.trim_end(), true),
            _ => (text.trim(), false),
        };
        let (head, paths) = match declaration.split_once('=') {
            Some((head, paths)) => (head, paths.split('|').map(str::trim).collect()),
            None => (declaration, Vec::new()),
        };
        let mut words = head.split_whitespace();
        let (Some(name), Some(kind), None) = (words.next(), words.next(), words.next()) else {
            return Err(Error::invalid(format!("`{text}` is no field"))
                .hint("write it as `NAME KIND`, `NAME KIND = path` or `NAME KIND = path | path required`"));
        };
        let known = KINDS.iter().find(|(word, _)| *word == kind).map(|(_, kind)| *kind);
        let kind = known.ok_or_else(|| {
            let names = || KINDS.iter().map(|(word, _)| *word);
            let error = Error::invalid(format!("`{kind}` is no kind of field"))
                .hint(format!("kinds: {}", names().collect::<Vec<_>>().join(", ")));
            did_you_mean(kind, names()).into_iter().fold(error, Error::hint)
        })?;
        let paths = if paths.is_empty() { vec![name] } else { paths };
        let paths = paths.iter().map(|path| path.split('.').map(str::to_owned).collect()).collect();
        Ok(Self { name: name.to_owned(), kind, paths, required })
    }

    /// Where its values lie in a file, for messages: `usage.input` or any other path.
    pub fn in_file(&self) -> String {
        self.paths.iter().map(|path| path.join(".")).collect::<Vec<_>>().join("` or `")
    }

    /// The Arrow field of the record batches.
    pub fn arrow(&self) -> arrow::datatypes::Field {
        let data_type: DataType = self.kind.kind().data_type();
        arrow::datatypes::Field::new(&self.name, data_type, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_say_kind_path_and_need() {
        let field = Field::parse("cache_write  decimal = cache.write | cacheWrite   required").unwrap();
        assert_eq!((field.name.as_str(), field.kind.kind(), field.required), ("cache_write", Kind::Decimal, true));
        assert_eq!(field.paths, [vec!["cache", "write"], vec!["cacheWrite"]]);
        assert_eq!(field.in_file(), "cache.write` or `cacheWrite");
        let plain = Field::parse("model text").unwrap();
        assert_eq!((plain.paths, plain.required), (vec![vec!["model".to_owned()]], false));
        for wrong in ["model", "model txt", "a b c", ""] {
            assert!(Field::parse(wrong).is_err(), "{wrong}");
        }
    }
}
