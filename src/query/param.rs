//! The `param` directive: `NAME TYPE[?] [= DEFAULT] [in (a, b, c)] ["help"]`.

use std::fmt;

use crate::error::{Error, Place, Result, did_you_mean};
use crate::units::{FiscalCalendar, Grain};

use super::calendar::Calendar;
use super::default::{DefaultValue, Relative};
use super::passage::Passage;
use super::scanner::{Item, Scanner, is_name};
use super::value::{Value, check_fit};

/// The type of a parameter, or of its elements when it is an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ParamKind {
    /// Text.
    Text,
    /// A whole number of 64 bits.
    Int,
    /// An exact number: DECIMAL(38, 18).
    Decimal,
    /// A finite number of 64 bits.
    Float,
    /// `true` or `false`.
    Bool,
    /// A day.
    Date,
    /// A moment in UTC, to the microsecond.
    Timestamp,
    /// A period of one length, or of any when `None`. Binds `$name`, `$name_start` and `$name_end` (exclusive).
    Period(Option<Grain>),
}

impl ParamKind {
    /// Every type.
    pub const ALL: [Self; 12] = [
        Self::Text,
        Self::Int,
        Self::Decimal,
        Self::Float,
        Self::Bool,
        Self::Date,
        Self::Timestamp,
        Self::Period(Some(Grain::Week)),
        Self::Period(Some(Grain::Month)),
        Self::Period(Some(Grain::Quarter)),
        Self::Period(Some(Grain::Year)),
        Self::Period(None),
    ];

    /// The word for it in a header.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Int => "int",
            Self::Decimal => "decimal",
            Self::Float => "float",
            Self::Bool => "bool",
            Self::Date => "date",
            Self::Timestamp => "timestamp",
            Self::Period(Some(grain)) => grain.name(),
            Self::Period(None) => "period",
        }
    }

    pub(super) fn with_article(self) -> String {
        format!("{} {}", if self == Self::Int { "an" } else { "a" }, self.name())
    }

    /// Whether there are arrays of it.
    const fn has_arrays(self) -> bool {
        matches!(self, Self::Text | Self::Int | Self::Decimal | Self::Date)
    }
}

impl fmt::Display for ParamKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A declared parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// Its name, without `$`.
    pub name: String,
    /// Its type, or that of its elements.
    pub kind: ParamKind,
    /// Whether it takes several values.
    pub array: bool,
    /// Whether it takes `null`.
    pub nullable: bool,
    /// The value it has when none is given.
    pub default: Option<DefaultValue>,
    /// The values it may have, as written; any when empty.
    pub allowed: Vec<String>,
    /// What it is for.
    pub help: Option<String>,
    /// Where it is declared.
    pub place: Place,
}

impl Param {
    /// Its type as declared, such as `text[]?`.
    pub fn type_name(&self) -> String {
        let array = if self.array { "[]" } else { "" };
        let nullable = if self.nullable { "?" } else { "" };
        format!("{}{array}{nullable}", self.kind)
    }

    /// The placeholders it binds, without `$`: its name, and for a period also `name_start` and `name_end`.
    pub fn placeholders(&self) -> Vec<String> {
        let mut names = vec![self.name.clone()];
        if matches!(self.kind, ParamKind::Period(_)) {
            names.extend(["start", "end"].map(|edge| format!("{}_{edge}", self.name)));
        }
        names
    }

    pub(super) fn parse(passage: &Passage<'_>) -> Result<Self> {
        let mut scanner = Scanner::new(passage);
        let name = parse_name(&mut scanner)?;
        let (kind, array) = parse_kind(&mut scanner)?;
        let mut param = Self {
            place: passage.place(name.at),
            name: name.text,
            kind,
            array,
            nullable: scanner.take("?"),
            default: None,
            allowed: Vec::new(),
            help: None,
        };
        if scanner.take("=") {
            param.default = Some(param.parse_default(&mut scanner)?);
        }
        if scanner.take_word("in") {
            param.allowed = param.parse_allowed(&mut scanner)?;
            param.check_default_is_allowed().map_err(|error| error.at(param.place.clone()))?;
        }
        if scanner.rest().starts_with('"') {
            param.help = scanner.quoted()?.map(|item| item.text);
        }
        scanner
            .finish()
            .map_err(|error| error.hint("the form is `NAME TYPE[?] [= DEFAULT] [in (a, b)] [\"help\"]`"))?;
        Ok(param)
    }

    fn parse_default(&self, scanner: &mut Scanner<'_, '_>) -> Result<DefaultValue> {
        if self.array && scanner.take("[") {
            let items = scanner.list(']')?;
            items.iter().try_for_each(|item| self.check_literal(scanner, item))?;
            return Ok(DefaultValue::List(items.into_iter().map(|item| item.text).collect()));
        }
        let item = match scanner.quoted()? {
            Some(item) => item,
            None => {
                let length = default_length(scanner.rest());
                scanner.advance(length).ok_or_else(|| scanner.expected("a default"))?
            }
        };
        self.read_default(scanner, item)
    }

    fn read_default(&self, scanner: &Scanner<'_, '_>, item: Item) -> Result<DefaultValue> {
        let at = item.at.clone();
        if !item.quoted && item.text == "null" {
            let hint = format!("declare it as `{}?`", self.type_name());
            let not_nullable = || scanner.error(at, format!("`{}` does not take null", self.name)).hint(hint);
            return self.nullable.then_some(DefaultValue::Null).ok_or_else(not_nullable);
        }
        if self.array {
            return Err(scanner.error(at, "the default of an array is a list").hint("write `[a, b]` or `null`"));
        }
        let has_relative = matches!(self.kind, ParamKind::Date | ParamKind::Timestamp | ParamKind::Period(_));
        if has_relative && !item.quoted && item.text.starts_with(|first: char| first.is_ascii_lowercase()) {
            let relative = Relative::parse(&item.text).and_then(|relative| {
                check_fit(self.kind, relative)?;
                Ok(relative)
            });
            return relative.map(DefaultValue::Relative).map_err(|error| error.at(scanner.place(&item)));
        }
        self.check_literal(scanner, &item)?;
        Ok(DefaultValue::Literal(item.text))
    }

    fn parse_allowed(&self, scanner: &mut Scanner<'_, '_>) -> Result<Vec<String>> {
        scanner.expect("(")?;
        let items = scanner.list(')')?;
        if items.is_empty() {
            return Err(scanner.expected("a value in `in (...)`"));
        }
        items.iter().try_for_each(|item| self.check_literal(scanner, item))?;
        Ok(items.into_iter().map(|item| item.text).collect())
    }

    fn check_literal(&self, scanner: &Scanner<'_, '_>, item: &Item) -> Result<()> {
        Value::parse(self.kind, &item.text, &literal_calendar())
            .map(|_| ())
            .map_err(|error| error.at(scanner.place(item)))
    }

    fn check_default_is_allowed(&self) -> Result<()> {
        let literals = match &self.default {
            Some(DefaultValue::Literal(text)) => std::slice::from_ref(text),
            Some(DefaultValue::List(texts)) => texts.as_slice(),
            _ => &[],
        };
        literals.iter().try_for_each(|text| self.check_allowed(&Value::parse(self.kind, text, &literal_calendar())?))
    }

    /// Fails when `value` is not among the allowed ones.
    pub(super) fn check_allowed(&self, value: &Value) -> Result<()> {
        let is_value = |text: &String| {
            Value::parse(self.kind, text, &literal_calendar()).is_ok_and(|allowed| allowed.scalar == value.scalar)
        };
        if self.allowed.is_empty() || self.allowed.iter().any(is_value) {
            return Ok(());
        }
        let error = Error::invalid(format!("`{}` is not allowed for `{}`", value.shown, self.name))
            .hint(format!("allowed: {}", self.allowed.join(", ")));
        let near = did_you_mean(&value.shown, self.allowed.iter().map(String::as_str));
        Err(near.into_iter().fold(error, Error::hint))
    }
}

/// Literals mean the same under every calendar as far as their form is concerned; this one stands for all.
fn literal_calendar() -> Calendar {
    Calendar { fiscal: FiscalCalendar::default(), as_of: chrono::NaiveDate::default(), close_lag_days: 0 }
}

fn parse_name(scanner: &mut Scanner<'_, '_>) -> Result<Item> {
    let name = scanner.word().ok_or_else(|| scanner.expected("the name of the parameter"))?;
    if is_name(&name.text) {
        return Ok(name);
    }
    Err(scanner
        .error(name.at, format!("`{}` cannot name a parameter", name.text))
        .hint("use lower-case letters, digits and `_`, a letter first"))
}

fn parse_kind(scanner: &mut Scanner<'_, '_>) -> Result<(ParamKind, bool)> {
    let names = ParamKind::ALL.map(ParamKind::name);
    let known = format!("types: {}", names.join(", "));
    let Some(word) = scanner.word() else { return Err(scanner.expected("the type of the parameter").hint(known)) };
    let Some(kind) = ParamKind::ALL.into_iter().find(|kind| kind.name() == word.text) else {
        return Err(scanner
            .error(word.at, format!("`{}` is not a type", word.text))
            .hint(did_you_mean(&word.text, names).unwrap_or(known)));
    };
    let array = scanner.take("[]");
    if array && !kind.has_arrays() {
        return Err(scanner
            .error(word.at, format!("there are no arrays of {kind}"))
            .hint("arrays hold text, int, decimal or date"));
    }
    Ok((kind, array))
}

/// How far a bare default goes: up to `in (`, the help or the end.
fn default_length(rest: &str) -> usize {
    let ends_before = |offset: usize| {
        let after = rest.get(offset..).unwrap_or_default().trim_start();
        after.starts_with('"') || after.strip_prefix("in").is_some_and(|list| list.trim_start().starts_with('('))
    };
    rest.char_indices()
        .find(|(offset, character)| character.is_whitespace() && ends_before(*offset))
        .map_or(rest.len(), |(offset, _)| offset)
}
