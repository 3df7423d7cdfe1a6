//! A whole line in two passes, as LevelDB's `posix_logger.h` makes it.
//!
//! The first pass formats into a fixed buffer on the stack, and nearly every
//! line fits. If one does not, the buffer still knows how long the line is, and
//! the second pass formats it once more into exactly that much memory.

use std::fmt::{self, Write};

use crate::elog::escape::Escape;
use crate::elog::fixed_buf::FixedBuf;
use crate::elog::header::write_header;
use crate::elog::level::Level;

/// The longest line in bytes, its line feed included; what is longer is cut and marked.
pub const MAX_LINE: usize = 64 * 1024;

/// What the first pass has, as in LevelDB. Zeroing it costs some 5 ns of a call's
/// hundred; not zeroing it would cost an `unsafe` block.
const STACK: usize = 512;

/// Kept free at the end of the second pass for the mark of a cut line.
const MARK: usize = 48;

/// One finished line.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    /// The text with exactly one line feed, at its end.
    pub(crate) bytes: &'a [u8],
    /// Whether it was longer than [`MAX_LINE`] allows.
    pub(crate) cut: bool,
}

/// Formats a record and lends the line to `consume`.
///
/// No lock is held and nothing of the thread is borrowed while the arguments
/// format: a `Display` is somebody else's code, which may log, or panic.
pub(crate) fn with_line<R>(
    level: Level,
    place: &str,
    args: fmt::Arguments<'_>,
    consume: impl FnOnce(Line<'_>) -> R,
) -> R {
    let mut stack = [0; STACK];
    let (len, need) = format(&mut stack[..STACK - 1], level, place, args);
    if need == len {
        return consume(end_line(&mut stack, len, false));
    }

    let limit = need.min(MAX_LINE - MARK - 1);
    let mut heap = vec![0; limit + MARK + 1];
    // Arguments may come out longer than a moment ago, so this pass checks its
    // bounds like the first, and the line may be cut all the same.
    let (mut len, need) = format(&mut heap[..limit], level, place, args);
    let cut = need > len;
    if cut {
        let mut mark = FixedBuf::new(&mut heap[len..limit + MARK]);
        // Always `Ok`: the buffer never fails, and neither do numbers.
        let _ = write!(mark, "... [cut, {need} bytes]");
        len += mark.as_bytes().len();
    }
    consume(end_line(&mut heap, len, cut))
}

/// One pass: returns what was stored and what would have been.
fn format(buf: &mut [u8], level: Level, place: &str, args: fmt::Arguments<'_>) -> (usize, usize) {
    let mut out = FixedBuf::new(buf);
    let formatted =
        write_header(&mut out, level, place).and_then(|()| Escape(&mut out).write_fmt(args));
    if formatted.is_err() {
        // The buffer does not fail, so some argument's `Display` has: the
        // negative result of vsnprintf. What it wrote before is kept.
        let _ = out.write_str(" [formatting failed]");
    }
    (out.as_bytes().len(), out.need())
}

fn end_line(buf: &mut [u8], len: usize, cut: bool) -> Line<'_> {
    buf[len] = b'\n';
    Line {
        bytes: &buf[..=len],
        cut,
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use proptest::prelude::*;

    use super::*;

    fn line(args: fmt::Arguments<'_>) -> (String, bool) {
        with_line(Level::Info, "test.rs:1", args, |line| {
            (String::from_utf8(line.bytes.to_vec()).unwrap(), line.cut)
        })
    }

    fn text_of(line: &str) -> &str {
        line.split_once("] ").unwrap().1
    }

    proptest! {
        /// One pass or two: the line is what `format!` and escaping make of it.
        #[test]
        fn any_text_that_is_not_cut_is_whole(
            pieces in prop::collection::vec("\\PC{0,80}|.{0,80}", 0..12),
            number in any::<f64>(),
        ) {
            let whole = format!("{pieces:?} {number} {}", pieces.concat());
            let mut escaped = String::new();
            Escape(&mut escaped).write_str(&whole).unwrap();
            let (line, cut) = line(format_args!("{pieces:?} {number} {}", pieces.concat()));
            prop_assert_eq!(text_of(&line), escaped + "\n");
            prop_assert!(!cut);
        }
    }

    #[test]
    fn lines_around_the_size_of_the_stack_buffer_are_whole() {
        let header = line(format_args!("")).0.len() - 1;
        for total in 505..520 {
            let text = "x".repeat(total - header);
            let (line, cut) = line(format_args!("{text}"));
            assert_eq!(text_of(&line), format!("{text}\n"));
            assert!(!cut);
        }
    }

    #[test]
    fn lines_around_the_limit_are_whole_or_cut_and_say_so() {
        let header = line(format_args!("")).0.len() - 1;
        let longest = MAX_LINE - MARK - 1 - header;
        for len in [longest - 1, longest, longest + 1, 70_000, 1_000_000] {
            let (line, cut) = line(format_args!("{}", "x".repeat(len)));
            assert!(line.len() <= MAX_LINE);
            assert_eq!(cut, len > longest, "{len} bytes");
            assert_eq!(line.matches('\n').count(), 1);
            if cut {
                let mark = format!("... [cut, {} bytes]\n", header + len);
                assert!(line.ends_with(&mark));
            } else {
                assert_eq!(text_of(&line).len(), len + 1);
            }
        }
    }

    #[test]
    fn a_cut_in_the_middle_of_a_character_leaves_whole_characters() {
        for shift in 0..3 {
            let text = "x".repeat(shift) + &"语".repeat(MAX_LINE / 3 + 1);
            let (line, cut) = line(format_args!("{text}"));
            assert!(cut);
            assert!(line.contains("语... [cut, "));
        }
    }

    /// Displays a longer text each time.
    struct Growing(Cell<usize>);

    impl fmt::Display for Growing {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.set(self.0.get() + 1000);
            f.write_str(&"x".repeat(self.0.get()))
        }
    }

    #[test]
    fn arguments_that_grow_between_the_passes_are_cut() {
        let (line, cut) = line(format_args!("{}", Growing(Cell::new(0))));
        assert!(cut);
        assert!(line.contains("x... [cut, 20"), "{}", text_of(&line));
    }

    struct Failing;

    impl fmt::Display for Failing {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("half")?;
            Err(fmt::Error)
        }
    }

    #[test]
    fn a_display_that_fails_leaves_a_mark() {
        let (line, _) = line(format_args!("before {Failing} after"));
        assert_eq!(text_of(&line), "before half [formatting failed]\n");
    }

    #[test]
    fn a_line_feed_in_an_argument_does_not_begin_a_record() {
        let (line, _) = line(format_args!("user {}", "a\n2026/01/01 forged"));
        assert_eq!(text_of(&line), "user a\\n2026/01/01 forged\n");
        let in_place = with_line(Level::Info, "a\nb", format_args!(""), |line| {
            String::from_utf8(line.bytes.to_vec()).unwrap()
        });
        assert!(in_place.ends_with(" INFO  a\\nb] \n"));
    }
}
