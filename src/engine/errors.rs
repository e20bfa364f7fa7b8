//! Turns errors of DataFusion, Arrow and the stores into ours: the kind, the place in the SQL and the way out.

use std::error::Error as StdError;

use datafusion::common::{DataFusionError, SchemaError, Span};
use datafusion::sql::sqlparser::parser::ParserError;

use crate::error::{Error, ErrorKind, Place, did_you_mean};
use crate::query::SavedQuery;

/// A text of SQL and where it stands, so that errors can point into it.
#[derive(Debug, Clone, Copy)]
pub struct Sql<'a> {
    /// The text.
    pub text: &'a str,
    /// The file, or what stands for it: `-c`, `prompt`, `standard input`.
    pub origin: &'a str,
    /// The line of the file on which the text starts, from 1.
    pub first_line: usize,
}

impl<'a> Sql<'a> {
    /// SQL that starts on line 1 of `origin`.
    pub const fn new(text: &'a str, origin: &'a str) -> Self {
        Self { text, origin, first_line: 1 }
    }

    /// The SQL of a saved query.
    pub(super) fn of(query: &'a SavedQuery) -> Self {
        Self { text: &query.body, origin: &query.path, first_line: query.body_line }
    }

    /// The place at a line and column of the text, both from 1.
    pub fn place(&self, line: u64, column: u64, width: usize) -> Option<Place> {
        let index = usize::try_from(line).ok()?.checked_sub(1)?;
        Some(Place {
            file: self.origin.to_owned(),
            line: self.first_line + index,
            column: usize::try_from(column).ok()?,
            width,
            text: self.text.lines().nth(index)?.to_owned(),
        })
    }

    /// The place after the last word of the text.
    fn end(&self) -> Option<Place> {
        let (index, line) = self.text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).last()?;
        let column = line.trim_end().chars().count() + 1;
        self.place(u64::try_from(index + 1).ok()?, u64::try_from(column).ok()?, 1)
    }

    /// The place of a span of the parser.
    pub(super) fn span(&self, span: Span) -> Option<Place> {
        let width =
            if span.start.line == span.end.line { span.end.column.saturating_sub(span.start.column) } else { 1 };
        self.place(span.start.line, span.start.column, usize::try_from(width).unwrap_or(1).max(1))
    }
}

/// Adds our error to the chain of DataFusion, to be found again by [`from_datafusion`].
pub(crate) fn to_datafusion(error: Error) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// Our error for one of DataFusion, pointing into `sql` where it can.
pub(crate) fn from_datafusion(cause: DataFusionError, sql: Option<Sql<'_>>) -> Error {
    let place = sql.and_then(|sql| place(&cause, sql));
    let error = ours(&cause).unwrap_or_else(|| classify(cause));
    match place {
        Some(place) if error.place().is_none() => error.at(place),
        _ => error,
    }
}

/// The first of our own errors in the chain of causes, copied out of it.
fn ours(cause: &(dyn StdError + 'static)) -> Option<Error> {
    chain(cause).find_map(|link| {
        let error = link.downcast_ref::<Error>().or_else(|| link.downcast_ref::<Box<Error>>().map(|boxed| &**boxed))?;
        let mut copy = Error::new(error.kind(), error.message());
        for (name, value) in error.facts() {
            copy = copy.with(name, value.clone());
        }
        copy = error.hints().iter().cloned().fold(copy, Error::hint);
        if let Some(place) = error.place() {
            copy = copy.at(place.clone());
        }
        match error.source() {
            Some(source) => Some(copy.because(source.to_string())),
            None => Some(copy),
        }
    })
}

fn chain<'a>(cause: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    let mut next = Some(cause);
    std::iter::from_fn(move || {
        let link = next?;
        next = cause_of(link);
        Some(link)
    })
}

/// Some errors of DataFusion hold their cause without saying so.
fn cause_of<'a>(link: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match link.downcast_ref::<DataFusionError>() {
        Some(DataFusionError::External(inner)) => Some(inner.as_ref()),
        Some(DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner)) => Some(inner.as_ref()),
        Some(DataFusionError::Shared(inner)) => Some(inner.as_ref()),
        Some(DataFusionError::Collection(errors)) => errors.first().map(|first| first as _),
        _ => link.source(),
    }
}

fn place(cause: &DataFusionError, sql: Sql<'_>) -> Option<Place> {
    if let Some(span) = cause.diagnostic().and_then(|diagnostic| diagnostic.span) {
        return sql.span(span);
    }
    chain(cause).find_map(|link| link.downcast_ref::<ParserError>()).and_then(|error| {
        match parser_position(&error.to_string()) {
            Some((line, column)) => sql.place(line, column, 1),
            // The text ended where more was expected.
            None => sql.end(),
        }
    })
}

/// The position that sqlparser appends to its messages: `… at Line: 1, Column: 8`.
fn parser_position(message: &str) -> Option<(u64, u64)> {
    let (_, position) = message.rsplit_once(" at Line: ")?;
    let (line, column) = position.split_once(", Column: ")?;
    Some((line.trim().parse().ok()?, column.trim().parse().ok()?))
}

fn classify(cause: DataFusionError) -> Error {
    match root(&cause) {
        DataFusionError::SQL(parser, _) => {
            let message = match parser.as_ref() {
                ParserError::ParserError(message) | ParserError::TokenizerError(message) => message.clone(),
                ParserError::RecursionLimitExceeded => "the statement is nested too deeply".to_owned(),
            };
            let message = message.split(" at Line: ").next().unwrap_or(&message).trim().to_owned();
            Error::query(format!("SQL syntax: {}", lower_first(&message)))
        }
        DataFusionError::SchemaError(schema, _) => schema_error(schema),
        DataFusionError::ResourcesExhausted(message) => Error::limit("the query needs more memory than it may use")
            .hint("raise `--memory-limit`, narrow the time range, or group by fewer columns")
            .because(message.lines().next().unwrap_or_default().to_owned()),
        DataFusionError::Plan(message) | DataFusionError::NotImplemented(message) => {
            Error::query(lower_first(message.lines().next().unwrap_or(message)))
        }
        DataFusionError::Execution(message) => Error::query(lower_first(message)),
        DataFusionError::ArrowError(arrow, _) => Error::query(lower_first(without_row(&arrow.to_string()))),
        DataFusionError::ObjectStore(store) => {
            Error::storage("the object store failed").hint("it is safe to try again").because(store.to_string())
        }
        DataFusionError::ParquetError(parquet) => Error::data(lower_first(&parquet.to_string())),
        DataFusionError::IoError(io) => Error::storage("reading or writing failed").because(io.to_string()),
        DataFusionError::Internal(_) => Error::internal("the engine failed").because(cause),
        _ => Error::query("the query failed").because(cause),
    }
}

/// A value of CSV that cannot be read comes with its whole row, and that with whoever the row is about.
fn without_row(message: &str) -> &str {
    message.split(". Row data: ").next().unwrap_or(message)
}

fn root(cause: &DataFusionError) -> &DataFusionError {
    match cause {
        DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => root(inner),
        DataFusionError::Shared(inner) => root(inner),
        DataFusionError::Collection(errors) => errors.first().map_or(cause, root),
        DataFusionError::External(inner) => inner.downcast_ref::<DataFusionError>().map_or(cause, root),
        other => other,
    }
}

fn schema_error(error: &SchemaError) -> Error {
    let SchemaError::FieldNotFound { field, valid_fields } = error else {
        return Error::query(lower_first(&error.to_string()));
    };
    let mut names: Vec<&str> = valid_fields.iter().map(|field| field.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let wanted = match &field.relation {
        Some(relation) => format!("{relation}.{}", field.name),
        None => field.name.clone(),
    };
    let error = Error::query(format!("no column `{wanted}`")).with_kind(ErrorKind::Query);
    match did_you_mean(&field.name, names.iter().copied()) {
        Some(hint) => error.hint(hint),
        None if names.len() <= 20 => error.hint(format!("columns here: {}", names.join(", "))),
        None => error
            .hint(format!("the nearest names: `{}`", most_alike(&field.name, &names).join("`, `")))
            .hint("`outlay describe TABLE` lists the columns of a table"),
    }
}

/// The three names most like `typed`, though none is near.
fn most_alike<'a>(typed: &str, names: &[&'a str]) -> Vec<&'a str> {
    let typed = typed.to_lowercase();
    let mut scored: Vec<_> =
        names.iter().map(|name| (strsim::jaro_winkler(&typed, &name.to_lowercase()), *name)).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    scored.into_iter().take(3).map(|(_, name)| name).collect()
}

fn lower_first(message: &str) -> String {
    let mut chars = message.trim().chars();
    match chars.next() {
        // An abbreviation or a name keeps its capitals.
        Some(first) if !chars.clone().next().is_some_and(char::is_uppercase) => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => message.trim().to_owned(),
    }
}
