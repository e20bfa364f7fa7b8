//! The formats and their names.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result, did_you_mean};

/// A format for results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// A box for terminals.
    Table,
    /// Comma-separated values after RFC 4180, in UTF-8 with `\n` at the end of a line.
    Csv,
    /// Tab-separated values with `\t`, `\n`, `\r` and `\\` for what would break a line.
    Tsv,
    /// One JSON array of objects, an object a line.
    Json,
    /// JSON objects, one a line.
    Ndjson,
    /// A table of GitHub Flavored Markdown.
    Markdown,
    /// A line per value, for rows too wide for a table.
    Vertical,
    /// A page that needs nothing else.
    Html,
    /// Apache Parquet, compressed with Zstandard.
    Parquet,
    /// The file format of Arrow IPC, uncompressed.
    Arrow,
    /// A workbook for Excel and its like: Office Open XML.
    Xlsx,
    /// A chart in characters.
    Chart,
    /// A chart as Scalable Vector Graphics.
    Svg,
    /// A chart as Portable Network Graphics.
    Png,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 14] = [
        Self::Table,
        Self::Csv,
        Self::Tsv,
        Self::Json,
        Self::Ndjson,
        Self::Markdown,
        Self::Vertical,
        Self::Html,
        Self::Parquet,
        Self::Arrow,
        Self::Xlsx,
        Self::Chart,
        Self::Svg,
        Self::Png,
    ];

    /// The word for it on the command line and in saved queries.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Markdown => "markdown",
            Self::Vertical => "vertical",
            Self::Html => "html",
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
            Self::Xlsx => "xlsx",
            Self::Chart => "chart",
            Self::Svg => "svg",
            Self::Png => "png",
        }
    }

    /// How names of its files end.
    const fn suffixes(self) -> &'static [&'static str] {
        match self {
            Self::Table => &["txt"],
            Self::Csv => &["csv"],
            Self::Tsv => &["tsv"],
            Self::Json => &["json"],
            Self::Ndjson => &["ndjson", "jsonl"],
            Self::Markdown => &["md"],
            Self::Vertical | Self::Chart => &[],
            Self::Html => &["html", "htm"],
            Self::Parquet => &["parquet"],
            Self::Arrow => &["arrow", "ipc", "feather"],
            Self::Xlsx => &["xlsx"],
            Self::Svg => &["svg"],
            Self::Png => &["png"],
        }
    }

    /// The format that the name of a file asks for, in letters of either case.
    pub fn from_suffix(file: &str) -> Option<Self> {
        let (_, suffix) = file.rsplit_once('.')?;
        Self::with_suffix(&suffix.to_ascii_lowercase())
    }

    /// Whether it is no text, and so nothing for a terminal.
    pub const fn is_binary(self) -> bool {
        matches!(self, Self::Parquet | Self::Arrow | Self::Xlsx | Self::Png)
    }

    /// Whether it is a picture of the result, and not its rows.
    pub const fn draws(self) -> bool {
        matches!(self, Self::Chart | Self::Svg | Self::Png)
    }

    /// Whether a reader can use the first rows before the last have come.
    pub const fn streams(self) -> bool {
        !self.draws() && !matches!(self, Self::Table | Self::Parquet | Self::Arrow | Self::Xlsx)
    }

    fn with_suffix(suffix: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.suffixes().contains(&suffix))
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let typed = text.to_ascii_lowercase();
        Self::ALL
            .into_iter()
            .find(|format| format.name() == typed)
            .or_else(|| Self::with_suffix(&typed))
            .ok_or_else(|| unknown(text))
    }
}

fn unknown(text: &str) -> Error {
    let names = Format::ALL.map(Format::name);
    let error =
        Error::invalid(format!("`{text}` is not an output format")).hint(format!("use one of {}", names.join(", ")));
    let known = names.into_iter().chain(Format::ALL.into_iter().flat_map(Format::suffixes).copied());
    // A name that is a suffix too counts once.
    let mut known: Vec<&str> = known.collect();
    known.sort_unstable();
    known.dedup();
    did_you_mean(text, known).into_iter().fold(error, Error::hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_suffixes_read_back() {
        for format in Format::ALL {
            assert_eq!(format.to_string().parse::<Format>().unwrap(), format);
        }
        assert_eq!("JSONL".parse::<Format>().unwrap(), Format::Ndjson);
        assert_eq!("md".parse::<Format>().unwrap(), Format::Markdown);
    }

    #[test]
    fn what_is_no_format_is_refused_with_the_nearest() {
        let error = "parqet".parse::<Format>().unwrap_err();
        assert_eq!(error.message(), "`parqet` is not an output format");
        assert_eq!(error.hints()[1], "did you mean `parquet`?");
        assert_eq!("xyz".parse::<Format>().unwrap_err().hints().len(), 1);
    }

    #[test]
    fn the_name_of_a_file_gives_its_format() {
        for (file, format) in [
            ("x.csv", Some(Format::Csv)),
            ("a.b/report.JSONL", Some(Format::Ndjson)),
            ("report.md", Some(Format::Markdown)),
            ("report.htm", Some(Format::Html)),
            ("report.feather", Some(Format::Arrow)),
            ("report.txt", Some(Format::Table)),
            ("q2.XLSX", Some(Format::Xlsx)),
            ("q2.svg", Some(Format::Svg)),
            ("report.csv.gz", None),
            ("csv", None),
            ("", None),
        ] {
            assert_eq!(Format::from_suffix(file), format, "{file}");
        }
    }
}
