//! Cuts a stream of bytes into JSON objects: one document, one a line, or the elements of an array.

use std::io::{BufRead, BufReader, Read};

use crate::error::{Error, Result};

/// Where the cutter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Between,
    Inside,
    InText,
    AfterBackslash,
}

/// Calls `object` with every outermost object of `reader` and the line on which it begins, until that gives `false`.
/// Gives whether it came to the end.
///
/// Commas and brackets between objects are passed over, so that an array of records reads like records.
///
/// # Errors
/// [`crate::ErrorKind::Data`] for bytes between objects that are neither, for a file that ends within an object, and what
/// `object` gives.
pub(super) fn objects(reader: impl Read, mut object: impl FnMut(&[u8], usize) -> Result<bool>) -> Result<bool> {
    let mut reader = BufReader::new(reader);
    let mut state = State::Between;
    let (mut depth, mut line, mut first_line) = (0usize, 1usize, 1usize);
    let mut held: Vec<u8> = Vec::new();
    loop {
        let chunk = reader.fill_buf().map_err(|cause| Error::data("cannot read the file").because(cause))?;
        if chunk.is_empty() {
            return if state == State::Between {
                Ok(true)
            } else {
                Err(Error::data(format!("the file ends within the record of line {first_line}"))
                    .hint("was it cut short? fetch it again"))
            };
        }
        let length = chunk.len();
        let mut from = 0;
        for (at, byte) in chunk.iter().enumerate() {
            line += usize::from(*byte == b'\n');
            state = match (state, byte) {
                (State::Between, b'{') => {
                    (depth, first_line, from) = (1, line, at);
                    State::Inside
                }
                (State::Between, b'[' | b']' | b',' | b' ' | b'\t' | b'\r' | b'\n' | 0xEF | 0xBB | 0xBF) => {
                    State::Between
                }
                (State::Between, _) => {
                    return Err(Error::data(format!("this is no JSON object, on line {line}"))
                        .hint("records are JSON objects: one a line, in an array, or in a document"));
                }
                (State::Inside, b'{') => {
                    depth += 1;
                    State::Inside
                }
                (State::Inside, b'}') if depth == 1 => {
                    held.extend_from_slice(&chunk[from..=at]);
                    if !object(&held, first_line)? {
                        return Ok(false);
                    }
                    held.clear();
                    State::Between
                }
                (State::Inside, b'}') => {
                    depth -= 1;
                    State::Inside
                }
                (State::Inside, b'"') => State::InText,
                (State::InText, b'"') => State::Inside,
                (State::InText, b'\\') => State::AfterBackslash,
                (State::AfterBackslash, _) => State::InText,
                (state, _) => state,
            };
        }
        if state != State::Between {
            held.extend_from_slice(&chunk[from..]);
        }
        reader.consume(length);
    }
}
