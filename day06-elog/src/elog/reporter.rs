//! How the logger tells that it cannot write, since it cannot log it.

use std::cell::Cell;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::elog::stats::Counter;
use crate::elog::stderr::write_to_stderr;

/// A disk that is full fails every attempt; one complaint a second is enough.
const PERIOD_MILLIS: u64 = 1000;

/// What the program wants to do about an error.
pub(crate) type ErrorCallback = dyn Fn(&io::Error) + Send + Sync;

/// Counts errors, and passes one a second on to stderr and to the callback.
pub(crate) struct Reporter {
    path: PathBuf,
    callback: Option<Box<ErrorCallback>>,
    started: Instant,
    /// When the next report is due, after `started`. An atomic, because a lock
    /// might be inherited locked by a forked child.
    next_millis: AtomicU64,
    errors: Counter,
}

thread_local! {
    static REPORTING: Cell<bool> = const { Cell::new(false) };
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

    /// Must be called without any lock: the callback may log.
    pub(crate) fn report(&self, error: &io::Error) {
        self.errors.increment();
        if REPORTING.get() || !self.is_due() {
            return;
        }
        REPORTING.set(true);
        self.tell(error);
        if let Some(callback) = &self.callback {
            // The panic hook has reported it; the writer thread must live on.
            let _ = catch_unwind(AssertUnwindSafe(|| callback(error)));
        }
        REPORTING.set(false);
    }

    /// Passes something on to stderr that must not be left out.
    pub(crate) fn tell(&self, what: impl fmt::Display) {
        let path = self.path.display();
        write_to_stderr(format!("elog: {path}: {what}\n").as_bytes());
    }

    /// How many errors there were, reported or not.
    pub(crate) fn errors(&self) -> u64 {
        self.errors.get()
    }

    fn is_due(&self) -> bool {
        let now = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let next = self.next_millis.load(Ordering::Relaxed);
        now >= next
            && self
                .next_millis
                .compare_exchange(
                    next,
                    now.saturating_add(PERIOD_MILLIS),
                    Ordering::Relaxed,
                    Ordering::Relaxed,
                )
                .is_ok()
    }
}

/// Whether this thread runs an error callback. It may be the writer thread, and
/// must not wait for itself.
pub(crate) fn is_reporting() -> bool {
    REPORTING.get()
}

impl fmt::Debug for Reporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reporter")
            .field("path", &self.path)
            .field("errors", &self.errors())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, OnceLock};

    use super::*;

    #[test]
    fn many_errors_are_counted_and_one_is_passed_on() {
        let calls = Arc::new(Counter::default());
        let counted = Arc::clone(&calls);
        let callback = move |_: &io::Error| {
            assert!(is_reporting());
            counted.increment();
            panic!("a callback may panic");
        };
        let reporter = Reporter::new("a/log".into(), Some(Box::new(callback)));
        for _ in 0..100 {
            reporter.report(&io::Error::from_raw_os_error(libc::ENOSPC));
        }
        assert_eq!(reporter.errors(), 100);
        assert_eq!(calls.get(), 1);
        assert!(!is_reporting());
    }

    #[test]
    fn a_callback_that_causes_an_error_itself_is_not_called_for_that() {
        static REPORTER: OnceLock<Reporter> = OnceLock::new();
        static CALLS: AtomicU64 = AtomicU64::new(0);
        let callback = |error: &io::Error| {
            CALLS.fetch_add(1, Ordering::Relaxed);
            let reporter = REPORTER.get().unwrap();
            if reporter.errors() < 10 {
                // It takes longer than the pause between two reports.
                reporter.next_millis.store(0, Ordering::Relaxed);
                reporter.report(error);
            }
        };
        let reporter =
            REPORTER.get_or_init(|| Reporter::new("a/log".into(), Some(Box::new(callback))));
        reporter.report(&io::Error::from_raw_os_error(libc::ENOSPC));
        assert_eq!(reporter.errors(), 2);
        assert_eq!(CALLS.load(Ordering::Relaxed), 1);
    }
}
