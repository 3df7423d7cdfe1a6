//! What became of the lines, and how the logger reports that it cannot write them, since it
//! cannot log that.

use std::cell::Cell;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use crate::base::counter::Counter;
use crate::base::write_stderr;

/// What a logger has done so far. Counts are of lines unless they say otherwise; lines that
/// the level filtered out are in none of them.
///
/// `accepted == written + dropped_full + dropped_io + queued`, always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Given to the logger.
    pub accepted: u64,
    /// In the kernel's hands: they survive the end of the process.
    pub written: u64,
    /// Dropped because the buffer was full.
    pub dropped_full: u64,
    /// Lost because they could not be written.
    pub dropped_io: u64,
    /// Waiting to be written.
    pub queued: u64,
    /// Shortened to [`MAX_LINE`](crate::elog::MAX_LINE) bytes; they count as accepted and
    /// written all the same.
    pub cut: u64,
    /// Failed attempts to write, open or rename, not lines.
    pub io_errors: u64,
}

/// A shutdown that ran out of time, with lines that could not be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lost {
    /// How many lines were abandoned. Those that the kernel was working on may still be
    /// written, if the disk recovers before the process ends.
    pub lines: u64,
    /// Everything else, with those lines counted in [`dropped_io`](Stats::dropped_io).
    pub stats: Stats,
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.lines;
        write!(f, "the log was shut down with {lines} lines not written")
    }
}

impl std::error::Error for Lost {}

/// A disk that is full fails every attempt; one report a second is enough.
const PERIOD_MILLIS: u64 = 1000;

/// What the program does about an error.
pub(crate) type ErrorCallback = dyn Fn(&io::Error) + Send + Sync;

/// Counts errors, and passes one a second on to stderr and to the callback.
pub(crate) struct Reporter {
    pub(crate) path: PathBuf,
    callback: Option<Box<ErrorCallback>>,
    started: Instant,
    /// When the next report is due, in milliseconds after `started`. An atomic, because a lock
    /// might be inherited locked by a forked child.
    next_millis: AtomicU64,
    /// How many there were, reported or not.
    pub(crate) errors: Counter,
}

thread_local! {
    static REPORTING: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread runs an error callback. It may be the writer thread, which must not
/// wait for itself.
pub(crate) fn is_reporting() -> bool {
    REPORTING.get()
}

impl Reporter {
    pub(crate) fn new(path: PathBuf, callback: Option<Box<ErrorCallback>>) -> Self {
        Self {
            path,
            callback,
            started: Instant::now(),
            next_millis: AtomicU64::new(0),
            errors: Counter::default(),
        }
    }

    /// Counts a failure and reports it if one is due. Must be called without any lock: the
    /// callback may log.
    pub(crate) fn report(&self, result: io::Result<()>) {
        let Err(error) = result else { return };
        self.errors.add(1);
        if is_reporting() || !self.is_due() {
            return;
        }
        REPORTING.set(true);
        self.log_stderr(&error);
        if let Some(callback) = &self.callback {
            // The panic hook has printed a panic; the writer thread must live on.
            let _ = catch_unwind(AssertUnwindSafe(|| callback(&error)));
        }
        REPORTING.set(false);
    }

    /// Passes something on to stderr that must not be left out.
    pub(crate) fn log_stderr(&self, what: impl fmt::Display) {
        let path = self.path.display();
        write_stderr(format!("elog: {path}: {what}\n"));
    }

    fn is_due(&self) -> bool {
        let now = self.started.elapsed().as_millis() as u64;
        let next = |due| (due <= now).then_some(now + PERIOD_MILLIS);
        let updated = self.next_millis.fetch_update(Relaxed, Relaxed, next);
        updated.is_ok()
    }
}

/// Why there is no logger.
#[derive(Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// The file cannot be opened for appending, or created.
    Open {
        /// The file.
        path: PathBuf,
        /// What open(2) said.
        source: io::Error,
    },
    /// The writer thread cannot be started.
    Thread(io::Error),
    /// `init` was called before: the process has one logger.
    AlreadyInstalled,
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open { path, source } => write!(f, "cannot log to {}: {source}", path.display()),
            Self::Thread(source) => write!(f, "cannot start the writer thread: {source}"),
            Self::AlreadyInstalled => f.write_str("the process has a logger already"),
        }
    }
}

impl std::error::Error for BuildError {}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, OnceLock};

    use super::*;

    fn disk_full() -> io::Result<()> {
        Err(io::Error::from_raw_os_error(libc::ENOSPC))
    }

    #[test]
    fn many_errors_are_counted_and_one_is_passed_on() {
        let calls = Arc::new(Counter::default());
        let counted = Arc::clone(&calls);
        let callback = move |_: &io::Error| {
            assert!(is_reporting());
            counted.add(1);
            panic!("a callback may panic");
        };
        let reporter = Reporter::new("a/log".into(), Some(Box::new(callback)));
        reporter.report(disk_full());
        assert_eq!(calls.get(), 1);
        // However long the first report has taken, the next one is not due.
        reporter.next_millis.store(u64::MAX, Relaxed);
        for _ in 0..100 {
            reporter.report(disk_full());
        }
        reporter.report(Ok(()));
        assert_eq!((reporter.errors.get(), calls.get()), (101, 1));
        assert!(!is_reporting());
    }

    #[test]
    fn a_report_makes_the_next_one_due_a_period_later() {
        let reporter = Reporter::new("a/log".into(), None);
        assert!(reporter.is_due());
        let next = reporter.next_millis.load(Relaxed);
        assert!(next >= PERIOD_MILLIS);
        // As if no time had passed, and as if enough had.
        reporter.next_millis.store(u64::MAX, Relaxed);
        assert!(!reporter.is_due());
        reporter.next_millis.store(0, Relaxed);
        assert!(reporter.is_due());
    }

    #[test]
    fn a_callback_that_causes_an_error_itself_is_not_called_for_that() {
        static REPORTER: OnceLock<Reporter> = OnceLock::new();
        static CALLS: AtomicU64 = AtomicU64::new(0);
        let callback = |_: &io::Error| {
            CALLS.fetch_add(1, Relaxed);
            let reporter = REPORTER.get().unwrap();
            if reporter.errors.get() < 10 {
                // As if it took longer than the time between two reports.
                reporter.next_millis.store(0, Relaxed);
                reporter.report(disk_full());
            }
        };
        let reporter =
            REPORTER.get_or_init(|| Reporter::new("a/log".into(), Some(Box::new(callback))));
        reporter.report(disk_full());
        assert_eq!(reporter.errors.get(), 2);
        assert_eq!(CALLS.load(Relaxed), 1);
    }
}
