//! One dialect of a vendor: a file of mapping SQL.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use arrow::datatypes::{Schema, SchemaRef};
use include_dir::{Dir, include_dir};

use super::Field;
use crate::error::{Error, Result};
use crate::query::{Body, Directive, Parts, SourceText};

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/dialects/vendors");

static DIALECTS: LazyLock<BTreeMap<String, Result<Arc<VendorDialect>>>> = LazyLock::new(|| {
    let files = FILES.files().filter(|file| file.path().extension().is_some_and(|extension| extension == "sql"));
    let read = files.map(|file| {
        let name = file.path().file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let text = file.contents_utf8().unwrap_or_default();
        let dialect = VendorDialect::parse(&name, text).map(Arc::new);
        (name, dialect)
    });
    read.collect()
});

/// What a header may say.
const DIRECTIVES: [&str; 4] = ["description", "documentation", "records", "field"];

/// The export of one vendor as data.
#[derive(Debug, PartialEq, Eq)]
pub struct VendorDialect {
    /// Its name in the configuration.
    pub name: String,
    /// What it is.
    pub description: String,
    /// Where the vendor documents it.
    pub documentation: String,
    /// Keys that lead from a JSON document to its records: `["data", "results"]`. Empty when the values are records.
    pub records: Vec<String>,
    /// The fields that the mapping reads.
    pub fields: Vec<Field>,
    /// A text that stands for NULL in CSV, besides nothing.
    pub null_word: Option<&'static str>,
    /// What the reader of the mapping should know: traps of the export.
    pub prose: Vec<String>,
    /// The SELECT over `records` that gives charges.
    pub sql: String,
    /// The line of the file on which the SELECT begins.
    pub sql_line: usize,
}

impl VendorDialect {
    /// Reads the mapping `name` from `text`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] at the place of what is wrong.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        let file = format!("dialects/{name}.sql");
        let source = SourceText { file: &file, text };
        let parts = Parts::of(source, &DIRECTIVES)?;
        let one = |word: &str| parts.directives.iter().find(|directive| directive.word == word).map(text_of);
        let fields = parts.directives.iter().filter(|directive| directive.word == "field");
        let fields = fields
            .map(|directive| Field::parse(&text_of(directive)).map_err(|error| error.at(directive.value.whole())))
            .collect::<Result<Vec<_>>>()?;
        if !fields.iter().any(|field| field.required) {
            return Err(Error::invalid(format!("dialect `{name}` has no required field"))
                .with("file", file)
                .hint("a required field tells a file of this vendor from any other"));
        }
        let body = Body { source, text: parts.body, first_line: parts.body_line };
        Ok(Self {
            name: name.to_owned(),
            description: one("description").unwrap_or_default(),
            documentation: one("documentation").unwrap_or_default(),
            records: one("records").map(|path| keys(&path)).unwrap_or_default(),
            fields,
            null_word: None,
            sql: body.check(&[])?.to_owned(),
            sql_line: parts.body_line,
            prose: parts.prose,
        })
    }

    /// The columns of `records`.
    pub fn schema(&self) -> SchemaRef {
        Arc::new(Schema::new(self.fields.iter().map(Field::arrow).collect::<Vec<_>>()))
    }

    /// The file of the mapping, as messages name it.
    pub fn file(&self) -> String {
        format!("dialects/{}.sql", self.name)
    }
}

fn text_of(directive: &Directive<'_>) -> String {
    directive.value.text().to_owned()
}

/// `data[].results[]` as its keys.
fn keys(path: &str) -> Vec<String> {
    path.split('.').map(|key| key.trim().trim_end_matches("[]").to_owned()).filter(|key| !key.is_empty()).collect()
}

/// Every dialect of a vendor, by name.
pub fn vendor_dialects() -> impl Iterator<Item = &'static Arc<VendorDialect>> {
    DIALECTS.values().filter_map(|dialect| dialect.as_ref().ok())
}

/// The dialect of this name.
pub fn vendor_dialect(name: &str) -> Option<&'static Arc<VendorDialect>> {
    DIALECTS.get(name)?.as_ref().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_mapping_can_be_read() {
        let broken: Vec<String> =
            DIALECTS.values().filter_map(|read| read.as_ref().err().map(Error::to_string)).collect();
        assert_eq!(broken, [""; 0]);
        for dialect in vendor_dialects() {
            assert!(
                !dialect.description.is_empty() && dialect.documentation.starts_with("https://"),
                "{}",
                dialect.name
            );
        }
    }

    #[test]
    fn a_mapping_is_a_header_and_one_select() {
        let text = "-- description: x\n-- records: data[].results[]\n-- field: cost decimal required\n\
                    -- A trap.\nSELECT cost AS BilledCost FROM records\n";
        let dialect = VendorDialect::parse("x", text).unwrap();
        assert_eq!(dialect.records, ["data", "results"]);
        assert_eq!((dialect.sql_line, dialect.prose.len()), (5, 1));
        let wrong = VendorDialect::parse("x", &text.replace("decimal", "money")).unwrap_err();
        assert_eq!(wrong.place().map(|place| place.line), Some(3));
        assert!(VendorDialect::parse("x", &text.replace(" required", "")).is_err());
        assert!(VendorDialect::parse("x", "-- field: a text required\nDELETE FROM records").is_err());
    }
}
