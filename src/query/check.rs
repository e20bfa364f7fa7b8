//! The `check` directive: what must hold for every result.

use std::fmt;

use datafusion::sql::sqlparser::ast::Expr;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::error::{Error, Place, Result, nearest};

use super::passage::Passage;
use super::scanner::{Item, Scanner, is_column, split_unquoted};
use super::syntax::{self, Fault, Position};

/// One check of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What must hold.
    pub kind: CheckKind,
    /// What happens when it does not.
    pub severity: Severity,
    /// The check as written, without the severity.
    pub text: String,
    /// Where it stands.
    pub place: Place,
}

/// What happens when a check fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Severity {
    /// Nothing is published.
    Error,
    /// A warning is shown.
    Warn,
}

/// What a check says. Columns and expressions are kept as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckKind {
    /// `unique(a, b)`: no two rows agree in these columns; NULLs agree.
    Unique(Vec<String>),
    /// `not_null(a, b)`: none of these columns holds NULL.
    NotNull(Vec<String>),
    /// `accepted(a: x, y)`: the column holds one of these values, or NULL.
    Accepted {
        /// Column.
        column: String,
        /// Values, at least one.
        values: Vec<AcceptedValue>,
    },
    /// `row_count > 0`: how many rows there are.
    RowCount {
        /// How the count compares with `rows`.
        comparison: Comparison,
        /// Rows.
        rows: u64,
    },
    /// `sum_matches(spend.EffectiveCost, cost, 0.01)`: two totals agree; a total of nothing is 0.
    SumMatches {
        /// The other table.
        table: String,
        /// Its column.
        column: String,
        /// The column of the result.
        own_column: String,
        /// By how much they may differ, a decimal number.
        tolerance: String,
    },
    /// `sql: SELECT ...`: the query returns no rows. It finds the rows under check in the table `result`.
    Sql(String),
    /// Any other text: an expression that is true for every row.
    Row(String),
}

/// A value that a column may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AcceptedValue {
    /// A number, as written.
    Number(String),
    /// Any other text.
    Text(String),
}

/// How a count compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// Longer signs first, so that `>=` is not read as `>`.
const COMPARISONS: [(&str, Comparison); 7] = [
    (">=", Comparison::GreaterOrEqual),
    ("<=", Comparison::LessOrEqual),
    ("<>", Comparison::NotEqual),
    ("!=", Comparison::NotEqual),
    (">", Comparison::Greater),
    ("<", Comparison::Less),
    ("=", Comparison::Equal),
];

const CALLS: [&str; 4] = ["unique", "not_null", "accepted", "sum_matches"];

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(COMPARISONS.iter().find(|(_, comparison)| comparison == self).map_or("=", |(sign, _)| sign))
    }
}

impl Check {
    pub(super) fn parse(passage: &Passage<'_>) -> Result<Self> {
        let (end, severity) = split_severity(passage.text());
        let text = passage.text().get(..end).unwrap_or_default();
        let kind = Reader { passage, end, text }.kind()?;
        Ok(Self { kind, severity, text: text.to_owned(), place: passage.place(0..end) })
    }

    /// SQL that returns the rows of `relation` that break the check, or one row that shows the totals; no rows mean
    /// that it holds. `relation` stands in the SQL as given: a table name, quoted where it needs quotes.
    pub fn failing_rows_sql(&self, relation: &str) -> String {
        match &self.kind {
            CheckKind::Unique(columns) => {
                let columns = columns.join(", ");
                format!(
                    "SELECT {columns}, count(*) AS row_count FROM {relation} GROUP BY {columns} HAVING count(*) > 1"
                )
            }
            CheckKind::NotNull(columns) => {
                let any_null = columns.iter().map(|column| format!("{column} IS NULL")).collect::<Vec<_>>();
                format!("SELECT * FROM {relation} WHERE {}", any_null.join(" OR "))
            }
            CheckKind::Accepted { column, values } => {
                let values = values.iter().map(AcceptedValue::literal).collect::<Vec<_>>();
                format!("SELECT * FROM {relation} WHERE {column} NOT IN ({})", values.join(", "))
            }
            CheckKind::RowCount { comparison, rows } => {
                format!("SELECT count(*) AS row_count FROM {relation} HAVING NOT (count(*) {comparison} {rows})")
            }
            CheckKind::SumMatches { table, column, own_column, tolerance } => format!(
                "SELECT theirs.total AS expected, ours.total AS found, ours.total - theirs.total AS difference \
                 FROM (SELECT coalesce(sum({own_column}), 0) AS total FROM {relation}) AS ours \
                 CROSS JOIN (SELECT coalesce(sum({column}), 0) AS total FROM {table}) AS theirs \
                 WHERE abs(ours.total - theirs.total) > CAST('{tolerance}' AS DECIMAL(38, 18))"
            ),
            CheckKind::Sql(query) => {
                format!("WITH result AS (SELECT * FROM {relation}) SELECT * FROM (\n{query}\n) AS failing")
            }
            CheckKind::Row(expression) => {
                format!("SELECT * FROM {relation} WHERE (\n{expression}\n) IS NOT TRUE")
            }
        }
    }
}

impl AcceptedValue {
    fn of(item: Item) -> Self {
        let is_number = !item.quoted && is_decimal(item.text.strip_prefix('-').unwrap_or(&item.text));
        if is_number { Self::Number(item.text) } else { Self::Text(item.text) }
    }

    fn literal(&self) -> String {
        match self {
            Self::Number(number) => number.clone(),
            Self::Text(text) => format!("'{}'", text.replace('\'', "''")),
        }
    }
}

/// The end of the check itself and its severity.
fn split_severity(text: &str) -> (usize, Severity) {
    let text = text.trim_end();
    let without = text.strip_suffix("warn").filter(|rest| rest.ends_with(char::is_whitespace));
    without.map_or((text.len(), Severity::Error), |rest| (rest.trim_end().len(), Severity::Warn))
}

/// Digits with at most one point, no sign, no exponent.
fn is_decimal(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole) && digits(fraction)
}

/// Reads the text of one check.
struct Reader<'r, 'a> {
    passage: &'r Passage<'a>,
    end: usize,
    text: &'r str,
}

impl Reader<'_, '_> {
    fn kind(&self) -> Result<CheckKind> {
        if let Some(query) = self.text.strip_prefix("sql:") {
            return self.sql(query);
        }
        let mut scanner = Scanner::until(self.passage, self.end);
        let word = scanner.word().map_or_else(String::new, |word| word.text);
        if word == "row_count" {
            return row_count(&mut scanner);
        }
        if !CALLS.contains(&word.as_str()) || !scanner.take("(") {
            return self.row();
        }
        let kind = match word.as_str() {
            "unique" => CheckKind::Unique(columns(&mut scanner)?),
            "not_null" => CheckKind::NotNull(columns(&mut scanner)?),
            "accepted" => accepted(&mut scanner)?,
            _ => sum_matches(&mut scanner)?,
        };
        scanner.finish().map_err(|error| error.hint("the only word that can follow is `warn`"))?;
        Ok(kind)
    }

    fn sql(&self, query: &str) -> Result<CheckKind> {
        let start = self.text.len() - query.len();
        let fault = |fault| self.error(fault, start);
        let tokens = syntax::tokens(query).map_err(fault)?;
        syntax::query(&tokens).map_err(fault)?;
        self.refuse_placeholders(&tokens, start)?;
        Ok(CheckKind::Sql(query.trim().trim_end_matches([';', ' ']).to_owned()))
    }

    fn row(&self) -> Result<CheckKind> {
        let (expression, tokens) = syntax::expression(self.text).map_err(|fault| self.error(fault, 0).hint(FORMS))?;
        self.refuse_placeholders(&tokens, 0)?;
        if let Expr::Function(function) = &expression {
            let name = function.name.to_string();
            if let Some(near) = nearest(&name, CALLS).first() {
                return Err(Error::invalid(format!("`{name}` is not a check"))
                    .at(self.passage.place(0..name.len()))
                    .hint(format!("did you mean `{near}`?")));
            }
        }
        Ok(CheckKind::Row(self.text.to_owned()))
    }

    fn refuse_placeholders(&self, tokens: &[TokenWithSpan], start: usize) -> Result<()> {
        let placeholder = tokens.iter().find(|token| matches!(token.token, Token::Placeholder(_)));
        let Some(token) = placeholder else { return Ok(()) };
        let message = format!("`{}`: a check takes no parameters", token.token);
        let fault = Fault { message, hint: None, at: Position::of(token.span) };
        Err(self.error(fault, start).hint("it holds for the result whatever the parameters are"))
    }

    /// The error of a fault in the SQL that begins at byte `start` of the text.
    fn error(&self, Fault { message, hint, at }: Fault, start: usize) -> Error {
        let sql = self.text.get(start..).unwrap_or_default();
        let byte = |column: usize| start + sql.char_indices().nth(column).map_or(sql.len(), |(offset, _)| offset);
        let range = match at {
            Position::Marked { column, width, .. } => byte(column - 1)..byte((column - 1).saturating_add(width)),
            Position::End => self.end..self.end,
        };
        hint.into_iter().fold(Error::invalid(message).at(self.passage.place(range)), Error::hint)
    }
}

const FORMS: &str = "a check is `unique(a)`, `not_null(a)`, `accepted(a: x, y)`, `row_count > 0`, \
                     `sum_matches(table.column, column, 0.01)`, `sql: SELECT ...` or a condition on each row, \
                     and ends with `warn` when it only warns";

fn columns(scanner: &mut Scanner<'_, '_>) -> Result<Vec<String>> {
    let items = scanner.names(')').map_err(|error| error.hint("write `unique(a, b)`"))?;
    items.into_iter().map(|item| column(scanner, item)).collect()
}

/// The column that `item` names, in double quotes when it stands in them.
fn column(scanner: &Scanner<'_, '_>, item: Item) -> Result<String> {
    if is_column(&item.text) {
        return Ok(item.text);
    }
    Err(scanner.error(item.at, format!("`{}` is not a column", item.text)))
}

fn accepted(scanner: &mut Scanner<'_, '_>) -> Result<CheckKind> {
    let form = "write `accepted(column: a, b)`";
    let Some(item) = scanner.name([':', ')']) else { return Err(scanner.expected("a column").hint(form)) };
    let column = column(scanner, item)?;
    scanner.expect(":").map_err(|error| error.hint(form))?;
    let values: Vec<AcceptedValue> = scanner.list(')')?.into_iter().map(AcceptedValue::of).collect();
    if values.is_empty() {
        return Err(scanner.expected("a value").hint(form));
    }
    Ok(CheckKind::Accepted { column, values })
}

fn row_count(scanner: &mut Scanner<'_, '_>) -> Result<CheckKind> {
    let form = "write `row_count > 0`";
    let Some((_, comparison)) = COMPARISONS.iter().find(|(sign, _)| scanner.take(sign)) else {
        return Err(scanner.expected("a comparison").hint(form));
    };
    let Some(number) = scanner.word() else { return Err(scanner.expected("a number of rows").hint(form)) };
    let rows = number
        .text
        .parse()
        .map_err(|_| scanner.error(number.at, format!("`{}` is not a number of rows", number.text)).hint(form))?;
    scanner.finish().map_err(|error| error.hint(form))?;
    Ok(CheckKind::RowCount { comparison: *comparison, rows })
}

fn sum_matches(scanner: &mut Scanner<'_, '_>) -> Result<CheckKind> {
    let form = "write `sum_matches(table.column, column, 0.01)`";
    let items = scanner.names(')').map_err(|error| error.hint(form))?;
    let [theirs, own, rest @ ..] = items.as_slice() else {
        return Err(scanner.expected("two columns and a tolerance").hint(form));
    };
    let wrong =
        |item: &Item, what: &str| scanner.error(item.at.clone(), format!("`{}` is not {what}", item.text)).hint(form);
    let path = split_unquoted(&theirs.text, '.');
    let (column_name, table) = match path.split_last() {
        Some((column_name, table)) if !table.is_empty() && path.iter().all(|part| is_column(part)) => {
            ((*column_name).to_owned(), table.join("."))
        }
        _ => return Err(wrong(theirs, "a table and its column")),
    };
    let tolerance = match rest {
        [] => "0".to_owned(),
        [one] if is_decimal(&one.text) => one.text.clone(),
        [one, ..] => return Err(wrong(one, "a tolerance")),
    };
    Ok(CheckKind::SumMatches { table, column: column_name, own_column: column(scanner, own.clone())?, tolerance })
}
