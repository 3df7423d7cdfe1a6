//! What stands in front of the text: when, which thread, how serious, where.
//!
//! ```text
//! 2026/11/23-03:54:35.123456 12345 INFO  connection.rs:88] text
//! ```
//!
//! The date changes once a second and the thread never changes, so each thread
//! keeps them as text and only the microseconds are new in a line.

use std::cell::Cell;
use std::fmt::{self, Write};
use std::time::{Duration, SystemTime};

use crate::elog::escape::Escape;
use crate::elog::fixed_buf::FixedBuf;
use crate::elog::level::Level;
use crate::elog::utc::Utc;

/// Where in a header the six digits of the microseconds are.
const MICROS: std::ops::Range<usize> = 20..26;

/// Room for the date, the microseconds, and a thread id of ten digits.
const CACHED: usize = 38;

#[derive(Clone, Copy)]
struct Cache {
    second: u64,
    /// 0 says that nothing is cached.
    len: usize,
    text: [u8; CACHED],
}

const EMPTY: Cache = Cache {
    second: 0,
    len: 0,
    text: [0; CACHED],
};

thread_local! {
    /// A `Cell`, so that it is never borrowed when a `Display` logs, and without
    /// a destructor, so that other thread-locals can log from theirs.
    static CACHE: Cell<Cache> = const { Cell::new(EMPTY) };
}

/// Writes a line's header, for this moment and the calling thread. `place` is
/// escaped: that of a macro is harmless, but others may log too.
pub(crate) fn write_header(out: &mut FixedBuf<'_>, level: Level, place: &str) -> fmt::Result {
    // A clock before 1970 is broken; a wrong date must not cost the line.
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    let mut cache = CACHE.get();
    if cache.len == 0 || cache.second != now.as_secs() {
        cache = render(now.as_secs());
        CACHE.set(cache);
    }
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

/// Makes the calling thread look up its id again: after fork(2) it runs in
/// another process under another id, with the memory of the old one.
pub(crate) fn forget_thread_id() {
    CACHE.set(EMPTY);
}

#[cold]
fn render(second: u64) -> Cache {
    let utc = Utc::from_unix(second);
    let mut text = [0; CACHED];
    let mut buf = FixedBuf::new(&mut text);
    // Always `Ok`: the buffer never fails, and neither do numbers.
    let _ = write!(
        buf,
        "{:04}/{:02}/{:02}-{:02}:{:02}:{:02}.000000 {} ",
        utc.year,
        utc.month,
        utc.day,
        utc.hour,
        utc.minute,
        utc.second,
        thread_id(),
    );
    let len = buf.as_bytes().len();
    Cache { second, len, text }
}

/// The id that `ps -L` and `top -H` show
/// ([gettid(2)](https://man7.org/linux/man-pages/man2/gettid.2.html)).
fn thread_id() -> libc::pid_t {
    // SAFETY: takes nothing, cannot fail.
    unsafe { libc::gettid() }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let id = thread_id().to_string();
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
}
