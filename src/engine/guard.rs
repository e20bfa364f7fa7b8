//! Lets through only what reads, and only what is small enough to plan.
//!
//! A statement is refused before it is planned when it writes, defines or sets anything, names a file, or is so large that
//! planning alone would exhaust the stack or the time: planning is recursive over expressions, joins and set operations.

use std::ops::ControlFlow;

use datafusion::sql::parser::{DFParserBuilder, Statement};
use datafusion::sql::sqlparser::ast::{Expr, ObjectName, Statement as SqlStatement, TableFactor, Visit, Visitor};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

use super::arrows;
use super::errors::{Sql, from_datafusion};
use crate::error::{Error, Result};
use crate::units::ByteSize;

/// Most bytes of one statement.
const MAX_TEXT: usize = 256 * 1024;
/// Most tokens of one statement; a generated statement of a hundred columns has some thousands.
const MAX_TOKENS: usize = 50_000;
/// Deepest nesting of expressions, chains such as `a OR b OR …` included. The planning thread has room for ten times that.
const MAX_DEPTH: usize = 1_000;
/// Most tables, subqueries and table functions in one statement.
const MAX_RELATIONS: usize = 64;
/// Most UNION, INTERSECT and EXCEPT in one statement.
const MAX_SET_OPERATIONS: usize = 200;

/// Parses `sql` into its statements, each of which only reads.
///
/// # Errors
/// [`crate::ErrorKind::Query`] for what is not SQL, [`crate::ErrorKind::Invalid`] for what does more than read,
/// [`crate::ErrorKind::Limit`] for what is too large.
pub(crate) fn parse(sql: Sql<'_>) -> Result<Vec<Statement>> {
    measure(sql)?;
    let mut statements = DFParserBuilder::new(sql.text)
        .with_dialect(&GenericDialect {})
        .build()
        .and_then(|mut parser| parser.parse_statements())
        .map_err(|cause| from_datafusion(cause, Some(sql)))?;
    for statement in &mut statements {
        permit(statement)?;
        arrows::bind(statement);
    }
    Ok(statements.into())
}

/// As [`parse`], for a place that takes one statement.
///
/// # Errors
/// As [`parse`]; [`crate::ErrorKind::Invalid`] when there is none or more than one.
pub(crate) fn parse_one(sql: Sql<'_>) -> Result<Statement> {
    let mut statements = parse(sql)?;
    match (statements.pop(), statements.len()) {
        (Some(statement), 0) => Ok(statement),
        (None, _) => Err(Error::invalid("there is no SQL here").with("in", sql.origin)),
        (Some(_), more) => {
            Err(Error::invalid(format!("one statement is wanted here, not {}", more + 1)).with("in", sql.origin))
        }
    }
}

/// The texts between the semicolons that end statements, each with the line of the origin that it starts on. What stands
/// before a statement on its line is blanked, so that columns stay what they are.
pub(crate) fn split(sql: Sql<'_>) -> Vec<(String, usize)> {
    let tokens = Tokenizer::new(&GenericDialect {}, sql.text).tokenize_with_location().unwrap_or_default();
    let lines: Vec<&str> = sql.text.split('\n').collect();
    let mut statements = Vec::new();
    let mut start: Option<(u64, u64)> = None;
    let mut end = (1, 1);
    for token in tokens {
        match token.token {
            Token::SemiColon => statements.extend(start.take().and_then(|start| between(&lines, start, end))),
            Token::Whitespace(_) | Token::EOF => {}
            _ => {
                start.get_or_insert((token.span.start.line, token.span.start.column));
                end = (token.span.end.line, token.span.end.column);
            }
        }
    }
    statements.extend(start.and_then(|start| between(&lines, start, end)));
    statements.into_iter().map(|(text, line)| (text, sql.first_line + line - 1)).collect()
}

/// The text from `start` to `end` (exclusive), both (line, column) from 1, and the line it starts on.
fn between(lines: &[&str], start: (u64, u64), end: (u64, u64)) -> Option<(String, usize)> {
    let at = |(line, column): (u64, u64)| {
        Some((usize::try_from(line).ok()?.checked_sub(1)?, usize::try_from(column).ok()?.checked_sub(1)?))
    };
    let ((first, from), (last, to)) = (at(start)?, at(end)?);
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate().take(last + 1).skip(first) {
        let kept = line.chars().enumerate().take(if index == last { to } else { usize::MAX });
        text.extend(kept.map(|(column, c)| if index == first && column < from { ' ' } else { c }));
        text.push('\n');
    }
    Some((text, first + 1))
}

fn measure(sql: Sql<'_>) -> Result<()> {
    if sql.text.len() > MAX_TEXT {
        return Err(too_large(
            &format!("the statement has {}", ByteSize(sql.text.len() as u64)),
            &ByteSize(MAX_TEXT as u64),
        ));
    }
    // What cannot be split into tokens gets its error, with its place, from the parser.
    let tokens = Tokenizer::new(&GenericDialect {}, sql.text).tokenize().unwrap_or_default();
    let words = tokens.iter().filter(|token| !matches!(token, Token::Whitespace(_))).count();
    if words > MAX_TOKENS {
        return Err(too_large(&format!("the statement has {words} words"), &MAX_TOKENS));
    }
    let is_set_operation = |token: &&Token| matches!(token, Token::Word(word) if matches!(word.keyword, Keyword::UNION | Keyword::INTERSECT | Keyword::EXCEPT));
    match tokens.iter().filter(is_set_operation).count() {
        count if count > MAX_SET_OPERATIONS => {
            Err(too_large(&format!("the statement has {count} set operations"), &MAX_SET_OPERATIONS))
        }
        _ => Ok(()),
    }
}

fn too_large(what: &str, most: &dyn std::fmt::Display) -> Error {
    Error::limit(format!("{what}; at most {most} are planned"))
        .hint("write long lists as `= ANY($list)`, and join a table instead of repeating conditions")
}

fn permit(statement: &Statement) -> Result<()> {
    match statement {
        Statement::Statement(inner) => permit_sql(inner),
        Statement::Explain(explain) => permit(&explain.statement),
        Statement::CreateExternalTable(_) => Err(refused("CREATE EXTERNAL TABLE")),
        Statement::CopyTo(_) => Err(refused("COPY")),
        Statement::Reset(_) => Err(refused("RESET")),
    }
}

fn permit_sql(statement: &SqlStatement) -> Result<()> {
    match statement {
        SqlStatement::Query(query) => {
            let mut survey = Survey::default();
            match query.visit(&mut survey) {
                ControlFlow::Break(error) => Err(*error),
                ControlFlow::Continue(()) => Ok(()),
            }
        }
        SqlStatement::Explain { statement, .. } => permit_sql(statement),
        other => {
            let text = other.to_string();
            Err(refused(&text.split_whitespace().take(2).collect::<Vec<_>>().join(" ").to_uppercase()))
        }
    }
}

fn refused(what: &str) -> Error {
    let error = Error::invalid(format!("`{what}` is refused: SQL in Outlay only reads"));
    let hint = match what.split_whitespace().next().unwrap_or_default() {
        "COPY" | "INSERT" => "write a result to a file with `-o FILE`",
        "CREATE" => "tables come from `[tables.NAME]` in outlay.toml, views from saved queries",
        "SET" | "RESET" => "settings come from flags and outlay.toml",
        "SHOW" | "DESCRIBE" | "DESC" => "use `outlay tables` and `outlay describe TABLE`",
        _ => "use SELECT, WITH or EXPLAIN",
    };
    error.hint(hint)
}

/// Measures a query and looks at what it names.
#[derive(Default)]
struct Survey {
    depth: usize,
    relations: usize,
}

impl Visitor for Survey {
    type Break = Box<Error>;

    fn pre_visit_expr(&mut self, _expr: &Expr) -> ControlFlow<Self::Break> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let error = too_large(&format!("an expression is nested more than {MAX_DEPTH} deep"), &MAX_DEPTH);
            return ControlFlow::Break(Box::new(error));
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, _expr: &Expr) -> ControlFlow<Self::Break> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, _factor: &TableFactor) -> ControlFlow<Self::Break> {
        self.relations += 1;
        if self.relations > MAX_RELATIONS {
            let error = too_large(&format!("the statement joins more than {MAX_RELATIONS} tables"), &MAX_RELATIONS);
            return ControlFlow::Break(Box::new(error));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<Self::Break> {
        let name = relation.to_string();
        if name.contains('/') || name.contains("://") || name.starts_with('\'') {
            let error = Error::invalid(format!("{name} is refused: SQL reads configured sources only, no files"))
                .hint("name the file under `[tables.NAME]` in outlay.toml, then select from NAME");
            return ControlFlow::Break(Box::new(error));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_statement(&mut self, statement: &SqlStatement) -> ControlFlow<Self::Break> {
        // `WITH x AS (DELETE …)` and the like hide a statement in a query.
        let text = statement.to_string();
        ControlFlow::Break(Box::new(refused(text.split_whitespace().next().unwrap_or_default())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    fn kind(sql: &str) -> Option<ErrorKind> {
        let text = sql.to_owned();
        // Deep statements need the stack of the planning thread.
        std::thread::Builder::new()
            .stack_size(256 << 20)
            .spawn(move || parse(Sql::new(&text, "test")).err().map(|error| error.kind()))
            .unwrap()
            .join()
            .unwrap()
    }

    #[test]
    fn what_reads_is_let_through() {
        for sql in [
            "select 1",
            "with a as (select 1) select * from a",
            "explain select 1",
            "explain analyze select 1",
            "select 1; select 2;",
        ] {
            assert_eq!(kind(sql), None, "{sql}");
        }
    }

    #[test]
    fn what_does_more_is_refused() {
        for sql in [
            "copy (select 1) to '/tmp/x'",
            "explain copy (select 1) to '/tmp/x'",
            "create external table x stored as parquet location '/etc'",
            "create table x as select 1",
            "create view x as select 1",
            "insert into x values (1)",
            "drop table x",
            "set datafusion.execution.batch_size = 1",
            "select * from '/etc/passwd'",
            "select * from \"s3://b/x.parquet\"",
            "show tables",
            "prepare p as select 1",
            "select 1; drop table x",
        ] {
            assert_eq!(kind(sql), Some(ErrorKind::Invalid), "{sql}");
        }
    }

    #[test]
    fn statements_keep_their_places() {
        let sql =
            Sql { text: "select ';' -- a;b\n; select\n 2 ;; select 'ä' || x;\n", origin: "q.sql", first_line: 10 };
        let split = split(sql);
        let shown: Vec<(&str, usize)> = split.iter().map(|(text, line)| (text.as_str(), *line)).collect();
        assert_eq!(shown, [("select ';'\n", 10), ("  select\n 2\n", 11), ("      select 'ä' || x\n", 12)]);
    }

    #[test]
    fn what_is_too_large_is_stopped_before_planning() {
        let additions = format!("select 1{}", "+1".repeat(20_000));
        let joins = format!("select 1 from a{}", " cross join a".repeat(400));
        let unions = format!("select 1{}", " union all select 1".repeat(1_000));
        let text = format!("select '{}'", "x".repeat(300_000));
        for sql in [&additions, &joins, &unions, &text] {
            assert_eq!(kind(sql), Some(ErrorKind::Limit), "{}", &sql[..40]);
        }
    }

    #[test]
    fn a_syntax_error_has_its_place() {
        let error = parse(Sql::new("select 1\n + )", "q.sql")).unwrap_err();
        assert_eq!(error.place().map(|place| place.line), Some(2), "{error:?}");
    }
}
