//! vsnprintf in Rust: formatting into memory that does not grow.

use std::fmt;

/// A buffer of fixed size to format into, which knows how much room the whole
/// text would have taken.
///
/// [vsnprintf(3)](https://man7.org/linux/man-pages/man3/vsnprintf.3.html) does
/// two things at once: it stores what fits, and it **returns the length of all
/// of it**, stored or not. The first half keeps LevelDB's logger off the heap for
/// ordinary lines; the second half tells it how much to allocate when a line is
/// not ordinary. [`need`](Self::need) is that return value, without the `-1`
/// for failure: storing too little is no error here, so `write!` into a
/// `FixedBuf` fails only if a `Display` of the arguments does.
///
/// Writing into `&mut [u8]` through [`io::Write`](std::io::Write) would not do:
/// it reports that something did not fit, and not how much.
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
/// assert_eq!(buf.need(), 11);
/// assert!(buf.is_cut());
/// ```
#[derive(Debug)]
pub struct FixedBuf<'a> {
    buf: &'a mut [u8],
    len: usize,
    need: usize,
}

impl<'a> FixedBuf<'a> {
    /// Starts with an empty text in `buf`, whatever `buf` holds.
    pub fn new(buf: &'a mut [u8]) -> Self {
        Self {
            buf,
            len: 0,
            need: 0,
        }
    }

    /// The bytes stored: whole characters only, never more than the buffer has.
    pub fn as_bytes(&self) -> &[u8] {
        &self.buf[..self.len]
    }

    /// The length, in bytes, that the text would have with room for all of it.
    pub fn need(&self) -> usize {
        self.need
    }

    /// Whether something was left out.
    pub fn is_cut(&self) -> bool {
        self.need > self.len
    }
}

impl fmt::Write for FixedBuf<'_> {
    #[inline]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // Once something is left out, nothing may follow it: a later piece that
        // happens to fit would close the gap and look like the real text.
        if !self.is_cut() {
            let room = self.buf.len() - self.len;
            let fits = if text.len() <= room {
                text.len()
            } else {
                (0..=room)
                    .rfind(|&end| text.is_char_boundary(end))
                    .unwrap_or(0)
            };
            let end = self.len + fits;
            self.buf[self.len..end].copy_from_slice(&text.as_bytes()[..fits]);
            self.len = end;
        }
        self.need = self.need.saturating_add(text.len());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

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

            prop_assert_eq!(buf.need(), whole.len());
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
        assert_eq!(buf.need(), 7);
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
}
