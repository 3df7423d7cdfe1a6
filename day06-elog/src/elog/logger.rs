//! `Elog`: one log file and everything that writes to it.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::elog::builder::Builder;
use crate::elog::direct::Direct;
use crate::elog::double_buffer::{DoubleBuffer, Push};
use crate::elog::level::{AtomicLevel, Level, LevelFilter};
use crate::elog::line::with_line;
use crate::elog::reporter::{Reporter, is_reporting};
use crate::elog::stats::{Counter, Lost, Stats};
#[cfg(feature = "log")]
use crate::elog::{facade, global::Global};

/// A logger, named after the document's class. Copies are the same logger.
///
/// The document builds it on LevelDB's: the format, the levels and the two
/// passes are from there. [`Builder`] makes one, and its
/// [`Guard`](crate::elog::Guard) ends it; most programs have a single one
/// and reach it through [`info!`](crate::info) and the like.
#[derive(Clone, Copy, Debug)]
pub struct Elog {
    core: &'static Core,
}

/// What a logger owns. Lives until the process ends, because any thread may log
/// until then, and because somebody must flush it at exit.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) level: AtomicLevel,
    /// `None` makes the logger synchronous.
    pub(crate) buffer: Option<DoubleBuffer>,
    pub(crate) direct: Direct,
    pub(crate) reporter: Reporter,
    /// How long a caller waits for room in the buffer.
    pub(crate) patience: Duration,
    pub(crate) flush_interval: Duration,
    /// How long the end of the log may take, unless the program says otherwise.
    pub(crate) shutdown_timeout: Duration,
    /// Asks the writer to open the path again.
    pub(crate) reopen: AtomicBool,
    pub(crate) cut: Counter,
}

impl Elog {
    /// Starts the configuration of a logger that appends to the file at `path`.
    pub fn builder(path: impl Into<PathBuf>) -> Builder {
        Builder::new(path)
    }

    pub(crate) fn new(core: &'static Core) -> Self {
        Self { core }
    }

    /// The least serious level that is logged at present.
    pub fn level(self) -> LevelFilter {
        self.core.level.get()
    }

    /// Whether a line of this level is logged at present.
    #[inline]
    pub fn enabled(self, level: Level) -> bool {
        self.level().allows(level)
    }

    /// Changes which lines are logged, at once and for all threads.
    pub fn set_level(self, filter: impl Into<LevelFilter>) {
        let filter = filter.into();
        self.core.level.set(filter);
        #[cfg(feature = "log")]
        if Global.logger() == Some(self) {
            facade::set_level(filter);
        }
    }

    /// Logs a line; the macros call this. `place` is where it comes from, as
    /// `file.rs:88`. The arguments are formatted before the call returns, without
    /// any lock, and may themselves log. Control characters in them are escaped.
    ///
    /// A synchronous logger returns when the kernel has the line; otherwise the
    /// writer thread gives it to the kernel within the flush interval, or at once
    /// for [`Level::Error`]. Takes locks, so it is not for signal handlers.
    pub fn log(self, level: Level, place: &str, args: fmt::Arguments<'_>) {
        if self.enabled(level) {
            with_line(level, place, args, |line| {
                if line.cut {
                    self.core.cut.increment();
                }
                self.core.accept(level, line.bytes);
            });
        }
    }

    /// Waits until the kernel has every line that was logged before the call.
    /// That survives the end of the process, and not a power failure: nothing
    /// here calls fsync(2).
    ///
    /// # Errors
    ///
    /// [`TimedOut`](io::ErrorKind::TimedOut) when lines were still waiting after
    /// `timeout`. They are not lost yet.
    pub fn flush(self, timeout: Duration) -> io::Result<()> {
        match &self.core.buffer {
            // The writer would wait for itself.
            Some(buffer) if !is_reporting() => buffer.flush(timeout).map_err(|left| {
                let message = format!("{left} lines still wait to be written");
                io::Error::new(io::ErrorKind::TimedOut, message)
            }),
            _ => Ok(()),
        }
    }

    /// Goes on in the file that is at the path now, for the program that has moved
    /// the old one away and does not want to wait until Elog notices. If it cannot
    /// be opened, goes on in the old one and reports that.
    pub fn reopen(self) {
        self.core.reopen();
    }

    /// What the logger has done so far.
    pub fn stats(self) -> Stats {
        let buffered = self.core.buffer.as_ref().map(DoubleBuffer::stats);
        Stats {
            cut: self.core.cut.get(),
            io_errors: self.core.reporter.errors(),
            ..buffered.unwrap_or_default().plus(self.core.direct.stats())
        }
    }

    pub(crate) fn shutdown(self, timeout: Duration) -> Result<Stats, Lost> {
        self.core.shutdown(timeout).map_err(|lines| Lost {
            lines,
            stats: self.stats(),
        })?;
        Ok(self.stats())
    }

    pub(crate) fn shutdown_or_report(self) {
        self.core.shutdown_or_report();
    }
}

impl PartialEq for Elog {
    /// Whether both are the same logger.
    fn eq(&self, other: &Self) -> bool {
        ptr::eq(self.core, other.core)
    }
}

impl Eq for Elog {}

impl Core {
    fn accept(&self, level: Level, line: &[u8]) {
        let pushed = self.buffer.as_ref().map_or(Push::Closed, |buffer| {
            // Only the writer makes room, and it may be the one who logs.
            let patience = if is_reporting() {
                Duration::ZERO
            } else {
                self.patience
            };
            buffer.push(line, level == Level::Error, patience)
        });
        if pushed == Push::Closed {
            self.report(self.direct.write(line));
        }
    }

    fn reopen(&self) {
        if let Some(buffer) = &self.buffer {
            self.reopen.store(true, Ordering::Relaxed);
            buffer.hurry();
        }
        self.report(self.direct.reopen());
    }

    fn shutdown(&self, timeout: Duration) -> Result<(), u64> {
        let stopped = self.buffer.as_ref().map_or(Ok(()), |buffer| {
            let stopped = buffer.stop(timeout);
            let given_up = stopped.err().unwrap_or_default();
            self.direct.adopt_losses(buffer.take_untold() + given_up);
            stopped
        });
        self.report(self.direct.release());
        stopped
    }

    /// Ends the log where nobody can be given the result.
    pub(crate) fn shutdown_or_report(&self) {
        if let Err(lines) = self.shutdown(self.shutdown_timeout) {
            self.reporter
                .tell(format_args!("shut down with {lines} lines not written"));
        }
    }

    fn report(&self, result: io::Result<()>) {
        if let Err(error) = result {
            self.reporter.report(&error);
        }
    }
}
