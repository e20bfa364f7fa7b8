//! Rows as JSON objects.

use std::collections::HashSet;

use arrow::datatypes::Schema;

use super::cell::{Column, push_json_string};

/// What stands before the values of an object: `{"a":`, `,"b":` and so on.
pub(super) struct Objects {
    keys: Vec<String>,
}

impl Objects {
    pub(super) fn new(schema: &Schema) -> Self {
        let key = |(index, name): (usize, String)| {
            let mut key = String::from(if index == 0 { "{" } else { "," });
            push_json_string(&mut key, &name);
            key.push(':');
            key
        };
        Self { keys: distinct_names(schema).into_iter().enumerate().map(key).collect() }
    }

    /// Adds a row, without an end of line.
    pub(super) fn push(&self, columns: &[Column], row: usize, out: &mut String) {
        if self.keys.is_empty() {
            out.push('{');
        }
        for (key, column) in self.keys.iter().zip(columns) {
            out.push_str(key);
            column.json(row, out);
        }
        out.push('}');
    }
}

/// The names of the columns, those that came before with `_2`, `_3` and so on: a join may well bring two of a kind.
pub(super) fn distinct_names(schema: &Schema) -> Vec<String> {
    let given: HashSet<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let mut taken = HashSet::new();
    let mut distinct = |name: &str| {
        let numbered = (2..).map(|number| format!("{name}_{number}")).filter(|name| !given.contains(name.as_str()));
        let mut candidates = std::iter::once(name.to_owned()).chain(numbered);
        candidates.find(|name| taken.insert(name.clone())).unwrap_or_default()
    };
    schema.fields().iter().map(|field| distinct(field.name())).collect()
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::{DataType, Field};

    use super::*;

    #[test]
    fn names_that_come_again_are_numbered() {
        let named = |names: &[&str]| {
            let fields: Vec<_> = names.iter().map(|name| Field::new(*name, DataType::Int64, true)).collect();
            distinct_names(&Schema::new(fields))
        };
        assert_eq!(named(&["a", "b", "a", "a"]), ["a", "b", "a_2", "a_3"]);
        assert_eq!(named(&["a", "a", "a_2"]), ["a", "a_3", "a_2"]);
    }
}
