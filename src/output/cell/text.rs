//! Text and bytes.

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryViewArray, FixedSizeBinaryArray, GenericBinaryArray, GenericStringArray,
    OffsetSizeTrait, StringViewArray,
};
use arrow::datatypes::DataType;

use super::Cells;

/// The values of `array` when it holds text or bytes.
pub(super) fn cells(array: &ArrayRef) -> Option<Box<dyn Cells>> {
    Some(match array.data_type() {
        DataType::Utf8 => Box::new(array.as_string::<i32>().clone()),
        DataType::LargeUtf8 => Box::new(array.as_string::<i64>().clone()),
        DataType::Utf8View => Box::new(array.as_string_view().clone()),
        DataType::Binary => Box::new(array.as_binary::<i32>().clone()),
        DataType::LargeBinary => Box::new(array.as_binary::<i64>().clone()),
        DataType::BinaryView => Box::new(array.as_binary_view().clone()),
        DataType::FixedSizeBinary(_) => Box::new(array.as_fixed_size_binary().clone()),
        _ => return None,
    })
}

impl<O: OffsetSizeTrait> Cells for GenericStringArray<O> {
    fn text(&self, row: usize, out: &mut String) {
        out.push_str(self.value(row));
    }

    fn json(&self, row: usize, out: &mut String) {
        push_json_string(out, self.value(row));
    }
}

impl Cells for StringViewArray {
    fn text(&self, row: usize, out: &mut String) {
        out.push_str(self.value(row));
    }

    fn json(&self, row: usize, out: &mut String) {
        push_json_string(out, self.value(row));
    }
}

impl<O: OffsetSizeTrait> Cells for GenericBinaryArray<O> {
    fn text(&self, row: usize, out: &mut String) {
        push_hex(out, self.value(row));
    }
}

impl Cells for BinaryViewArray {
    fn text(&self, row: usize, out: &mut String) {
        push_hex(out, self.value(row));
    }
}

impl Cells for FixedSizeBinaryArray {
    fn text(&self, row: usize, out: &mut String) {
        push_hex(out, self.value(row));
    }
}

fn push_hex(out: &mut String, bytes: &[u8]) {
    let digit = |value: u8| char::from_digit(u32::from(value), 16);
    out.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).flatten());
}

/// Adds `text` as a JSON string.
pub(in crate::output) fn push_json_string(out: &mut String, text: &str) {
    out.push('"');
    let mut plain_from = 0;
    for (index, byte) in text.bytes().enumerate() {
        if !matches!(byte, b'"' | b'\\' | 0..0x20) {
            continue;
        }
        out.push_str(&text[plain_from..index]);
        push_json_escape(out, byte);
        plain_from = index + 1;
    }
    out.push_str(&text[plain_from..]);
    out.push('"');
}

fn push_json_escape(out: &mut String, byte: u8) {
    match byte {
        b'"' => out.push_str("\\\""),
        b'\\' => out.push_str("\\\\"),
        b'\n' => out.push_str("\\n"),
        b'\r' => out.push_str("\\r"),
        b'\t' => out.push_str("\\t"),
        other => {
            out.push_str("\\u00");
            push_hex(out, &[other]);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    proptest! {
        #[test]
        fn json_strings_read_back(text in any::<String>(), controls in "[\\x00-\\x1f\"\\\\a]{0,8}") {
            for text in [text, controls] {
                let mut out = String::new();
                push_json_string(&mut out, &text);
                prop_assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
            }
        }
    }
}
