//! Values made of others: lists, structs and maps print as JSON, dictionaries, runs and unions as the value they stand for.

use std::ops::Range;

use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeListArray, GenericListArray, GenericListViewArray, MapArray, OffsetSizeTrait,
    StructArray, UnionArray,
};
use arrow::compute::cast;
use arrow::datatypes::{ArrowNativeType, DataType};

use super::{Cells, Column, in_words_of_arrow, push_json_string, unreadable, value_type};
use crate::error::Result;

/// The values of an `array` of any type that no other module takes.
pub(super) fn cells(array: &ArrayRef) -> Result<Box<dyn Cells>> {
    Ok(match array.data_type() {
        DataType::List(_) => Box::new(Lists::of(array.as_list::<i32>())?),
        DataType::LargeList(_) => Box::new(Lists::of(array.as_list::<i64>())?),
        DataType::ListView(_) => Box::new(Lists::of_views(array.as_list_view::<i32>())?),
        DataType::LargeListView(_) => Box::new(Lists::of_views(array.as_list_view::<i64>())?),
        DataType::FixedSizeList(_, _) => Box::new(Lists::of_fixed_size(array.as_fixed_size_list())?),
        DataType::Struct(_) => Box::new(Structs::of(array.as_struct())?),
        DataType::Map(_, _) => Box::new(Maps::of(array.as_map())?),
        DataType::Union(_, _) => Box::new(Unions::of(array.as_union())?),
        DataType::Dictionary(_, _) => Box::new(References::of_dictionary(array)?),
        DataType::RunEndEncoded(_, _) => {
            let values = cast(array, value_type(array.data_type())).map_err(|cause| unreadable(array, cause))?;
            Box::new(References { rows: (0..values.len()).collect(), values: Column::new(&values)? })
        }
        _ => in_words_of_arrow(array)?,
    })
}

/// Lists of every kind: the items, and which of them belong to a row.
struct Lists {
    items: Column,
    rows: Vec<Range<usize>>,
}

impl Lists {
    fn of<O: OffsetSizeTrait>(array: &GenericListArray<O>) -> Result<Self> {
        Ok(Self { items: Column::new(array.values())?, rows: ranges(array.value_offsets()) })
    }

    fn of_views<O: OffsetSizeTrait>(array: &GenericListViewArray<O>) -> Result<Self> {
        let starts = array.value_offsets().iter().map(|start| start.as_usize());
        let rows = starts.zip(array.value_sizes()).map(|(start, size)| start..start + size.as_usize());
        Ok(Self { items: Column::new(array.values())?, rows: rows.collect() })
    }

    fn of_fixed_size(array: &FixedSizeListArray) -> Result<Self> {
        let size = array.value_length().as_usize();
        let starts = (0..array.len()).map(|row| array.value_offset(row).as_usize());
        Ok(Self { items: Column::new(array.values())?, rows: starts.map(|start| start..start + size).collect() })
    }
}

impl Cells for Lists {
    fn text(&self, row: usize, out: &mut String) {
        self.json(row, out);
    }

    fn json(&self, row: usize, out: &mut String) {
        out.push('[');
        for (index, item) in self.rows[row].clone().enumerate() {
            if index > 0 {
                out.push(',');
            }
            self.items.json(item, out);
        }
        out.push(']');
    }
}

struct Structs {
    fields: Vec<(String, Column)>,
}

impl Structs {
    fn of(array: &StructArray) -> Result<Self> {
        let named = |(name, values): (&str, &ArrayRef)| Ok((name.to_owned(), Column::new(values)?));
        Ok(Self { fields: array.column_names().into_iter().zip(array.columns()).map(named).collect::<Result<_>>()? })
    }
}

impl Cells for Structs {
    fn text(&self, row: usize, out: &mut String) {
        self.json(row, out);
    }

    fn json(&self, row: usize, out: &mut String) {
        out.push('{');
        for (index, (name, values)) in self.fields.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            push_json_string(out, name);
            out.push(':');
            values.json(row, out);
        }
        out.push('}');
    }
}

struct Maps {
    keys: Column,
    values: Column,
    rows: Vec<Range<usize>>,
}

impl Maps {
    fn of(array: &MapArray) -> Result<Self> {
        Ok(Self {
            keys: Column::new(array.keys())?,
            values: Column::new(array.values())?,
            rows: ranges(array.value_offsets()),
        })
    }
}

impl Cells for Maps {
    fn text(&self, row: usize, out: &mut String) {
        self.json(row, out);
    }

    fn json(&self, row: usize, out: &mut String) {
        let mut key = String::new();
        out.push('{');
        for (index, entry) in self.rows[row].clone().enumerate() {
            if index > 0 {
                out.push(',');
            }
            key.clear();
            self.keys.text(entry, &mut key);
            push_json_string(out, &key);
            out.push(':');
            self.values.json(entry, out);
        }
        out.push('}');
    }
}

struct Unions {
    array: UnionArray,
    /// Values with the number of their type.
    members: Vec<(i8, Column)>,
}

impl Unions {
    fn of(array: &UnionArray) -> Result<Self> {
        let member = |number: i8| Ok((number, Column::new(array.child(number))?));
        let members = array.fields().iter().map(|(number, _)| member(number)).collect::<Result<_>>()?;
        Ok(Self { array: array.clone(), members })
    }

    fn member(&self, row: usize) -> Option<&Column> {
        let wanted = self.array.type_id(row);
        self.members.iter().find_map(|(number, values)| (*number == wanted).then_some(values))
    }
}

impl Cells for Unions {
    fn text(&self, row: usize, out: &mut String) {
        if let Some(values) = self.member(row) {
            values.text(self.array.value_offset(row), out);
        }
    }

    fn json(&self, row: usize, out: &mut String) {
        match self.member(row) {
            Some(values) => values.json(self.array.value_offset(row), out),
            None => out.push_str("null"),
        }
    }
}

/// Rows that point at values kept elsewhere.
struct References {
    rows: Vec<usize>,
    values: Column,
}

impl References {
    fn of_dictionary(array: &ArrayRef) -> Result<Self> {
        let dictionary = array.as_any_dictionary();
        let values = dictionary.values();
        // A dictionary without values has NULLs only, whose rows are not asked for.
        let rows = if values.is_empty() { Vec::new() } else { dictionary.normalized_keys() };
        Ok(Self { rows, values: Column::new(values)? })
    }
}

impl Cells for References {
    fn text(&self, row: usize, out: &mut String) {
        self.values.text(self.rows[row], out);
    }

    fn json(&self, row: usize, out: &mut String) {
        self.values.json(self.rows[row], out);
    }
}

fn ranges<O: OffsetSizeTrait>(offsets: &[O]) -> Vec<Range<usize>> {
    offsets.windows(2).map(|pair| pair[0].as_usize()..pair[1].as_usize()).collect()
}
