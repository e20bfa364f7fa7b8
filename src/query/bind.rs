//! Binding: the values of a run, read by the declared types, as scalars for the plan.

use std::collections::BTreeMap;

use datafusion::common::ScalarValue;

use crate::error::{Error, Result, did_you_mean};

use super::calendar::Calendar;
use super::default::DefaultValue;
use super::header::SavedQuery;
use super::param::{Param, ParamKind};
use super::value::{Value, date_scalar, null};

/// The values of one run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bound {
    /// The value of every placeholder of the query, without `$`.
    pub values: BTreeMap<String, ScalarValue>,
    /// Every parameter with its value as people read it, in the order of declaration:
    /// (`quarter`, `2026-Q2 [2026-04-01,2026-07-01)`).
    pub shown: Vec<(String, String)>,
}

/// Reads the `given` (name, text) pairs and the defaults of `query` as values.
///
/// Array parameters take `a,b,c` (a comma inside a value as `\,`) and may be given several times. A nullable parameter
/// takes `null`; a date or period takes the words of defaults too. `calendar` says what those words mean.
///
/// # Errors
/// [`crate::ErrorKind::Invalid`] for an unknown, doubled or missing parameter and for a value that its type refuses;
/// all but the first point at the declaration.
pub fn bind(query: &SavedQuery, given: &[(String, String)], calendar: &Calendar) -> Result<Bound> {
    let given = group(query, given)?;
    refuse_missing(query, &given)?;
    let mut bound = Bound::default();
    for param in &query.params {
        let values = match (given.get(param.name.as_str()), &param.default) {
            (Some(texts), _) => read_given(param, texts, calendar),
            (None, Some(default)) => read_default(param, default, calendar),
            (None, None) => Ok(None),
        };
        bound.add(param, values.map_err(|error| about(param, &error))?);
    }
    Ok(bound)
}

impl Bound {
    /// Adds the placeholders of `param`; no values mean NULL.
    fn add(&mut self, param: &Param, values: Option<Vec<Value>>) {
        self.shown.push((param.name.clone(), show(param, values.as_deref())));
        if param.array {
            self.values.insert(param.name.clone(), list(param.kind, values));
            return;
        }
        let value = values.and_then(|values| values.into_iter().next());
        if let ParamKind::Period(_) = param.kind {
            let period = value.as_ref().and_then(|value| value.period.as_ref());
            self.values.insert(format!("{}_start", param.name), date_scalar(period.map(|period| period.start)));
            self.values.insert(format!("{}_end", param.name), date_scalar(period.map(|period| period.end)));
        }
        self.values.insert(param.name.clone(), value.map_or_else(|| null(param.kind), |value| value.scalar));
    }
}

fn group<'g>(query: &SavedQuery, given: &'g [(String, String)]) -> Result<BTreeMap<&'g str, Vec<&'g str>>> {
    let mut grouped: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, text) in given {
        let Some(param) = query.params.iter().find(|param| param.name == *name) else {
            return Err(unknown(query, name));
        };
        let texts = grouped.entry(name).or_default();
        if !texts.is_empty() && !param.array {
            return Err(Error::invalid(format!("parameter `{name}` is given twice"))
                .at(param.place.clone())
                .hint(format!("`{name}` is {} and takes one value", param.kind.with_article())));
        }
        texts.push(text);
    }
    Ok(grouped)
}

fn unknown(query: &SavedQuery, name: &str) -> Error {
    let error = Error::invalid(format!("`{}` has no parameter `{name}`", query.name));
    if let Some(period) = query.params.iter().find(|param| param.placeholders().iter().any(|bound| bound == name)) {
        return error.hint(format!("give `{}`: it sets `{name}`", period.name));
    }
    let names: Vec<&str> = query.params.iter().map(|param| param.name.as_str()).collect();
    let error = did_you_mean(name, names.iter().copied()).into_iter().fold(error, Error::hint);
    error.hint(if names.is_empty() { "it takes none".to_owned() } else { format!("parameters: {}", names.join(", ")) })
}

fn refuse_missing(query: &SavedQuery, given: &BTreeMap<&str, Vec<&str>>) -> Result<()> {
    let missing: Vec<&Param> = query
        .params
        .iter()
        .filter(|param| param.default.is_none() && !given.contains_key(param.name.as_str()))
        .collect();
    let Some(first) = missing.first() else { return Ok(()) };
    let names: Vec<String> = missing.iter().map(|param| format!("`{}`", param.name)).collect();
    let error = Error::invalid(format!("`{}` needs a value for {}", query.name, names.join(", ")));
    Err(missing.iter().fold(error.at(first.place.clone()), |error, param| {
        let help = param.help.as_ref().map_or_else(String::new, |help| format!(": {help}"));
        error.hint(format!("give `{}` ({}){help}", param.name, param.type_name()))
    }))
}

/// The values of the texts given for `param`; `None` is NULL.
fn read_given(param: &Param, texts: &[&str], calendar: &Calendar) -> Result<Option<Vec<Value>>> {
    let is_null = |text: &str| {
        let empty = text.trim().is_empty() && !param.array && param.kind != ParamKind::Text;
        param.nullable && (text == "null" || empty)
    };
    if let [text] = texts
        && is_null(text)
    {
        return Ok(None);
    }
    if texts.iter().any(|text| is_null(text)) {
        return Err(Error::invalid("`null` cannot be given next to values").hint("give `null` alone"));
    }
    let elements: Vec<String> = if param.array {
        texts.iter().flat_map(|text| split_list(text)).collect()
    } else {
        texts.iter().map(|text| (*text).to_owned()).collect()
    };
    read_all(param, &elements, calendar).map(Some)
}

fn read_default(param: &Param, default: &DefaultValue, calendar: &Calendar) -> Result<Option<Vec<Value>>> {
    match default {
        DefaultValue::Null => Ok(None),
        DefaultValue::Literal(text) => read_all(param, std::slice::from_ref(text), calendar).map(Some),
        DefaultValue::List(texts) => read_all(param, texts, calendar).map(Some),
        DefaultValue::Relative(relative) => {
            let value = Value::relative(param.kind, *relative, calendar)?;
            param.check_allowed(&value)?;
            Ok(Some(vec![value]))
        }
    }
}

fn read_all(param: &Param, texts: &[String], calendar: &Calendar) -> Result<Vec<Value>> {
    texts
        .iter()
        .map(|text| {
            let value = Value::parse(param.kind, text, calendar)?;
            param.check_allowed(&value)?;
            Ok(value)
        })
        .collect()
}

/// `a,b\,c` as `a` and `b,c`; a backslash stands for itself except before a comma or another one.
fn split_list(text: &str) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    let mut elements = Vec::new();
    let mut element = String::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            ',' => elements.push(std::mem::take(&mut element)),
            '\\' => element.push(characters.next_if(|next| matches!(next, ',' | '\\')).unwrap_or('\\')),
            _ => element.push(character),
        }
    }
    elements.push(element);
    elements
}

fn list(kind: ParamKind, values: Option<Vec<Value>>) -> ScalarValue {
    let element = null(kind).data_type();
    match values {
        None => ScalarValue::new_null_list(element, true, 1),
        Some(values) => {
            let scalars: Vec<ScalarValue> = values.into_iter().map(|value| value.scalar).collect();
            ScalarValue::List(ScalarValue::new_list_nullable(&scalars, &element))
        }
    }
}

fn show(param: &Param, values: Option<&[Value]>) -> String {
    let Some(values) = values else { return "null".to_owned() };
    let shown: Vec<&str> = values.iter().map(|value| value.shown.as_str()).collect();
    if param.array { format!("[{}]", shown.join(", ")) } else { shown.concat() }
}

/// The error of a value with the name of its parameter and the place of the declaration.
fn about(param: &Param, error: &Error) -> Error {
    let message = format!("parameter `{}`: {}", param.name, error.message());
    error.hints().iter().fold(Error::new(error.kind(), message).at(param.place.clone()), Error::hint)
}
