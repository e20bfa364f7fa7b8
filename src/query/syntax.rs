//! The SQL grammar: one query or one expression, with the position of whatever is wrong.

use std::ops::ControlFlow;

use datafusion::common::DataFusionError;
use datafusion::sql::parser::{DFParserBuilder, Statement as ParsedStatement};
use datafusion::sql::sqlparser::ast::{
    Expr, Select, SetExpr, Spanned, Statement, Value, ValueWithSpan, Visit, Visitor,
};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan, Tokenizer};

/// What is wrong in a piece of SQL, by its own lines and columns.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) message: String,
    pub(super) hint: Option<String>,
    pub(super) at: Position,
}

/// A position in a piece of SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Position {
    /// Characters of one line: line and column from 1, and how many.
    Marked { line: usize, column: usize, width: usize },
    /// The end of the text.
    End,
}

impl Position {
    /// A span of the parser; one over several lines is marked to the end of the first.
    pub(super) fn of(span: Span) -> Self {
        let width = if span.start.line == span.end.line {
            index(span.end.column.saturating_sub(span.start.column))
        } else {
            usize::MAX
        };
        Self::Marked { line: index(span.start.line).max(1), column: index(span.start.column).max(1), width }
    }
}

impl Fault {
    fn new(message: impl Into<String>, at: Position) -> Self {
        Self { message: message.into(), hint: None, at }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Takes the message of the parser apart: what is wrong, and ` at Line: X, Column: Y`.
    fn of_parser(error: &DataFusionError, tokens: &[TokenWithSpan]) -> Self {
        let text = match error.find_root() {
            DataFusionError::SQL(cause, _) => cause.to_string(),
            other => other.strip_backtrace(),
        };
        let found = location_in(&text);
        let text = text.rsplit_once(" at Line: ").map_or(text.as_str(), |(before, _)| before);
        let text = text.trim_start_matches("sql parser error: ");
        let message = text.replace("Expected: ", "expected ").replace(", found: ", ", found ");
        let at = found.map_or(Position::End, |(line, column)| mark(tokens, line, column));
        let fault = Self::new(message, at);
        let token = tokens.iter().find(|token| Position::of(token.span) == at).map(|token| &token.token);
        if token == Some(&Token::Question) { fault.hint("write a parameter as `$name`") } else { fault }
    }
}

/// The line and column in ` at Line: X, Column: Y` at the end of a message of the SQL parser.
pub(super) fn location_in(message: &str) -> Option<(usize, usize)> {
    let (_, location) = message.rsplit_once(" at Line: ")?;
    let (line, rest) = location.split_once(", Column: ")?;
    let digits = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
    Some((line.parse().ok()?, rest.get(..digits)?.parse().ok()?))
}

/// Marks the token that begins at `line` and `column`.
fn mark(tokens: &[TokenWithSpan], line: usize, column: usize) -> Position {
    let starts_there =
        |token: &&TokenWithSpan| index(token.span.start.line) == line && index(token.span.start.column) == column;
    tokens
        .iter()
        .find(starts_there)
        .map_or(Position::Marked { line, column, width: 1 }, |token| Position::of(token.span))
}

/// The parser nests a chain such as `1 + 1 + 1` as deeply as it is long; this length is safe on a stack of 2 MiB.
const MAX_TOKENS: usize = 20_000;

/// Cuts `sql` into tokens, comments and spaces included.
pub(super) fn tokens(sql: &str) -> Result<Vec<TokenWithSpan>, Fault> {
    let tokens = Tokenizer::new(&GenericDialect {}, sql).tokenize_with_location().map_err(|error| {
        let Location { line, column } = error.location;
        let at = Position::Marked { line: index(line), column: index(column), width: 1 };
        Fault::new(lower_first(&error.message), at)
    })?;
    if significant(&tokens).nth(MAX_TOKENS).is_some() {
        let at = significant(&tokens).next().map_or(Position::End, |first| Position::of(first.span));
        return Err(Fault::new(format!("the SQL is too long: more than {MAX_TOKENS} words and signs"), at)
            .hint("put long lists of values into a table"));
    }
    Ok(tokens)
}

/// The tokens that mean something: no spaces, no comments.
pub(super) fn significant(tokens: &[TokenWithSpan]) -> impl DoubleEndedIterator<Item = &TokenWithSpan> {
    tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_) | Token::EOF))
}

/// Parses `tokens` as exactly one query that only reads.
pub(super) fn query(tokens: &[TokenWithSpan]) -> Result<Statement, Fault> {
    let Some(first) = significant(tokens).find(|token| token.token != Token::SemiColon) else {
        return Err(Fault::new("there is no statement", Position::End).hint("write one SELECT below the directives"));
    };
    let start = Position::of(first.span);
    let failed = |error: &DataFusionError| {
        let fault = Fault::of_parser(error, tokens);
        if fault.message.contains("recursion limit") {
            return Fault { at: start, ..fault }.hint("nest less deeply, with WITH");
        }
        fault
    };
    let mut parser = DFParserBuilder::new(tokens.to_vec()).build().map_err(|error| failed(&error))?;
    while parser.parser.consume_token(&Token::SemiColon) {}
    let parsed = parser.parse_statement().map_err(|error| failed(&error))?;
    let ended = parser.parser.consume_token(&Token::SemiColon);
    while parser.parser.consume_token(&Token::SemiColon) {}
    let next = parser.parser.peek_token();
    if next.token != Token::EOF {
        let at = Position::of(next.span);
        return Err(if ended {
            Fault::new("there is a second statement", at).hint("a saved query is one SELECT; make a file of the other")
        } else {
            Fault::new(format!("expected the end of the statement, found {}", next.token), at)
        });
    }
    let not_a_query = || Fault::new(format!("expected a query, found {}", first.token), start).hint(ONLY_READS);
    match parsed {
        ParsedStatement::Statement(statement) if matches!(*statement, Statement::Query(_)) => {
            refuse_writes(&statement, tokens)?;
            Ok(*statement)
        }
        _ => Err(not_a_query()),
    }
}

const ONLY_READS: &str = "a saved query is one SELECT or WITH and only reads";

/// Parses `sql` as one expression.
pub(super) fn expression(sql: &str) -> Result<(Expr, Vec<TokenWithSpan>), Fault> {
    let tokens = tokens(sql)?;
    let failed = |error: &DataFusionError| Fault::of_parser(error, &tokens);
    let mut parser = DFParserBuilder::new(tokens.clone()).build().map_err(|error| failed(&error))?;
    let parsed = parser.parse_expr().map_err(|error| failed(&error))?;
    let unexpected = match parsed.alias {
        Some(alias) => Some((alias.value, alias.span)),
        None => Some(parser.parser.peek_token())
            .filter(|next| next.token != Token::EOF)
            .map(|next| (next.token.to_string(), next.span)),
    };
    match unexpected {
        Some((text, span)) => Err(Fault::new(format!("unexpected `{text}` after the expression"), Position::of(span))),
        None => Ok((parsed.expr, tokens)),
    }
}

fn refuse_writes(statement: &Statement, tokens: &[TokenWithSpan]) -> Result<(), Fault> {
    if statement.visit(&mut FindsWrites).is_continue() {
        return Ok(());
    }
    let writes = |token: &&TokenWithSpan| {
        let words = ["INSERT", "UPDATE", "DELETE", "MERGE", "INTO"];
        matches!(&token.token, Token::Word(word) if words.contains(&word.value.to_uppercase().as_str()))
    };
    let at = significant(tokens).find(writes).map_or(Position::End, |token| Position::of(token.span));
    Err(Fault::new("the query writes", at).hint(ONLY_READS))
}

/// Stops at a statement or clause inside of a query that writes.
struct FindsWrites;

impl Visitor for FindsWrites {
    type Break = ();

    fn pre_visit_query(&mut self, query: &datafusion::sql::sqlparser::ast::Query) -> ControlFlow<()> {
        let writes =
            matches!(*query.body, SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_));
        if writes { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        if select.into.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// The first `IN ($name)` for which `is_list(name)` holds, as (name, position).
pub(super) fn list_in_parentheses(statement: &Statement, is_list: impl Fn(&str) -> bool) -> Option<(String, Position)> {
    match statement.visit(&mut FindsListIn { is_list }) {
        ControlFlow::Break(found) => Some(found),
        ControlFlow::Continue(()) => None,
    }
}

struct FindsListIn<F> {
    is_list: F,
}

impl<F: Fn(&str) -> bool> Visitor for FindsListIn<F> {
    type Break = (String, Position);

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<Self::Break> {
        let Expr::InList { list, .. } = expr else { return ControlFlow::Continue(()) };
        for element in list {
            if let Expr::Value(ValueWithSpan { value: Value::Placeholder(text), .. }) = element
                && let Some(name) = text.strip_prefix('$')
                && (self.is_list)(name)
            {
                return ControlFlow::Break((name.to_owned(), Position::of(element.span())));
            }
        }
        ControlFlow::Continue(())
    }
}

/// The first placeholder that does not begin with `$`, such as `:name`.
pub(super) fn foreign_placeholder(statement: &Statement) -> Option<(String, Position)> {
    match statement.visit(&mut FindsForeign) {
        ControlFlow::Break(found) => Some(found),
        ControlFlow::Continue(()) => None,
    }
}

struct FindsForeign;

impl Visitor for FindsForeign {
    type Break = (String, Position);

    fn pre_visit_value(&mut self, value: &ValueWithSpan) -> ControlFlow<Self::Break> {
        match &value.value {
            Value::Placeholder(text) if !text.starts_with('$') => {
                ControlFlow::Break((text.clone(), Position::of(value.span)))
            }
            _ => ControlFlow::Continue(()),
        }
    }
}

/// Numbers of the parser; none of a text that fits in memory is too large.
pub(super) fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}
