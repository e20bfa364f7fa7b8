//! The lines of all files together, held against each other.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use super::line::{LineReader, PriceLine};
use super::table::PriceTable;
use crate::error::{Error, Result};

/// What becomes of a price that is not in the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unpriced {
    /// The query fails and says what is missing.
    #[default]
    Error,
    /// It is NULL.
    Null,
}

/// Prices by provider, model, class of token, kind, tier, context and day.
#[derive(Debug, Default)]
pub struct PriceBook {
    pub(super) unpriced: Unpriced,
    /// By provider.
    pub(super) lines: HashMap<String, Vec<PriceLine>>,
}

impl PriceBook {
    /// Puts the lines of `tables` together.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Data`] with file, line and column for unknown and missing columns, for cells that are wrong,
    /// and for two lines with prices of the same thing on the same day.
    pub fn new(tables: &[PriceTable], unpriced: Unpriced) -> Result<Self> {
        let mut lines: HashMap<String, Vec<PriceLine>> = HashMap::new();
        let mut same: BTreeMap<_, Vec<PriceLine>> = BTreeMap::new();
        for table in tables {
            let reader = LineReader::new(table)?;
            for row in &table.rows {
                let line = reader.read(row)?;
                let key = (
                    line.provider.clone(),
                    line.model.clone(),
                    line.class.clone(),
                    (line.kind, line.tier.clone(), line.context),
                );
                let others = same.entry(key).or_default();
                if let Some(other) = others.iter().find(|other| overlap(other, &line)) {
                    let place = table.place(row, row.cells.first().unwrap_or(&super::table::Cell::default()));
                    return Err(Error::data("two lines have a price of the same thing on the same day")
                        .with("first", format!("{}:{}", other.file, other.line))
                        .with("second", format!("{}:{}", line.file, line.line))
                        .at(place)
                        .hint("end the older price with `valid_to`: the first day of the newer one"));
                }
                others.push(line.clone());
                lines.entry(line.provider.clone()).or_default().push(line);
            }
        }
        Ok(Self { unpriced, lines })
    }

    /// What becomes of a price that is not in the book.
    pub fn unpriced(&self) -> Unpriced {
        self.unpriced
    }

    /// How many lines there are.
    pub fn len(&self) -> usize {
        self.lines.values().map(Vec::len).sum()
    }

    /// Whether there is no line.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

fn overlap(one: &PriceLine, other: &PriceLine) -> bool {
    one.is_valid_on(other.valid_from) || other.is_valid_on(one.valid_from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    const HEADER: &str =
        "provider,model,token_class,kind,service_tier,context,valid_from,valid_to,currency,price,per\n";

    fn book(rows: &str) -> Result<PriceBook> {
        PriceBook::new(&[PriceTable::from_csv("prices.csv", &format!("{HEADER}{rows}"))?], Unpriced::Error)
    }

    #[test]
    fn wrong_cells_are_named_with_their_place() {
        for (rows, column, message) in [
            ("A,m,input,list,,,2026-01-01,,USD,,1", 34, "price"),
            ("A,m,input,list,,,2026-01-01,,USD,-1,1", 34, "zero or more"),
            ("A,m,input,list,,,2026-01-01,,USD,five,1", 34, "exactly"),
            ("A,m,input,list,,,2026-01-01,,USD,1,3", 34, "18 fractional digits"),
            ("A,m,input,list,,,2026-01-01,,USD,1,0", 36, "whole number"),
            ("A,m,input,list,,,2026-01-01,,usd,1,1", 30, "ISO 4217"),
            ("A,m,input,list,,,2026-01-01,,Dollar,1,1", 30, "ISO 4217"),
            ("A,m,input,list,,,2026-01-01,2026-01-01,USD,1,1", 29, "before it starts"),
            ("A,m,input,list,,,2026-13-01,,USD,1,1", 18, "2026-07-01"),
            ("A,m,input,list,,,,,USD,1,1", 18, "no first day"),
            ("A,m,input,retail,,,2026-01-01,,USD,1,1", 11, "`contract`"),
            ("A,m*x,input,list,,,2026-01-01,,USD,1,1", 3, "at the end"),
            ("A,,input,list,,,2026-01-01,,USD,1,1", 3, "empty"),
            ("A,m,input,list,,long,2026-01-01,,USD,1,1", 17, "number of tokens"),
        ] {
            let error = book(rows).unwrap_err();
            let place = error.place().map(|place| (place.file.as_str(), place.line, place.column));
            assert_eq!((error.kind(), place), (ErrorKind::Data, Some(("prices.csv", 2, column))), "{rows}: {error}");
            assert!(error.message().contains(message), "{rows}: {error}");
        }
    }

    #[test]
    fn wrong_columns_are_named() {
        let read = |text: &str| PriceBook::new(&[PriceTable::from_csv("p.csv", text).unwrap()], Unpriced::Error);
        let unknown = read("provider,modle\n").unwrap_err();
        assert_eq!(unknown.place().map(|place| (place.line, place.column)), Some((1, 10)));
        assert!(unknown.hints()[0].contains("`model`"), "{unknown:?}");
        assert!(read("provider,provider\n").unwrap_err().message().contains("twice"));
        assert!(read("provider,model\n").unwrap_err().facts().contains(&("column", "token_class".to_owned())));
    }

    #[test]
    fn prices_of_the_same_thing_may_follow_each_other_but_not_overlap() {
        let first = "A,m,input,list,,,2026-01-01,2026-06-16,USD,3,1000000\n";
        assert_eq!(book(&format!("{first}A,m,input,list,,,2026-06-16,,USD,2,1000000\n")).unwrap().len(), 2);
        for other in ["list,batch,", "contract,,", "list,,200k"] {
            assert!(book(&format!("{first}A,m,input,{other},2026-01-01,,USD,2,1000000\n")).is_ok(), "{other}");
        }
        for days in ["2026-06-15,", "2025-01-01,", "2026-01-01,2026-02-01", "2025-12-31,2026-01-02"] {
            let error = book(&format!("{first}\nA,m,input,list,,,{days},USD,2,1000000\n")).unwrap_err();
            let facts = [("first", "prices.csv:2".to_owned()), ("second", "prices.csv:4".to_owned())];
            assert_eq!(error.facts(), facts, "{days}");
        }
    }
}
