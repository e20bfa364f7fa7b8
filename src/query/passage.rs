//! Text of a saved query that knows where in the file it stands, so that every error can point at it.

use std::ops::Range;

use crate::error::Place;

/// A file: its name as shown and its text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SourceText<'a> {
    pub(crate) file: &'a str,
    pub(crate) text: &'a str,
}

impl SourceText<'_> {
    /// The place at `line` and `column` (both from 1, in characters); the mark ends with the line at the latest.
    pub(crate) fn place(self, line: usize, column: usize, width: usize) -> Place {
        let text = self.text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
        let left = text.chars().count().saturating_sub(column.saturating_sub(1));
        Place { file: self.file.to_owned(), line, column, width: width.min(left), text: text.to_owned() }
    }
}

/// The value of a directive: one line of text put together from a comment line and its continuation lines.
#[derive(Debug)]
pub(crate) struct Passage<'a> {
    source: SourceText<'a>,
    text: String,
    pieces: Vec<Piece>,
}

/// Where a part of a passage begins, in the passage and in the file.
#[derive(Debug)]
struct Piece {
    offset: usize,
    line: usize,
    column: usize,
}

impl<'a> Passage<'a> {
    /// A passage of one piece that stands at `line` and `column` of the file.
    pub(crate) fn new(source: SourceText<'a>, text: &str, line: usize, column: usize) -> Self {
        Self { source, text: text.to_owned(), pieces: vec![Piece { offset: 0, line, column }] }
    }

    /// Appends a continuation line after one space.
    pub(crate) fn continue_with(&mut self, text: &str, line: usize, column: usize) {
        if !self.text.is_empty() {
            self.text.push(' ');
        }
        self.pieces.push(Piece { offset: self.text.len(), line, column });
        self.text.push_str(text);
    }

    /// The text, continuation lines joined by single spaces.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Where the bytes `range` of the text stand in the file; a range over several lines is marked on the first.
    pub(crate) fn place(&self, range: Range<usize>) -> Place {
        let after = self.pieces.partition_point(|piece| piece.offset <= range.start);
        let (line, column, offset) = after
            .checked_sub(1)
            .and_then(|index| self.pieces.get(index))
            .map_or((1, 1, 0), |piece| (piece.line, piece.column, piece.offset));
        let count = |range: Range<usize>| self.text.get(range).map_or(0, |part| part.chars().count());
        self.source.place(line, column + count(offset..range.start), count(range))
    }

    /// Where the whole of it stands.
    pub(crate) fn whole(&self) -> Place {
        self.place(0..self.text.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_in_a_continuation_line_is_found_on_its_own_line() {
        let source = SourceText { file: "q.sql", text: "-- check: ünique(a,\n--   bad)\nSELECT 1" };
        let mut passage = Passage::new(source, "ünique(a,", 1, 11);
        passage.continue_with("bad)", 2, 6);
        let start = passage.text().find("bad").unwrap();
        let place = passage.place(start..start + 3);
        assert_eq!((place.line, place.column, place.width, place.text.as_str()), (2, 6, 3, "--   bad)"));
        let start = passage.text().find('a').unwrap();
        assert_eq!(passage.place(start..start + 1).column, 18);
    }
}
