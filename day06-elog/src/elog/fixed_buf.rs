//! vsnprintf in Rust: formatting into memory that does not grow, and escaping on the way.

use std::fmt::{self, Write};

/// A buffer of fixed size to format into, which knows how much room the whole text would
/// have taken.
///
/// [vsnprintf(3)](https://man7.org/linux/man-pages/man3/vsnprintf.3.html) does two things at
/// once: it stores what fits, and it **returns the length of all of it**, stored or not. The
/// first half keeps LevelDB's logger off the heap for ordinary lines; the second half says
/// how much to allocate when a line is not ordinary. [`required_len`](Self::required_len)
/// is that return value, without the `-1` for failure: storing too little is no error here,
/// so `write!` into a `FixedBuf` fails only if a `Display` of the arguments does.
///
/// Writing into `&mut [u8]` through [`io::Write`](std::io::Write) would not do: it reports
/// that something did not fit, and not how much.
///
/// ```
/// # use day06_elog as reactor;
/// use std::fmt::Write;
/// use reactor::elog::FixedBuf;
///
/// let mut storage = [0; 8];
/// let mut buf = FixedBuf::new(&mut storage);
/// write!(buf, "{} bytes", 12345).unwrap();
/// assert_eq!(buf.as_bytes(), b"12345 by");
/// assert_eq!(buf.required_len(), 11);
/// assert!(buf.is_cut());
/// ```
#[derive(Debug)]
pub struct FixedBuf<'a> {
    buf: &'a mut [u8],
    len: usize,
    required_len: usize,
}

impl<'a> FixedBuf<'a> {
    /// Starts with an empty text in `buf`; what `buf` holds is overwritten.
    pub fn new(buf: &'a mut [u8]) -> Self {
        Self {
            buf,
            len: 0,
            required_len: 0,
        }
    }

    /// The bytes stored: whole characters only, never more than the buffer has.
    pub fn as_bytes(&self) -> &[u8] {
        &self.buf[..self.len]
    }

    /// The length, in bytes, that the text would have with room for all of it.
    pub fn required_len(&self) -> usize {
        self.required_len
    }

    /// Whether something was left out.
    pub fn is_cut(&self) -> bool {
        self.required_len > self.len
    }
}

impl Write for FixedBuf<'_> {
    #[inline]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // Once something is left out, nothing may follow it: a later piece that happens to
        // fit would close the gap and look like the real text.
        if !self.is_cut() {
            let room = self.buf.len() - self.len;
            let mut fits = text.len();
            if fits > room {
                let cut = (0..=room).rfind(|&len| text.is_char_boundary(len));
                fits = cut.unwrap_or(0);
            }
            let end = self.len + fits;
            self.buf[self.len..end].copy_from_slice(&text.as_bytes()[..fits]);
            self.len = end;
        }
        self.required_len = self.required_len.saturating_add(text.len());
        Ok(())
    }
}

/// Passes text on with its control characters escaped, so that one record is one line for
/// every reader.
///
/// A logged name with a line feed in it could forge a whole record, and one with an escape
/// sequence takes over the terminal that shows the log. Clients choose such names, so the
/// logger cannot trust any argument.
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
        for char in text.chars() {
            if misleads(char) {
                write!(self.0, "{}", char.escape_default())?;
            } else {
                self.0.write_char(char)?;
            }
        }
        Ok(())
    }
}

/// True for control characters; for U+2028 and U+2029, which end a line for JavaScript and
/// Python; and for those that reverse the direction of the text around them
/// ([UAX #9](https://www.unicode.org/reports/tr9/)), so that `fdp.exe` is shown as `exe.pdf`.
fn misleads(char: char) -> bool {
    let code = u32::from(char);
    char.is_control() || matches!(code, 0x61C | 0x200E..=0x200F | 0x2028..=0x202E | 0x2066..=0x2069)
}

/// True if any byte is, or may begin in UTF-8, a character to escape: C0, DEL, 0xC2 for C1,
/// where 0x9B alone opens an escape sequence, and 0xD8 and 0xE2 for the others. Looks at
/// every byte instead of stopping early, which lets the compiler take sixteen at a time.
#[inline]
fn may_need_escape(text: &str) -> bool {
    text.bytes().fold(false, |found, byte| {
        found | (byte < 0x20) | matches!(byte, 0x7F | 0xC2 | 0xD8 | 0xE2)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The whole contract, against the formatter that has all the room it
        /// wants: the return value of vsnprintf, and the longest prefix that
        /// ends between two characters.
        #[test]
        fn agrees_with_format(
            pieces in prop::collection::vec(any::<String>(), 0..12),
            number in any::<i64>(),
            capacity in 0_usize..600,
        ) {
            let mut storage = vec![0xEE; capacity];
            let mut buf = FixedBuf::new(&mut storage);
            let mut whole = String::new();
            for piece in &pieces {
                write!(buf, "{piece}|{number:>+7}|{piece:?}").unwrap();
                write!(whole, "{piece}|{number:>+7}|{piece:?}").unwrap();
            }
            let prefix_len = (0..=capacity.min(whole.len()))
                .rfind(|&end| whole.is_char_boundary(end))
                .unwrap();

            prop_assert_eq!(buf.required_len(), whole.len());
            prop_assert_eq!(buf.as_bytes(), &whole.as_bytes()[..prefix_len]);
            prop_assert_eq!(buf.is_cut(), prefix_len < whole.len());
            prop_assert!(std::str::from_utf8(buf.as_bytes()).is_ok());
            prop_assert!(storage[prefix_len..].iter().all(|&byte| byte == 0xEE));
        }
    }

    #[test]
    fn a_piece_that_fits_does_not_fill_the_gap_before_it() {
        let mut storage = [0; 5];
        let mut buf = FixedBuf::new(&mut storage);
        buf.write_str("abcd").unwrap();
        buf.write_str("é").unwrap();
        buf.write_str("f").unwrap();
        assert_eq!(buf.as_bytes(), b"abcd");
        assert_eq!(buf.required_len(), 7);
    }

    #[test]
    fn a_text_of_exactly_the_size_is_whole() {
        let mut storage = [0; 4];
        let mut buf = FixedBuf::new(&mut storage);
        buf.write_str("abcd").unwrap();
        assert!(!buf.is_cut());
        buf.write_str("").unwrap();
        assert!(!buf.is_cut());
        buf.write_str("e").unwrap();
        assert!(buf.is_cut());
    }

    fn escaped(text: &str) -> String {
        let mut out = String::new();
        Escape(&mut out).write_str(text).unwrap();
        out
    }

    #[test]
    fn no_character_breaks_or_turns_a_line() {
        let is_unicode_control = |char| {
            "\u{61C}\u{200E}\u{200F}\u{2028}\u{2029}\u{202A}\u{202B}\
            \u{202C}\u{202D}\u{202E}\u{2066}\u{2067}\u{2068}\u{2069}"
                .contains(char)
        };
        for char in (0..0x3000).filter_map(char::from_u32) {
            let out = escaped(&format!("a{char}b"));
            let is_escaped = char.is_control() || is_unicode_control(char);
            let expected = char.escape_default().to_string();
            let expected = if is_escaped {
                expected
            } else {
                char.to_string()
            };
            assert_eq!(out, format!("a{expected}b"), "{char:?}");
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
