//! One record is one line, whatever a client sent.

use std::fmt::{self, Write};

/// Passes text on with its control characters escaped.
///
/// A logged name with a line feed in it could forge a whole record, and one with
/// an escape sequence takes over the terminal of whoever reads the log. Both
/// come from outside, so the logger cannot trust any argument.
#[derive(Debug)]
pub(crate) struct Escape<'a, W>(pub(crate) &'a mut W);

impl<W: Write> Write for Escape<'_, W> {
    #[inline]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if may_need_escape(text) {
            self.write_escaped(text)
        } else {
            self.0.write_str(text)
        }
    }
}

impl<W: Write> Escape<'_, W> {
    #[cold]
    fn write_escaped(&mut self, text: &str) -> fmt::Result {
        let mut plain = 0;
        for (at, char) in text.char_indices() {
            if char.is_control() {
                self.0.write_str(&text[plain..at])?;
                write!(self.0, "{}", char.escape_default())?;
                plain = at + char.len_utf8();
            }
        }
        self.0.write_str(&text[plain..])
    }
}

/// True if any byte is, or may begin, a control character: C0, DEL, or the 0xC2
/// that starts C1 in UTF-8, where 0x9B alone opens an escape sequence. Looks at
/// every byte instead of stopping early, which lets the compiler take sixteen at
/// a time.
#[inline]
fn may_need_escape(text: &str) -> bool {
    text.bytes().fold(false, |found, byte| {
        found | (byte < 0x20) | (byte == 0x7F) | (byte == 0xC2)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(text: &str) -> String {
        let mut out = String::new();
        Escape(&mut out).write_str(text).unwrap();
        out
    }

    #[test]
    fn no_character_leaves_a_control_character_behind() {
        for char in (0..0x300).filter_map(char::from_u32) {
            let out = escaped(&format!("a{char}b"));
            assert!(!out.chars().any(char::is_control), "{char:?} gave {out:?}");
            assert!(out.starts_with('a') && out.ends_with('b'));
            assert_eq!(out == format!("a{char}b"), !char.is_control());
        }
    }

    #[test]
    fn text_around_control_characters_stays() {
        assert_eq!(
            escaped("\r\nGET / \u{9b}2J\x7f©\0"),
            r"\r\nGET / \u{9b}2J\u{7f}©\u{0}"
        );
        assert_eq!(escaped(""), "");
    }
}
