//! A whole line in two passes, as LevelDB's `posix_logger.h` makes it.
//!
//! ```text
//! 2026/11/23-03:54:35.123456 12345 INFO  connection.rs:88] text
//! ```
//!
//! The first pass formats into a fixed buffer on the stack, and nearly every line fits. If
//! one does not, the buffer still knows how long the line is, and the second pass formats it
//! once more into exactly that much memory.
//!
//! The date changes once a second and the thread never changes, so each thread keeps them as
//! text and only the microseconds are new in a line.

use std::cell::Cell;
use std::fmt::{self, Write};
use std::time::{Duration, SystemTime};

use crate::elog::fixed_buf::{Escape, FixedBuf};
use crate::elog::level::Level;

/// The longest line in bytes, its line feed included; what is longer is cut and marked.
pub const MAX_LINE: usize = 64 * 1024;

/// What the first pass has, as in LevelDB. Zeroing it costs some 5 ns of a call's hundred;
/// not zeroing it would cost an `unsafe` block.
const STACK: usize = 512;

/// Kept free at the end of the second pass for the mark of a cut line.
const MARK: usize = 48;

/// One finished line.
pub(crate) struct Line<'a> {
    /// The text with exactly one line feed, at its end.
    pub(crate) bytes: &'a [u8],
    pub(crate) level: Level,
    /// Whether it was longer than [`MAX_LINE`] allows.
    pub(crate) is_cut: bool,
}

/// Formats a record and lends the line to `consume`.
///
/// No lock is held and nothing of the thread is borrowed while the arguments format: their
/// `Display` is the program's code, which may log, or panic.
pub(crate) fn with_line<R>(
    level: Level,
    place: &str,
    args: fmt::Arguments<'_>,
    consume: impl FnOnce(&Line<'_>) -> R,
) -> R {
    let mut stack = [0; STACK];
    let (len, required_len) = format(&mut stack[..STACK - 1], level, place, args);
    if required_len == len {
        return consume(&end_line(&mut stack, len, level, false));
    }

    let limit = required_len.min(MAX_LINE - MARK - 1);
    let mut heap = vec![0; limit + MARK + 1];
    // Arguments may come out longer than a moment ago, so this pass checks its bounds like
    // the first, and the line may be cut all the same.
    let (mut len, required_len) = format(&mut heap[..limit], level, place, args);
    let is_cut = required_len > len;
    if is_cut {
        let mut mark = FixedBuf::new(&mut heap[len..limit + MARK]);
        // Always `Ok`: the buffer never fails, and neither do numbers.
        let _ = write!(mark, "... [cut, {required_len} bytes]");
        len += mark.as_bytes().len();
    }
    consume(&end_line(&mut heap, len, level, is_cut))
}

/// The line that reports how many others the log does not have, and why.
pub(crate) fn loss_notice(lost: u64, why: &str) -> Vec<u8> {
    let args = format_args!("lost {lost} lines: {why}");
    with_line(Level::Warn, "elog", args, |line| line.bytes.to_vec())
}

/// One pass: returns the length that was stored and the length that was required.
fn format(buf: &mut [u8], level: Level, place: &str, args: fmt::Arguments<'_>) -> (usize, usize) {
    let mut out = FixedBuf::new(buf);
    let formatted =
        write_header(&mut out, level, place).and_then(|()| Escape(&mut out).write_fmt(args));
    if formatted.is_err() {
        // The buffer does not fail, so some argument's `Display` has: the negative result of
        // vsnprintf. What it wrote before is kept.
        let _ = out.write_str(" [formatting failed]");
    }
    (out.as_bytes().len(), out.required_len())
}

fn end_line(buf: &mut [u8], len: usize, level: Level, is_cut: bool) -> Line<'_> {
    buf[len] = b'\n';
    Line {
        bytes: &buf[..=len],
        level,
        is_cut,
    }
}

/// What the header of a thread's last line was.
#[derive(Clone, Copy)]
struct Cache {
    second: u64,
    /// The date, the microseconds, and a thread id of at most ten digits.
    text: [u8; 38],
    len: usize,
}

/// Where in the text the six digits of the microseconds are.
const MICROS: std::ops::Range<usize> = 20..26;

thread_local! {
    /// A `Cell`, so that it is never borrowed when a `Display` logs, and without a
    /// destructor, so that other thread-locals can log from theirs.
    static CACHE: Cell<Option<Cache>> = const { Cell::new(None) };
}

/// Writes a line's header, for this moment and the calling thread. `place` is escaped: that
/// of a macro is harmless, but [`Elog::log`](crate::elog::Elog::log) takes any text.
fn write_header(out: &mut FixedBuf<'_>, level: Level, place: &str) -> fmt::Result {
    // A clock before 1970 is broken; a wrong date must not cost the line.
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    let cached = CACHE.get().filter(|cache| cache.second == now.as_secs());
    let mut cache = cached.unwrap_or_else(|| render(now.as_secs()));
    let mut rest = now.subsec_micros();
    for digit in cache.text[MICROS].iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    out.write_str(std::str::from_utf8(&cache.text[..cache.len]).unwrap_or_default())?;
    out.write_str(level.padded())?;
    out.write_str(" ")?;
    Escape(out).write_str(place)?;
    out.write_str("] ")
}

/// Makes the calling thread look up its id again: after fork(2) it runs in another process
/// under another id, with the memory of the old one.
pub(crate) fn forget_thread_id() {
    CACHE.set(None);
}

#[cold]
fn render(second: u64) -> Cache {
    let mut text = [0; 38];
    let mut buf = FixedBuf::new(&mut text);
    // The id that `ps -L` and `top -H` show, see gettid(2).
    // SAFETY: takes nothing, cannot fail.
    let thread_id = unsafe { libc::gettid() };
    // Always `Ok`: the buffer never fails, and neither do numbers.
    let _ = write_utc(&mut buf, second).and_then(|()| write!(buf, ".000000 {thread_id} "));
    let len = buf.as_bytes().len();
    let cache = Cache { second, text, len };
    CACHE.set(Some(cache));
    cache
}

const DAY: u64 = 24 * 60 * 60;

/// The last second whose year has four digits; a clock beyond it is broken, and lines must
/// still have a header of fixed width.
const LAST_SECOND: u64 = 253_402_300_799;

/// Writes a number of seconds since 1970 as a date and a time of day. Leap seconds do not
/// exist in Unix time, so every day has 86 400 seconds.
///
/// LevelDB calls localtime_r(3), which reads the time zone's file and takes a lock; UTC needs
/// neither, and has no hour that occurs twice a year.
fn write_utc(out: &mut impl Write, seconds: u64) -> fmt::Result {
    let seconds = seconds.min(LAST_SECOND);
    let (mut days, in_day) = (seconds / DAY, seconds % DAY);
    let mut year = 1970;
    while days >= 365 + leap_day(year) {
        days -= 365 + leap_day(year);
        year += 1;
    }
    let february = 28 + leap_day(year);
    let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while days >= months[month] {
        days -= months[month];
        month += 1;
    }
    let (month, day) = (month + 1, days + 1);
    let (hour, minute, second) = (in_day / 3600, in_day / 60 % 60, in_day % 60);
    write!(out, "{year:04}/{month:02}/{day:02}-")?;
    write!(out, "{hour:02}:{minute:02}:{second:02}")
}

fn leap_day(year: u64) -> u64 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    u64::from(is_leap)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use proptest::prelude::*;

    use super::*;

    fn line(args: fmt::Arguments<'_>) -> (String, bool) {
        with_line(Level::Info, "test.rs:1", args, |line| {
            (String::from_utf8(line.bytes.to_vec()).unwrap(), line.is_cut)
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

    fn header() -> String {
        let mut storage = [0; 128];
        let mut buf = FixedBuf::new(&mut storage);
        write_header(&mut buf, Level::Info, "connection.rs:88").unwrap();
        String::from_utf8(buf.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn the_columns_are_where_readers_and_scripts_expect_them() {
        let header = header();
        let shape: String = header
            .chars()
            .map(|char| if char.is_ascii_digit() { '0' } else { char })
            .collect();
        // SAFETY: takes nothing, cannot fail.
        let id = unsafe { libc::gettid() }.to_string();
        assert_eq!(
            shape,
            format!(
                "0000/00/00-00:00:00.000000 {} INFO  connection.rs:00] ",
                "0".repeat(id.len())
            )
        );
        assert_eq!(header.split(' ').nth(1), Some(id.as_str()));
    }

    #[test]
    fn time_goes_on_when_the_date_comes_from_the_cache() {
        let first = header();
        // As long as the clock's microsecond is the same, so is the header.
        let later = loop {
            let later = header();
            if later != first {
                break later;
            }
        };
        assert!(later > first, "{first} then {later}");
    }

    #[test]
    fn each_thread_has_its_own_id() {
        let here = header();
        let there = std::thread::spawn(header).join().unwrap();
        assert_ne!(here.split(' ').nth(1), there.split(' ').nth(1));
    }

    fn utc(seconds: u64) -> String {
        let mut text = String::new();
        write_utc(&mut text, seconds).unwrap();
        text
    }

    #[test]
    fn known_moments() {
        // Each from `date -u -d @SECONDS`.
        assert_eq!(utc(0), "1970/01/01-00:00:00");
        assert_eq!(utc(951_782_399), "2000/02/28-23:59:59");
        assert_eq!(utc(951_782_400), "2000/02/29-00:00:00");
        assert_eq!(utc(1_078_012_800), "2004/02/29-00:00:00");
        assert_eq!(utc(1_795_406_075), "2026/11/23-03:54:35");
        assert_eq!(utc(4_107_542_400), "2100/03/01-00:00:00");
        assert_eq!(utc(LAST_SECOND), "9999/12/31-23:59:59");
        assert_eq!(utc(u64::MAX), utc(LAST_SECOND));
    }

    proptest! {
        /// gmtime_r(3) must say the same.
        #[test]
        fn dates_agree_with_the_c_library(seconds in 0..=LAST_SECOND) {
            let time = libc::time_t::try_from(seconds).unwrap();
            let mut tm = std::mem::MaybeUninit::<libc::tm>::uninit();
            // SAFETY: both pointers are valid for the call, which fills `tm`.
            let filled = unsafe { libc::gmtime_r(&time, tm.as_mut_ptr()) };
            prop_assert!(!filled.is_null());
            // SAFETY: the call above has filled it.
            let tm = unsafe { tm.assume_init() };
            let date = format!("{:04}/{:02}/{:02}", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
            let time = format!("{:02}:{:02}:{:02}", tm.tm_hour, tm.tm_min, tm.tm_sec);
            prop_assert_eq!(utc(seconds), format!("{date}-{time}"));
        }
    }
}
