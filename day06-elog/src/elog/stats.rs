//! What became of the lines.

use std::error::Error;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a logger has done so far. Counts are of lines unless they say otherwise;
/// lines that the level filtered out are in none of them.
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
    /// Shortened to [`MAX_LINE`](crate::elog::MAX_LINE) bytes; they count as
    /// accepted and written all the same.
    pub cut: u64,
    /// Failed attempts to write, open or rename, not lines.
    pub io_errors: u64,
}

impl Stats {
    /// The lines of two places that share nothing but the logger.
    pub(crate) fn plus(self, other: Stats) -> Stats {
        Stats {
            accepted: self.accepted + other.accepted,
            written: self.written + other.written,
            dropped_full: self.dropped_full + other.dropped_full,
            dropped_io: self.dropped_io + other.dropped_io,
            queued: self.queued + other.queued,
            cut: self.cut + other.cut,
            io_errors: self.io_errors + other.io_errors,
        }
    }
}

/// A shutdown that ran out of time, with lines that could not be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lost {
    /// How many lines were given up. Those that the kernel was working on may
    /// still come, if the disk recovers before the process ends.
    pub lines: u64,
    /// Everything else, with those lines counted in
    /// [`dropped_io`](Stats::dropped_io).
    pub stats: Stats,
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.lines;
        write!(f, "the log was shut down with {lines} lines not written")
    }
}

impl Error for Lost {}

/// A count that any thread may raise and that orders nothing else.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn increment(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
