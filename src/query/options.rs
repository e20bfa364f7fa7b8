//! Lists of `key=value` pairs, as `chart`, `materialize` and `freshness` take them.

use std::collections::BTreeMap;

use crate::error::{Result, did_you_mean};

use super::scanner::{Item, Scanner};

/// The pairs of one directive by key.
#[derive(Debug)]
pub(super) struct Options {
    given: BTreeMap<String, Item>,
}

impl Options {
    /// Reads what is left in `scanner` as pairs whose keys are among `known`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] for an unknown key, a key given twice and a missing value.
    pub(super) fn read(scanner: &mut Scanner<'_, '_>, known: &[&str]) -> Result<Self> {
        let mut given = BTreeMap::new();
        while let Some((key, value)) = scanner.key_value()? {
            if !known.contains(&key.text.as_str()) {
                let hint = did_you_mean(&key.text, known.iter().copied())
                    .unwrap_or_else(|| format!("known keys: {}", known.join(", ")));
                return Err(scanner.error(key.at, format!("unknown key `{}`", key.text)).hint(hint));
            }
            let at = key.at.clone();
            if given.insert(key.text.clone(), value).is_some() {
                return Err(scanner.error(at, format!("`{}` is given twice", key.text)).hint("keep one of them"));
            }
        }
        Ok(Self { given })
    }

    /// Takes the value of `key`.
    pub(super) fn take(&mut self, key: &str) -> Option<Item> {
        self.given.remove(key)
    }

    /// Takes the text of `key`.
    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        self.take(key).map(|item| item.text)
    }
}
