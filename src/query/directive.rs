//! Splits a saved query into its directives, its prose and its SQL.
//!
//! A leading comment line is a directive when its text begins with `word:` (`[a-z_]+`, the colon at once; `https://` is
//! none). A line indented by two or more spaces continues the directive before it. Every other comment line is prose, in
//! which an indented line, of a list or a formula, stays a line of its own.

use crate::error::{Error, Result, did_you_mean};

use super::passage::{Passage, SourceText};

/// Every directive there is.
pub(super) const DIRECTIVES: [&str; 14] = [
    "name",
    "description",
    "owner",
    "tags",
    "param",
    "check",
    "chart",
    "format",
    "materialize",
    "freshness",
    "timeout",
    "max_scan",
    "depends",
    "schedule",
];

/// One directive: its word, where the word stands, and its value.
#[derive(Debug)]
pub(crate) struct Directive<'a> {
    pub(crate) word: &'a str,
    pub(crate) heading: Passage<'a>,
    pub(crate) value: Passage<'a>,
}

/// The parts of a file.
#[derive(Debug)]
pub(crate) struct Parts<'a> {
    pub(crate) directives: Vec<Directive<'a>>,
    /// Paragraphs of prose; indented lines are lines of their own, with their indentation.
    pub(crate) prose: Vec<String>,
    /// The SQL, from the first line that is neither blank nor a comment.
    pub(crate) body: &'a str,
    /// The line on which `body` begins, from 1.
    pub(crate) body_line: usize,
}

/// A comment line of the header without its `--`.
#[derive(Debug, Clone, Copy)]
struct CommentLine<'a> {
    content: &'a str,
    /// The white space before `content` beyond the first space.
    indent: &'a str,
    indented: bool,
    line: usize,
    column: usize,
}

impl<'a> Parts<'a> {
    /// Reads the header of `source`, whose directives are among `words`, up to its SQL.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] for an unknown directive and for one that only looks like it.
    pub(crate) fn of(source: SourceText<'a>, words: &[&str]) -> Result<Self> {
        let mut parts = Self { directives: Vec::new(), prose: Vec::new(), body: "", body_line: 1 };
        let mut offset = 0;
        let mut open = Open::Nothing;
        for (index, line) in source.text.split_inclusive('\n').enumerate() {
            let Some(comment) = CommentLine::of(line, index + 1) else {
                parts.body_line = index + 1;
                parts.body = source.text.get(offset..).unwrap_or_default();
                return Ok(parts);
            };
            open = parts.add(source, words, comment, open)?;
            offset += line.len();
        }
        parts.body_line = source.text.lines().count().max(1);
        Ok(parts)
    }

    fn add(&mut self, source: SourceText<'a>, words: &[&str], comment: CommentLine<'a>, open: Open) -> Result<Open> {
        if comment.content.is_empty() {
            return Ok(Open::Nothing);
        }
        refuse_near_directive(source, words, comment)?;
        if let (Open::Directive, true, Some(directive)) = (open, comment.indented, self.directives.last_mut()) {
            directive.value.continue_with(comment.content, comment.line, comment.column);
            return Ok(Open::Directive);
        }
        if let Some((word, value)) = split_word(comment.content) {
            self.directives.push(read_directive(source, words, comment, word, value)?);
            return Ok(Open::Directive);
        }
        let text = match comment.indented {
            true => format!("{}{}", comment.indent, comment.content),
            false => comment.content.to_owned(),
        };
        match (open, self.prose.last_mut()) {
            (Open::Prose, Some(paragraph)) => {
                let after_list = paragraph.lines().next_back().is_some_and(|line| line.starts_with(' '));
                paragraph.push(if comment.indented || after_list { '\n' } else { ' ' });
                paragraph.push_str(&text);
            }
            _ => self.prose.push(text),
        }
        Ok(Open::Prose)
    }
}

/// What the next comment line can continue.
#[derive(Debug, Clone, Copy)]
enum Open {
    Nothing,
    Directive,
    Prose,
}

impl<'a> CommentLine<'a> {
    /// `None` when `line` is neither blank nor a comment. A blank line counts as an empty comment.
    fn of(line: &'a str, number: usize) -> Option<Self> {
        let trimmed = line.trim_start();
        if trimmed.is_empty() {
            return Some(Self { content: "", indent: "", indented: false, line: number, column: 1 });
        }
        let rest = trimmed.strip_prefix("--")?;
        let content = rest.trim_start();
        let indent = rest.get(..rest.len() - content.len()).unwrap_or_default();
        let before = line.get(..line.len() - content.len()).unwrap_or_default();
        Some(Self {
            content: content.trim_end(),
            indent: indent.strip_prefix(' ').unwrap_or(indent),
            indented: indent.contains('\t') || indent.chars().count() >= 2,
            line: number,
            column: before.chars().count() + 1,
        })
    }
}

/// `name: value` as (`name`, ` value`).
fn split_word(content: &str) -> Option<(&str, &str)> {
    let (word, value) = content.split_once(':')?;
    let is_word = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    (is_word && !value.starts_with("//")).then_some((word, value))
}

/// Whether a comment inside the SQL would be a directive if it stood above it.
pub(super) fn is_known_directive(comment: &str) -> bool {
    split_word(comment.trim_start()).is_some_and(|(word, _)| DIRECTIVES.contains(&word))
}

fn read_directive<'a>(
    source: SourceText<'a>,
    words: &[&str],
    comment: CommentLine<'a>,
    word: &'a str,
    value: &'a str,
) -> Result<Directive<'a>> {
    let heading = Passage::new(source, word, comment.line, comment.column);
    if !words.contains(&word) {
        let known = words.iter().copied();
        let error = Error::invalid(format!("`{word}` is not a directive"))
            .at(heading.whole())
            .hint(did_you_mean(word, known).unwrap_or_else(|| format!("directives: {}", words.join(", "))));
        return Err(error.hint("begin prose with a capital letter, or do not put a colon after its first word"));
    }
    let text = value.trim_start();
    let column = comment.column + word.chars().count() + 1 + (value.chars().count() - text.chars().count());
    Ok(Directive { word, heading, value: Passage::new(source, text, comment.line, column) })
}

/// Refuses `Owner: x`, `owner : x` and an indented `owner: x`, which would else be lost in the prose.
fn refuse_near_directive(source: SourceText<'_>, words: &[&str], comment: CommentLine<'_>) -> Result<()> {
    let Some((before, _)) = comment.content.split_once(':') else { return Ok(()) };
    let word = before.trim_end().to_lowercase();
    let exact = word == before && !comment.indented;
    if exact || !words.contains(&word.as_str()) {
        return Ok(());
    }
    let place = source.place(comment.line, comment.column, before.chars().count() + 1);
    Err(Error::invalid(format!("`{before}:` reads like the directive `{word}` but is not written like one"))
        .at(place)
        .hint(format!("write `-- {word}: ...` with one space, in lower case; or reword the prose")))
}
