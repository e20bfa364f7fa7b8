//! Records of JSON documents, found by the keys that lead to them.

use std::borrow::Cow;
use std::io::Read;

use jiter::{Jiter, JiterError, Peek};

use super::columns::Columns;
use super::split;
use crate::dialects::{Field, FieldKind, VendorDialect};
use crate::error::{Error, Result};
use crate::focus::Kind;

/// The entries of one object: key and value as it stands in the file.
type Entries<'j> = Vec<(Cow<'j, str>, &'j [u8])>;

/// Reads every record into `columns`; `step` empties them now and then. Gives whether it came to the end.
pub(super) fn read<'d>(
    dialect: &'d VendorDialect,
    reader: impl Read,
    columns: &mut Columns<'d>,
    mut step: impl FnMut(&mut Columns<'d>) -> Result<bool>,
) -> Result<bool> {
    split::objects(reader, |object, line| {
        let mut scopes = Vec::new();
        descend(object, &dialect.records, &mut scopes, columns, &mut step).map_err(|error| match error {
            Fault::Json(cause) => broken(object, &cause, line),
            Fault::Ours(error) => error,
        })
    })
}

/// The names of the fields of the first record, looking into nothing.
pub(super) fn names(reader: impl Read) -> Result<Vec<String>> {
    let mut names = Vec::new();
    split::objects(reader, |object, line| {
        let entries = entries(object).map_err(|cause| broken(object, &cause, line))?;
        names = entries.into_iter().map(|(key, _)| key.into_owned()).collect();
        Ok(false)
    })?;
    Ok(names)
}

/// What can go wrong on the way to a record.
enum Fault {
    Json(JiterError),
    Ours(Error),
}

impl From<JiterError> for Fault {
    fn from(cause: JiterError) -> Self {
        Self::Json(cause)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Ours(error)
    }
}

fn broken(object: &[u8], cause: &JiterError, first_line: usize) -> Error {
    let before = object.get(..cause.index).unwrap_or(object);
    let line = first_line + before.iter().filter(|byte| **byte == b'\n').count();
    Error::data(format!("this is no JSON, on line {line}")).hint(cause.to_string())
}

/// Follows `keys` from `object` to its records. An object that has none of the keys is a record itself: some dumps hold
/// pages, others what is in them.
fn descend<'d, 'j>(
    object: &'j [u8],
    keys: &[String],
    scopes: &mut Vec<Entries<'j>>,
    columns: &mut Columns<'d>,
    step: &mut impl FnMut(&mut Columns<'d>) -> Result<bool>,
) -> Result<bool, Fault> {
    scopes.push(entries(object)?);
    let mut more = true;
    match next_key(scopes, keys) {
        None => {
            columns.push(
                |field| text_of(field, scopes),
                || scopes.iter().flatten().map(|(key, _)| key.to_string()).collect(),
            )?;
            more = step(columns)?;
        }
        Some((value, rest)) => {
            for element in elements(value)? {
                more = descend(element, rest, scopes, columns, step)?;
                if !more {
                    break;
                }
            }
        }
    }
    scopes.pop();
    Ok(more)
}

/// The value of the first of `keys` that the innermost object has, and the keys after it.
fn next_key<'j, 'k>(scopes: &[Entries<'j>], keys: &'k [String]) -> Option<(&'j [u8], &'k [String])> {
    let innermost = scopes.last()?;
    keys.iter().enumerate().find_map(|(index, key)| {
        let (_, value) = innermost.iter().find(|(name, _)| name == key)?;
        matches!(value.first(), Some(b'[' | b'{')).then(|| (*value, &keys[index + 1..]))
    })
}

fn entries(object: &[u8]) -> Result<Entries<'_>, JiterError> {
    let mut found = Entries::new();
    let mut parser = Jiter::new(object);
    let mut key = parser.next_object()?.map(str::to_owned);
    while let Some(name) = key {
        let start = skip_blanks(object, parser.current_index());
        parser.next_skip()?;
        found.push((Cow::Owned(name), object.get(start..parser.current_index()).unwrap_or_default()));
        key = parser.next_key()?.map(str::to_owned);
    }
    Ok(found)
}

/// The objects of an array, or the one object.
fn elements(value: &[u8]) -> Result<Vec<&[u8]>, JiterError> {
    if value.first() == Some(&b'{') {
        return Ok(vec![value]);
    }
    let mut found = Vec::new();
    let mut parser = Jiter::new(value);
    let mut peek = parser.next_array()?;
    while peek.is_some() {
        let start = skip_blanks(value, parser.current_index());
        parser.next_skip()?;
        found.push(value.get(start..parser.current_index()).unwrap_or_default());
        peek = parser.array_step()?;
    }
    Ok(found)
}

fn skip_blanks(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    from + rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

/// The text of `field`, looked for in the record and then in the objects around it.
fn text_of(field: &Field, scopes: &[Entries<'_>]) -> Result<Option<Option<String>>> {
    for path in &field.paths {
        for scope in scopes.iter().rev() {
            if let Some(value) = lookup(scope, path) {
                return scalar(field, value).map(Some);
            }
        }
    }
    Ok(None)
}

fn lookup<'j>(scope: &Entries<'j>, path: &[String]) -> Option<&'j [u8]> {
    let (key, rest) = path.split_first()?;
    let (_, value) = scope.iter().find(|(name, _)| name == key)?;
    if rest.is_empty() {
        return Some(value);
    }
    match value.first()? {
        b'{' => lookup(&entries(value).ok()?, rest),
        _ => None,
    }
}

fn scalar(field: &Field, value: &[u8]) -> Result<Option<String>> {
    let mut parser = Jiter::new(value);
    let raw = || String::from_utf8_lossy(value).into_owned();
    let wrong = |cause: JiterError| {
        Error::data(format!("field `{}` holds `{}`, which is no JSON value", field.in_file(), raw()))
            .hint(cause.to_string())
    };
    let is_json = field.kind == FieldKind::Plain(Kind::Json);
    Ok(match parser.peek().map_err(wrong)? {
        Peek::Null => None,
        Peek::String => Some(parser.known_str().map_err(wrong)?.to_owned()),
        Peek::Object | Peek::Array if !is_json && field.kind != FieldKind::Plain(Kind::Text) => {
            return Err(Error::data(format!("field `{}` holds an object or a list, not a value", field.in_file()))
                .hint("is this the right dialect?"));
        }
        _ => Some(raw()),
    })
}
