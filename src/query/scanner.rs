//! Reads the small grammars of directives: words, quoted text, lists, `key=value` pairs.

use std::ops::Range;

use crate::error::{Error, Place, Result};

use super::passage::Passage;

/// A value as written: quoted or bare, with the bytes of the passage it takes.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) text: String,
    pub(super) at: Range<usize>,
    pub(super) quoted: bool,
}

/// A position in a passage.
#[derive(Debug)]
pub(super) struct Scanner<'p, 'a> {
    passage: &'p Passage<'a>,
    at: usize,
    end: usize,
}

impl<'p, 'a> Scanner<'p, 'a> {
    /// Starts at the first byte of `passage`.
    pub(super) fn new(passage: &'p Passage<'a>) -> Self {
        Self::until(passage, passage.text().len())
    }

    /// The same, and takes the byte `end` for the end of the text.
    pub(super) fn until(passage: &'p Passage<'a>, end: usize) -> Self {
        Self { passage, at: 0, end }
    }

    /// What is left to read, from the next character that is not a space.
    pub(super) fn rest(&mut self) -> &'p str {
        let rest = self.passage.text().get(self.at..self.end).unwrap_or_default();
        let trimmed = rest.trim_start();
        self.at += rest.len() - trimmed.len();
        trimmed
    }

    /// Takes `token` when it comes next.
    pub(super) fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    /// Takes the word `word` when it comes next and no longer word begins with it.
    pub(super) fn take_word(&mut self, word: &str) -> bool {
        let found = self.rest().strip_prefix(word).is_some_and(|rest| !rest.starts_with(is_word_part));
        if found {
            self.at += word.len();
        }
        found
    }

    /// Takes `token` or fails with what was expected.
    pub(super) fn expect(&mut self, token: &str) -> Result<()> {
        if self.take(token) { Ok(()) } else { Err(self.expected(&format!("`{token}`"))) }
    }

    /// Takes the letters, digits and underscores that come next.
    pub(super) fn word(&mut self) -> Option<Item> {
        let rest = self.rest();
        let length = rest.find(|character| !is_word_part(character)).unwrap_or(rest.len());
        self.advance(length)
    }

    /// Takes the first `length` bytes of [`Self::rest`] as a bare item; `None` when there is nothing but space in them.
    pub(super) fn advance(&mut self, length: usize) -> Option<Item> {
        let text = self.rest().get(..length)?.trim_end();
        let start = self.at;
        self.at += length;
        (!text.is_empty()).then(|| Item { text: text.to_owned(), at: start..start + text.len(), quoted: false })
    }

    /// Takes text in single or double quotes when it comes next; a doubled quote stands for one.
    pub(super) fn quoted(&mut self) -> Result<Option<Item>> {
        let rest = self.rest();
        let Some(quote) = rest.chars().next().filter(|first| matches!(first, '\'' | '"')) else { return Ok(None) };
        let mut text = String::new();
        let mut characters = rest.char_indices().skip(1).peekable();
        while let Some((offset, character)) = characters.next() {
            if character != quote {
                text.push(character);
            } else if characters.next_if(|(_, next)| *next == quote).is_some() {
                text.push(quote);
            } else {
                let start = self.at;
                self.at += offset + quote.len_utf8();
                return Ok(Some(Item { text, at: start..self.at, quoted: true }));
            }
        }
        Err(self.error(self.at..self.at + rest.len(), format!("the text in `{quote}` does not end")))
    }

    /// Takes items separated by commas up to `close`, which is taken too.
    pub(super) fn list(&mut self, close: char) -> Result<Vec<Item>> {
        let mut items = Vec::new();
        if self.take(&close.to_string()) {
            return Ok(items);
        }
        loop {
            items.push(self.list_item(close)?);
            if self.take(&close.to_string()) {
                return Ok(items);
            }
            if !self.take(",") {
                return Err(self.expected(&format!("`,` or `{close}`")));
            }
        }
    }

    fn list_item(&mut self, close: char) -> Result<Item> {
        if let Some(item) = self.quoted()? {
            return Ok(item);
        }
        let rest = self.rest();
        let length = rest.find([',', close]).unwrap_or(rest.len());
        self.advance(length).ok_or_else(|| self.expected("a value"))
    }

    /// Takes SQL names separated by commas up to `close`, which is taken too; double quotes stay part of a name.
    pub(super) fn names(&mut self, close: char) -> Result<Vec<Item>> {
        let mut names = Vec::new();
        loop {
            names.push(self.name([',', close]).ok_or_else(|| self.expected("a column"))?);
            if self.take(&close.to_string()) {
                return Ok(names);
            }
            self.expect(",")?;
        }
    }

    /// Takes what stands before the next of `stops` that is not inside of double quotes.
    pub(super) fn name<const N: usize>(&mut self, stops: [char; N]) -> Option<Item> {
        let rest = self.rest();
        self.advance(find_unquoted(rest, &stops).unwrap_or(rest.len()))
    }

    /// Takes `key=value` when anything is left; a bare value ends at a space that stands outside of parentheses.
    pub(super) fn key_value(&mut self) -> Result<Option<(Item, Item)>> {
        if self.rest().is_empty() {
            return Ok(None);
        }
        let key = self.word().ok_or_else(|| self.expected("`key=value`"))?;
        if !self.take("=") {
            return Err(self.error(key.at, format!("expected `{0}=value`, found `{0}`", key.text)));
        }
        let value = match self.quoted()? {
            Some(value) => value,
            None => {
                let length = bare_length(self.rest());
                self.advance(length).ok_or_else(|| self.expected(&format!("a value for `{}`", key.text)))?
            }
        };
        Ok(Some((key, value)))
    }

    /// Fails when anything is left.
    pub(super) fn finish(&mut self) -> Result<()> {
        let rest = self.rest();
        if rest.is_empty() {
            return Ok(());
        }
        let start = self.at;
        Err(self.error(start..start + rest.len(), format!("unexpected `{}`", rest.trim_end())))
    }

    /// Where `item` stands in the file.
    pub(super) fn place(&self, item: &Item) -> Place {
        self.passage.place(item.at.clone())
    }

    /// An error that marks the bytes `at`.
    pub(super) fn error(&self, at: Range<usize>, message: impl Into<String>) -> Error {
        Error::invalid(message).at(self.passage.place(at))
    }

    /// The error that `what` should come next.
    pub(super) fn expected(&mut self, what: &str) -> Error {
        let rest = self.rest();
        match rest.split_whitespace().next() {
            Some(found) => self.error(self.at..self.at + found.len(), format!("expected {what}, found `{found}`")),
            None => self.error(self.at..self.at, format!("expected {what} at the end of the line")),
        }
    }
}

/// Whether `text` can stand for a column: a plain identifier, or any text in double quotes.
pub(super) fn is_column(text: &str) -> bool {
    match text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) => !inner.is_empty() && !inner.replace("\"\"", "").contains('"'),
        None => {
            text.chars().all(is_word_part)
                && text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        }
    }
}

/// Cuts `text` at `separator` where it is not inside of double quotes.
pub(super) fn split_unquoted(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = find_unquoted(rest, &[separator]) {
        parts.push(&rest[..at]);
        rest = &rest[at + separator.len_utf8()..];
    }
    parts.push(rest);
    parts
}

fn find_unquoted(text: &str, wanted: &[char]) -> Option<usize> {
    let mut quoted = false;
    text.char_indices().find_map(|(offset, character)| {
        quoted ^= character == '"';
        (!quoted && wanted.contains(&character)).then_some(offset)
    })
}

/// Whether `text` can name a parameter or a saved query: lower-case letters, digits and underscores, a letter first.
pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn is_word_part(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

fn bare_length(text: &str) -> usize {
    let mut depth = 0usize;
    for (offset, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 && character.is_whitespace() => return offset,
            _ => {}
        }
    }
    text.len()
}
