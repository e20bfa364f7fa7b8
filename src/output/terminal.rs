//! Text on terminals: its width, what must not reach them, and lines.

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::Style;

/// How text is emphasised, when it is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Emphasis {
    None,
    Bold,
    Dim,
}

/// What lines and cuts are drawn with, and whether text is emphasised.
pub(super) struct Pen {
    /// `─`
    pub(super) horizontal: char,
    /// `│`
    pub(super) vertical: char,
    /// The corners and crossings of the line above, below and between rows.
    pub(super) top: [char; 3],
    pub(super) middle: [char; 3],
    pub(super) bottom: [char; 3],
    /// What stands for text that was cut off.
    pub(super) ellipsis: &'static str,
    color: bool,
}

impl Pen {
    pub(super) fn of(style: &Style) -> Self {
        if style.ascii {
            let crossing = ['+'; 3];
            return Self {
                horizontal: '-',
                vertical: '|',
                top: crossing,
                middle: crossing,
                bottom: crossing,
                ellipsis: "...",
                color: style.color,
            };
        }
        Self {
            horizontal: '─',
            vertical: '│',
            top: ['┌', '┬', '┐'],
            middle: ['├', '┼', '┤'],
            bottom: ['└', '┴', '┘'],
            ellipsis: "…",
            color: style.color,
        }
    }

    /// Adds `text`, emphasised when colors are on.
    pub(super) fn push(&self, out: &mut String, text: &str, emphasis: Emphasis) {
        let look = match emphasis {
            Emphasis::Bold if self.color => anstyle::Style::new().bold(),
            Emphasis::Dim if self.color => anstyle::Style::new().dimmed(),
            _ => return out.push_str(text),
        };
        // Writing to a string cannot fail.
        let _ = write!(out, "{look}{text}{look:#}");
    }

    /// Adds a stretch of a horizontal line.
    pub(super) fn push_line(&self, out: &mut String, length: usize) {
        out.extend(std::iter::repeat_n(self.horizontal, length));
    }

    /// `text` cut to `room` columns, with an ellipsis at its end when it was longer.
    pub(super) fn fit<'t>(&self, text: &'t str, room: usize) -> Cow<'t, str> {
        if width(text) <= room {
            return Cow::Borrowed(text);
        }
        let mut left = room.saturating_sub(width(self.ellipsis));
        let kept = text.char_indices().find_map(|(index, character)| {
            let taken = most_columns(character);
            let fits = taken <= left;
            left = left.saturating_sub(taken);
            (!fits).then_some(&text[..index])
        });
        Cow::Owned(format!("{}{}", kept.unwrap_or_default(), self.ellipsis))
    }
}

/// Columns that `text` takes.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// The most columns that a character adds to a text: a variation selector may widen the one before it.
fn most_columns(character: char) -> usize {
    if matches!(character, '\u{fe00}'..='\u{fe0f}') { 1 } else { character.width().unwrap_or(0) }
}

/// `text` on one line, with control characters written out: data must not move the cursor or color the screen.
pub(super) fn on_one_line(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_dangerous) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if is_dangerous(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// Control characters, and those that turn the direction of text around.
fn is_dangerous(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};

    use super::*;

    #[test]
    fn text_is_cut_between_characters() {
        let pen = Pen::of(&Style::default());
        assert_eq!(pen.fit("abcdef", 6), "abcdef");
        assert_eq!(pen.fit("abcdefg", 6), "abcde…");
        assert_eq!(pen.fit("東京都庁", 6), "東京…");
        assert_eq!(Pen::of(&Style { ascii: true, ..Style::default() }).fit("abcdefg", 6), "abc...");
    }

    #[test]
    fn control_characters_are_written_out() {
        assert_eq!(on_one_line("a\nb\tc\u{1b}[31m\u{202e}"), "a\\nb\\tc\\u{1b}[31m\\u{202e}");
        assert_eq!(on_one_line("Grüße 🎉"), "Grüße 🎉");
    }

    proptest! {
        #[test]
        fn what_is_cut_fits(
            text in any::<String>(),
            pictures in "[a☺1\u{fe0f}\u{200d}\u{301}\u{20e3}東👩🚀👍🏽🇩🇪]{0,30}",
            room in 1usize..12,
        ) {
            for text in [text, pictures] {
                let line = on_one_line(&text);
                prop_assert!(width(&Pen::of(&Style::default()).fit(&line, room)) <= room, "{text:?}");
            }
        }
    }
}
