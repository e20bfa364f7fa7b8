//! The named arguments of a call: which there are, and each as the type that it must have.

use chrono::NaiveDate;
use datafusion::common::{DataFusionError, Diagnostic, Result as DataFusionResult, Span};
use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, Query, Spanned, Value,
};
use datafusion::sql::sqlparser::tokenizer::Span as TokenSpan;

use super::literals::{Name, bare, column, day, number, text};
use super::request::Kind;
use crate::engine::errors::to_datafusion;
use crate::error::{Error, did_you_mean};

/// `error`, pointing at `place` in the statement.
pub(super) fn at(error: Error, place: &impl Spanned) -> DataFusionError {
    at_span(error, place.span())
}

fn at_span(error: Error, span: TokenSpan) -> DataFusionError {
    let message = error.message().to_owned();
    let span = Span::try_from_sqlparser_span(span);
    DataFusionError::Diagnostic(Box::new(Diagnostic::new_error(message, span)), Box::new(to_datafusion(error)))
}

/// The arguments of one call.
#[derive(Debug)]
pub(super) struct Arguments<'a> {
    kind: Kind,
    call: &'a Function,
    named: Vec<(&'a Ident, &'a Expr)>,
}

impl<'a> Arguments<'a> {
    /// What `call` reads, and its arguments.
    pub(super) fn of(kind: Kind, call: &'a Function) -> DataFusionResult<(&'a Query, Self)> {
        let arguments = match &call.args {
            FunctionArguments::List(list) => list.args.as_slice(),
            _ => &[],
        };
        let Some((FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Subquery(query))), rest)) = arguments.split_first()
        else {
            let error = Error::query(format!("the first argument of `{}` is what it reads", kind.name()))
                .hint(format!("a table, a saved query or a subquery: `{}((select ...), ...)`", kind.name()));
            return Err(at(error, call));
        };
        let mut found = Self { kind, call, named: Vec::new() };
        for argument in rest {
            let FunctionArg::Named { name, arg: FunctionArgExpr::Expr(value), .. } = argument else {
                let error = Error::query("arguments have names").hint("write `horizon => 6`");
                return Err(at(error, argument));
            };
            found.add(name, value)?;
        }
        Ok((query, found))
    }

    fn add(&mut self, name: &'a Ident, value: &'a Expr) -> DataFusionResult<()> {
        let known = self.kind.arguments();
        if !known.clone().any(|known| name.value.eq_ignore_ascii_case(known)) {
            let error = Error::query(format!("`{}` has no argument `{}`", self.kind.name(), name.value));
            let error = did_you_mean(&name.value, known.clone()).into_iter().fold(error, Error::hint);
            let all = known.collect::<Vec<_>>().join(", ");
            return Err(at_span(error.hint(format!("arguments: {all}")), name.span));
        }
        if self.value(&name.value).is_some() {
            return Err(at_span(Error::query(format!("`{}` is given twice", name.value)), name.span));
        }
        self.named.push((name, value));
        Ok(())
    }

    fn value(&self, name: &str) -> Option<&'a Expr> {
        self.named.iter().find(|(known, _)| known.value.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }

    /// The value of `name`, read by `read`; `None` when it is left out or NULL.
    fn read<T>(&self, name: &str, wanted: &str, read: impl Fn(&'a Expr) -> Option<T>) -> DataFusionResult<Option<T>> {
        match self.value(name).map(bare) {
            None => Ok(None),
            Some(Expr::Value(value)) if value.value == Value::Null => Ok(None),
            Some(Expr::Value(value)) if matches!(value.value, Value::Placeholder(_)) => {
                let error = Error::invalid(format!("`{}` has no value here", value.value));
                Err(at(error.hint("parameters belong to saved queries: `outlay run FILE -p name=value`"), value))
            }
            Some(value) => match read(value) {
                Some(value) => Ok(Some(value)),
                None => Err(at(Error::query(format!("`{name}` is {wanted}, not `{value}`")), value)),
            },
        }
    }

    /// `error`, pointing at the value of `name`.
    pub(super) fn wrong(&self, name: &str, error: Error) -> DataFusionError {
        match self.value(name) {
            Some(value) => at(error, value),
            None => at(error, self.call),
        }
    }

    /// The column that `name` gives.
    pub(super) fn column(&self, name: &str) -> DataFusionResult<Name<'a>> {
        let found = self.read(name, "the name of a column", column)?;
        found.ok_or_else(|| {
            let error = Error::query(format!("`{}` needs `{name}`", self.kind.name()));
            at(error.hint(format!("say which column: `{name} => ...`")), self.call)
        })
    }

    /// The columns that `name` gives, none when it is left out.
    pub(super) fn columns(&self, name: &str) -> DataFusionResult<Vec<Name<'a>>> {
        let read = |value: &'a Expr| match value {
            Expr::Array(array) => array.elem.iter().map(bare).map(column).collect(),
            one => column(one).map(|one| vec![one]),
        };
        Ok(self.read(name, "a list of columns such as `[team]`", read)?.unwrap_or_default())
    }

    /// A whole number from `least` to `most`.
    pub(super) fn count(&self, name: &str, least: u64, most: u64) -> DataFusionResult<Option<u64>> {
        let wanted = format!("a whole number from {least} to {most}");
        self.read(name, &wanted, |value| number(value)?.parse().ok().filter(|count| (least..=most).contains(count)))
    }

    /// Numbers as they were written, none when it is left out.
    pub(super) fn numbers(&self, name: &str) -> DataFusionResult<Option<Vec<String>>> {
        self.read(name, "a list of numbers such as `[0.1, 0.5, 0.9]`", |value| match value {
            Expr::Array(array) => array.elem.iter().map(bare).map(number).collect(),
            one => number(one).map(|one| vec![one]),
        })
    }

    /// A day.
    pub(super) fn date(&self, name: &str) -> DataFusionResult<Option<NaiveDate>> {
        self.read(name, "a date such as '2027-01-01'", |value| day(&text(value)?))
    }

    /// A number of steps from 1 to `most`, or a day.
    pub(super) fn steps_or_date(&self, name: &str, most: usize) -> DataFusionResult<Option<Result<usize, NaiveDate>>> {
        let wanted = format!("a number of steps from 1 to {most}, or a date such as '2027-01-01'");
        self.read(name, &wanted, |value| match number(value) {
            Some(steps) => steps.parse().ok().filter(|steps| (1..=most).contains(steps)).map(Ok),
            None => day(&text(value)?).map(Err),
        })
    }

    /// True or false.
    pub(super) fn flag(&self, name: &str) -> DataFusionResult<Option<bool>> {
        self.read(name, "true or false", |value| match value {
            Expr::Value(value) => match value.value {
                Value::Boolean(flag) => Some(flag),
                _ => None,
            },
            _ => None,
        })
    }

    /// One of `words`, with quotes or without.
    pub(super) fn choice<T: Copy>(&self, name: &str, words: &[(&'static str, T)]) -> DataFusionResult<Option<T>> {
        let Some(value) = self.value(name).map(bare) else { return Ok(None) };
        let list = words.iter().map(|(word, _)| format!("'{word}'")).collect::<Vec<_>>().join(", ");
        let word = |value: &Expr| match value {
            Expr::Identifier(word) => Some(word.value.clone()),
            other => text(other),
        };
        let find = |value: &'a Expr| {
            let word = word(value)?;
            words.iter().find(|(known, _)| known.eq_ignore_ascii_case(&word)).map(|(_, found)| *found)
        };
        self.read(name, &format!("one of {list}"), find).map_err(|error| match word(value) {
            Some(word) if words.iter().all(|(known, _)| *known != word) => {
                match did_you_mean(&word, words.iter().map(|(known, _)| *known)) {
                    Some(hint) => {
                        at(Error::query(format!("`{name}` is one of {list}, not `{word}`")).hint(hint), value)
                    }
                    None => error,
                }
            }
            _ => error,
        })
    }
}
