//! `Elog`: one log file and everything that writes to it; the guard that ends it, and the
//! process's own, which the macros use.

use std::fmt;
use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::time::Duration;

use crate::base::write_stderr;
use crate::elog::buffer::DoubleBuffer;
use crate::elog::level::{Level, LevelFilter};
use crate::elog::line::with_line;
use crate::elog::stats::{Lost, Reporter, Stats, is_reporting};

/// A logger, named after the tutorial's class. Copies are the same logger.
///
/// The tutorial builds it on LevelDB's: the format, the levels and the two passes are from
/// there. [`Builder`](crate::elog::Builder) makes one, and its [`Guard`] ends it; most
/// programs have a single one and reach it through [`info!`](crate::info) and the like.
#[derive(Clone, Copy)]
pub struct Elog {
    pub(crate) core: &'static Core,
}

/// What a logger owns. Lives until the process ends, because any thread may log until then,
/// and because it must be flushed at exit.
pub(crate) struct Core {
    /// The number of a [`LevelFilter`]. Relaxed: a thread that sees a change a moment later
    /// logs a line more or less, and nothing else depends on it.
    pub(crate) level: AtomicU8,
    pub(crate) buffer: DoubleBuffer,
    pub(crate) reporter: Reporter,
    /// How long a caller waits for room in the buffer.
    pub(crate) timeout: Duration,
    /// How long the end of the log may take, unless the program says otherwise.
    pub(crate) shutdown_timeout: Duration,
}

impl Elog {
    /// The least serious level that is logged at present.
    pub fn level(self) -> LevelFilter {
        LevelFilter(self.core.level.load(Relaxed))
    }

    /// Whether a line of this level is logged at present.
    #[inline]
    pub fn enabled(self, level: Level) -> bool {
        self.level().allows(level)
    }

    /// Changes which lines are logged, at once and for all threads.
    pub fn set_level(self, filter: impl Into<LevelFilter>) {
        let filter = filter.into();
        self.core.level.store(filter.0, Relaxed);
        #[cfg(feature = "log")]
        if Global.logger() == Some(self) {
            log::set_max_level(filter.to_facade());
        }
    }

    /// Logs a line; the macros call this. `place` is where it comes from, as `file.rs:88`.
    /// The arguments are formatted before the call returns, without any lock, and may
    /// themselves log. Control characters in them are escaped.
    ///
    /// A synchronous logger returns when the kernel has the line; otherwise the writer thread
    /// gives it to the kernel within the flush interval, or at once for [`Level::Error`].
    /// Takes locks, so it is not for signal handlers.
    pub fn log(self, level: Level, place: &str, args: fmt::Arguments<'_>) {
        if self.enabled(level) {
            with_line(level, place, args, |line| {
                // The writer thread alone makes room, and must not wait for itself.
                let timeout = if is_reporting() {
                    Duration::ZERO
                } else {
                    self.core.timeout
                };
                let result = self.core.buffer.push(line, timeout);
                self.core.reporter.report(result);
            });
        }
    }

    /// Waits until the kernel has every line that was logged before the call. That survives
    /// the end of the process, and not a power failure: nothing here calls fsync(2). Inside
    /// an error callback, which may run on the writer thread, it returns at once.
    ///
    /// Call it before what ends the program without a function at exit:
    /// [exec(3)](https://man7.org/linux/man-pages/man3/exec.3.html) (`CommandExt::exec`),
    /// [_exit(2)](https://man7.org/linux/man-pages/man2/_exit.2.html) and
    /// [`abort`](std::process::abort).
    ///
    /// # Errors
    ///
    /// [`TimedOut`](io::ErrorKind::TimedOut) when lines were still waiting after `timeout`.
    /// They are not lost yet.
    pub fn flush(self, timeout: Duration) -> io::Result<()> {
        if is_reporting() {
            return Ok(());
        }
        self.core.buffer.flush(timeout).map_err(|left| {
            let message = format!("{left} lines still wait to be written");
            io::Error::new(io::ErrorKind::TimedOut, message)
        })
    }

    /// Goes on in the file that is at the path now, for the program that has moved the old
    /// one away and does not want to wait until Elog notices. If it cannot be opened, goes on
    /// in the old one and reports that.
    pub fn reopen(self) {
        self.core.reporter.report(self.core.buffer.reopen());
    }

    /// What the logger has done so far.
    pub fn stats(self) -> Stats {
        Stats {
            io_errors: self.core.reporter.errors.get(),
            ..self.core.buffer.lock().stats
        }
    }

    fn shutdown(self, timeout: Duration) -> Result<Stats, Lost> {
        let stopped = self.core.buffer.stop(timeout);
        self.core.reporter.report(self.core.buffer.close_file());
        let stats = self.stats();
        stopped.map_or_else(|lines| Err(Lost { lines, stats }), |()| Ok(stats))
    }

    /// Ends the log where no caller takes the result.
    pub(crate) fn shutdown_or_report(self) {
        if let Err(lost) = self.shutdown(self.core.shutdown_timeout) {
            self.core.reporter.log_stderr(lost);
        }
    }
}

impl PartialEq for Elog {
    /// Whether both are the same logger.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.core, other.core)
    }
}

impl Eq for Elog {}

impl fmt::Debug for Elog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Elog")
            .field(&self.core.reporter.path)
            .finish()
    }
}

/// Writes what is left of the log when it is dropped. Keep it in a variable of `main`:
/// `let _ = …` would drop it at once.
///
/// Lines that come after the end are not lost: each is written by its caller.
#[derive(Debug)]
#[must_use = "dropping the guard ends the writer thread; keep it until the end of main"]
pub struct Guard {
    pub(crate) logger: Elog,
}

impl Guard {
    /// The logger that this guard ends.
    pub fn logger(&self) -> Elog {
        self.logger
    }

    /// Writes what is left and ends the writer thread, and says how it went, which dropping
    /// the guard cannot.
    ///
    /// # Errors
    ///
    /// [`Lost`] says how many lines could not be written within `timeout`, of which they are
    /// tried once at least. They are abandoned.
    pub fn shutdown(self, timeout: Duration) -> Result<Stats, Lost> {
        let logger = self.logger;
        // The guard has nothing to free, and must not end the log a second time.
        std::mem::forget(self);
        logger.shutdown(timeout)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.logger.shutdown_or_report();
    }
}

static INSTALLED: OnceLock<Elog> = OnceLock::new();

/// The logger that [`Builder::init`](crate::elog::Builder::init) installed.
///
/// Until then, warnings and errors go to standard error, so that a server without a log file
/// still reports its failures; the rest is discarded.
#[derive(Clone, Copy, Debug)]
pub struct Global;

impl Global {
    /// The logger that was installed, if one was.
    pub fn logger(self) -> Option<Elog> {
        INSTALLED.get().copied()
    }

    /// Whether a line of this level is logged at present.
    #[inline]
    pub fn enabled(self, level: Level) -> bool {
        let logger = INSTALLED.get();
        logger.map_or(level <= Level::Warn, |logger| logger.enabled(level))
    }

    /// Logs a line, as [`Elog::log`] does.
    pub fn log(self, level: Level, place: &str, args: fmt::Arguments<'_>) {
        match INSTALLED.get() {
            Some(logger) => logger.log(level, place, args),
            None => with_line(level, place, args, |line| write_stderr(line.bytes)),
        }
    }

    /// # Errors
    ///
    /// Fails if the process has another logger already.
    pub(crate) fn install(self, logger: Elog) -> Result<(), Elog> {
        INSTALLED.set(logger)?;
        #[cfg(feature = "log")]
        log::set_max_level(logger.level().to_facade());
        Ok(())
    }
}
