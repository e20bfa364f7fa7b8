//! Persons within JSON.

use jiter::{Jiter, JiterError, Peek};

/// Objects and arrays within each other; what is deeper is hidden whole.
const MAX_DEPTH: usize = 100;

/// `json` with every text and number under a key that `is_person` in place of what `pseudonym` makes of it, at any depth.
/// Everything else stays as it is, digit by digit. `None` when `json` is no JSON, or nests more than a hundred deep: nobody
/// knows what it holds.
pub fn rewrite(json: &str, is_person: &dyn Fn(&str) -> bool, pseudonym: &dyn Fn(&str) -> String) -> Option<String> {
    let reader = Jiter::new(json.as_bytes());
    let mut rewriter = Rewriter { json, reader, copied: 0, out: String::new(), is_person, pseudonym };
    rewriter.value(false, 0).ok()?;
    rewriter.reader.finish().ok()?;
    rewriter.copy_to(json.len());
    Some(rewriter.out)
}

/// Why it was not read does not matter: it is hidden.
struct Unread;

impl From<JiterError> for Unread {
    fn from(_: JiterError) -> Self {
        Self
    }
}

struct Rewriter<'j, 'f> {
    json: &'j str,
    reader: Jiter<'j>,
    /// Everything before this byte is in `out`.
    copied: usize,
    out: String,
    is_person: &'f dyn Fn(&str) -> bool,
    pseudonym: &'f dyn Fn(&str) -> String,
}

impl Rewriter<'_, '_> {
    fn value(&mut self, is_person: bool, depth: usize) -> Result<(), Unread> {
        let peek = self.reader.peek()?;
        self.peeked(peek, is_person, depth)
    }

    fn peeked(&mut self, peek: Peek, is_person: bool, depth: usize) -> Result<(), Unread> {
        match peek {
            Peek::Object | Peek::Array if depth == MAX_DEPTH => Err(Unread),
            Peek::Object => {
                let mut key = self.reader.known_object()?.map(str::to_owned);
                while let Some(name) = key {
                    let is_person = is_person || (self.is_person)(&name);
                    self.value(is_person, depth + 1)?;
                    key = self.reader.next_key()?.map(str::to_owned);
                }
                Ok(())
            }
            Peek::Array => {
                let mut element = self.reader.known_array()?;
                while let Some(peek) = element {
                    self.peeked(peek, is_person, depth + 1)?;
                    element = self.reader.array_step()?;
                }
                Ok(())
            }
            Peek::String if is_person => {
                let start = self.reader.current_index();
                let text = self.reader.known_str()?.to_owned();
                self.replace(start, &text);
                Ok(())
            }
            peek if is_person && peek.is_num() => {
                let start = self.reader.current_index();
                self.reader.known_skip(peek)?;
                let number = self.json[start..self.reader.current_index()].to_owned();
                self.replace(start, &number);
                Ok(())
            }
            peek => Ok(self.reader.known_skip(peek)?),
        }
    }

    /// The value that begins at `start` and was just read is the person `text`.
    fn replace(&mut self, start: usize, text: &str) {
        self.copy_to(start);
        self.out.push_str(&serde_json::Value::String((self.pseudonym)(text)).to_string());
        self.copied = self.reader.current_index();
    }

    fn copy_to(&mut self, end: usize) {
        self.out.push_str(&self.json[self.copied..end]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(json: &str) -> Option<String> {
        rewrite(json, &|key| key == "user", &|text| format!("<{text}>"))
    }

    #[test]
    fn persons_are_replaced_and_every_other_digit_stays() {
        for (json, wanted) in [
            (r#"{"team":"a", "user" : "ada"}"#, r#"{"team":"a", "user" : "<ada>"}"#),
            (r#"{"user":12345678901234567890123,"n":0.10}"#, r#"{"user":"<12345678901234567890123>","n":0.10}"#),
            (r#"{"user":{"id":"ada","ok":true}}"#, r#"{"user":{"id":"<ada>","ok":true}}"#),
            (r#"{"user":["ada","bea"],"x":["ada"]}"#, r#"{"user":["<ada>","<bea>"],"x":["ada"]}"#),
            (r#"[{"user":"a\u00e9"},{"user":null}]"#, r#"[{"user":"<aé>"},{"user":null}]"#),
            (r#""user""#, r#""user""#),
            ("{}", "{}"),
        ] {
            assert_eq!(rewritten(json).as_deref(), Some(wanted));
        }
    }

    #[test]
    fn what_is_no_json_is_hidden() {
        let deep = "[".repeat(200_000);
        for text in ["user=ada", "{\"user\":\"ada\"", "{\"user\":\"ada\"} ada", "", &deep] {
            assert_eq!(rewritten(text), None, "{text}");
        }
    }
}
