//! The SQL of a saved query: one statement that only reads, and placeholders that are all declared and all used.

use std::collections::BTreeSet;

use datafusion::sql::sqlparser::ast::Statement;
use datafusion::sql::sqlparser::tokenizer::{Location, Token, TokenWithSpan, Whitespace};

use crate::error::{Error, Place, Result, did_you_mean};

use super::directive::is_known_directive;
use super::param::Param;
use super::passage::SourceText;
use super::syntax::{self, Fault, Position};

/// The SQL part of a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Body<'a> {
    pub(crate) source: SourceText<'a>,
    /// The text from the first line that is no directive.
    pub(crate) text: &'a str,
    /// The line on which `text` begins.
    pub(crate) first_line: usize,
}

impl<'a> Body<'a> {
    /// Checks the SQL against `params` and returns it without the semicolon, spaces and comments at its end.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] at the place of what is wrong.
    pub(crate) fn check(self, params: &[Param]) -> Result<&'a str> {
        let tokens = syntax::tokens(self.text).map_err(|fault| self.error(fault))?;
        self.refuse_late_directives(&tokens)?;
        let statement = syntax::query(&tokens).map_err(|fault| self.error(fault))?;
        self.check_placeholders(&tokens, &statement, params)?;
        self.refuse_lists_in_parentheses(&statement, params)?;
        let end = syntax::significant(&tokens)
            .rfind(|token| token.token != Token::SemiColon)
            .map_or(0, |last| offset(self.text, last.span.end));
        Ok(self.text.get(..end).unwrap_or(self.text))
    }

    fn error(self, Fault { message, hint, at }: Fault) -> Error {
        hint.into_iter().fold(Error::invalid(message).at(self.place(at)), Error::hint)
    }

    fn place(self, position: Position) -> Place {
        match position {
            Position::Marked { line, column, width } if line <= self.text.lines().count() => {
                self.source.place(self.first_line.saturating_add(line).saturating_sub(1), column, width)
            }
            _ => {
                let text = self.text.trim_end();
                let line = text.lines().count().max(1);
                let column = text.lines().next_back().map_or(1, |last| last.chars().count() + 1);
                self.source.place(self.first_line + line - 1, column, 0)
            }
        }
    }

    /// Refuses a directive below the first line of SQL, which would else be an idle comment.
    fn refuse_late_directives(self, tokens: &[TokenWithSpan]) -> Result<()> {
        let late = tokens.iter().find(|token| match &token.token {
            Token::Whitespace(Whitespace::SingleLineComment { comment, prefix }) => {
                prefix == "--" && token.span.start.column == 1 && is_known_directive(comment)
            }
            _ => false,
        });
        let Some(token) = late else { return Ok(()) };
        Err(Error::invalid("the directive stands below the first line of SQL")
            .at(self.place(Position::of(token.span)))
            .hint("move it above; if it is a comment, indent it"))
    }

    fn check_placeholders(self, tokens: &[TokenWithSpan], statement: &Statement, params: &[Param]) -> Result<()> {
        let known: BTreeSet<String> = params.iter().flat_map(Param::placeholders).collect();
        let mut used = BTreeSet::new();
        for token in tokens {
            let Token::Placeholder(text) = &token.token else { continue };
            let at = Position::of(token.span);
            match text
                .strip_prefix('$')
                .filter(|name| !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()))
            {
                Some(name) if known.contains(name) => used.insert(name),
                Some(name) => return Err(self.undeclared(name, at, &known)),
                None => return Err(self.unnamed(text, at)),
            };
        }
        if let Some((text, at)) = syntax::foreign_placeholder(statement) {
            return Err(self.unnamed(&text, at));
        }
        let is_unused = |param: &&Param| !param.placeholders().iter().any(|name| used.contains(name.as_str()));
        match params.iter().find(is_unused) {
            Some(param) => Err(Error::invalid(format!("parameter `{}` is not used", param.name))
                .at(param.place.clone())
                .hint(format!("use `${}` in the SQL or delete the line", param.placeholders().join("` or `$")))),
            None => Ok(()),
        }
    }

    fn undeclared(self, name: &str, at: Position, known: &BTreeSet<String>) -> Error {
        let known: Vec<String> = known.iter().map(|name| format!("${name}")).collect();
        let near = did_you_mean(&format!("${name}"), known.iter().map(String::as_str));
        Error::invalid(format!("parameter `${name}` is not declared"))
            .at(self.place(at))
            .hint(near.unwrap_or_else(|| format!("declare it: `-- param: {name} text`")))
    }

    fn unnamed(self, text: &str, at: Position) -> Error {
        Error::invalid(format!("`{text}` is not a named parameter"))
            .at(self.place(at))
            .hint("write it as `$name` and declare it: `-- param: name text`")
    }

    fn refuse_lists_in_parentheses(self, statement: &Statement, params: &[Param]) -> Result<()> {
        let is_list = |name: &str| params.iter().any(|param| param.array && param.name == name);
        match syntax::list_in_parentheses(statement, is_list) {
            Some((name, at)) => Err(Error::invalid(format!("`${name}` is a list and cannot stand in `IN (...)`"))
                .at(self.place(at))
                .hint(format!("write `= ANY(${name})`"))),
            None => Ok(()),
        }
    }
}

/// The byte of `text` at a location of the parser, which counts lines by `\n` and columns by characters.
fn offset(text: &str, location: Location) -> usize {
    let line = syntax::index(location.line).saturating_sub(1);
    let column = syntax::index(location.column).saturating_sub(1);
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let rest = text.get(start..).unwrap_or_default();
    start + rest.char_indices().nth(column).map_or(rest.len(), |(offset, _)| offset)
}
