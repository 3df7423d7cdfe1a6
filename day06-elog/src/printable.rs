//! What a client sent, in a form that is safe to show.

use std::fmt::{self, Write};

/// Displays bytes as text, with everything that is not plain text escaped.
///
/// A client may send any byte it likes. Printed as they are, a carriage return
/// overwrites the line before it and an escape sequence can do worse to the
/// terminal of whoever reads along.
///
/// ```
/// # use day06_elog as reactor;
/// use reactor::Printable;
///
/// assert_eq!(Printable("你好\r\n\x1b[2J".as_bytes()).to_string(), r"你好\r\n\u{1b}[2J");
/// assert_eq!(Printable(b"\xff\0").to_string(), r"\xff\u{0}");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Printable<'a>(pub &'a [u8]);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for char in chunk.valid().chars() {
                if char.is_control() {
                    write!(f, "{}", char.escape_default())?;
                } else {
                    f.write_char(char)?;
                }
            }
            write!(f, "{}", chunk.invalid().escape_ascii())?;
        }
        Ok(())
    }
}
