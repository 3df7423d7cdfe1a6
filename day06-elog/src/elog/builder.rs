//! What a logger is made from.

use std::fmt;
use std::io;
use std::mem;
use std::path::{self, PathBuf};
use std::sync::atomic::AtomicU8;
use std::time::Duration;

use crate::base::write_stderr;
use crate::elog::buffer::DoubleBuffer;
#[cfg(feature = "log")]
use crate::elog::facade::Facade;
use crate::elog::file::{LogFile, Target};
use crate::elog::level::{Level, LevelFilter};
use crate::elog::logger::{Core, Elog, Global, Guard};
use crate::elog::process;
use crate::elog::stats::{BuildError, ErrorCallback, Reporter};
use crate::elog::writer;

/// The bytes in each of the two buffers. Together they bound what a crash of the process can
/// lose, and what a disk that stands still can make it hold.
const BUFFER_SIZE: usize = 1024 * 1024;

/// Overrides the level of the process's logger: `ELOG=debug`.
const LEVEL_VARIABLE: &str = "ELOG";

/// What a caller does when lines come faster than they can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    /// Waits for room, and drops its line if there is none after this time. The callers after
    /// it drop theirs at once, until there is room again.
    Block(Duration),
    /// Drops its line at once.
    Drop,
}

/// The configuration of a logger. Everything has a default but the file.
///
/// ```
/// # use day06_elog as reactor;
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("server.log");
/// use reactor::elog::{Builder, Level};
///
/// let guard = Builder::new(&path).level(Level::Debug).build()?;
/// reactor::debug!(logger: guard.logger(), "{} clients", 3);
/// drop(guard);
/// assert!(std::fs::read_to_string(&path).unwrap().ends_with("] 3 clients\n"));
/// # Ok::<(), reactor::elog::BuildError>(())
/// ```
#[must_use = "a builder does nothing until `init` or `build`"]
pub struct Builder {
    target: Target,
    level: LevelFilter,
    synchronous: bool,
    when_full: WhenFull,
    flush_interval: Duration,
    shutdown_timeout: Duration,
    panic_hook: bool,
    on_error: Option<Box<ErrorCallback>>,
}

impl Elog {
    /// Starts the configuration of a logger that appends to the file at `path`.
    pub fn builder(path: impl Into<PathBuf>) -> Builder {
        Builder::new(path)
    }
}

impl Builder {
    /// A logger that appends to the file at `path`: level info, a writer thread, callers that
    /// wait for up to a second when the buffer is full.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            target: Target {
                path: path.into(),
                max_size: u64::MAX,
                keep: 0,
            },
            level: Level::Info.into(),
            synchronous: false,
            when_full: WhenFull::Block(Duration::from_secs(1)),
            flush_interval: Duration::from_millis(200),
            shutdown_timeout: Duration::from_secs(5),
            panic_hook: false,
            on_error: None,
        }
    }

    /// The least serious level that is logged. Default: info.
    pub fn level(mut self, level: impl Into<LevelFilter>) -> Self {
        self.level = level.into();
        self
    }

    /// Makes every call write its line before it returns, as LevelDB does: a few times slower,
    /// and not even SIGKILL loses a line. Default: false.
    pub fn synchronous(mut self, synchronous: bool) -> Self {
        self.synchronous = synchronous;
        self
    }

    /// What callers do when lines come faster than they can be written. Default: wait for a
    /// second.
    pub fn when_full(mut self, when_full: WhenFull) -> Self {
        self.when_full = when_full;
        self
    }

    /// How long a line may wait in memory while the disk keeps up. Below 1 ms, and so with 0,
    /// each line wakes the writer thread. Default: 200 ms.
    pub fn flush_interval(mut self, interval: Duration) -> Self {
        self.flush_interval = interval;
        self
    }

    /// How long dropping the guard may wait for a disk that does not take the last lines. The
    /// lines are tried once in any case, so 0 loses nothing on a healthy disk; a single write
    /// that hangs is left after half a second. Default: 5 s.
    pub fn shutdown_timeout(mut self, timeout: Duration) -> Self {
        self.shutdown_timeout = timeout;
        self
    }

    /// Starts a new file before this one exceeds `max_size` bytes (unless a single line does),
    /// and keeps the `keep` last full ones as `log.1`, the newest, to `log.N`. Lines are never
    /// split. Of several processes with one file, only one may rotate it; the others follow. A
    /// symbolic link stays, and its target is rotated; a device, a pipe and what `/dev/stdout`
    /// leads to are not. The new file has the mode of the old one. Default: one file that
    /// grows.
    pub fn rotate(mut self, max_size: u64, keep: u32) -> Self {
        (self.target.max_size, self.target.keep) = (max_size, keep);
        self
    }

    /// Logs every panic of the process as an error and waits until it is written, before the
    /// panic is printed as usual. Default: false.
    pub fn panic_hook(mut self, panic_hook: bool) -> Self {
        self.panic_hook = panic_hook;
        self
    }

    /// Calls `callback` when a line cannot be written, at most once a second. It runs on the
    /// thread that could not write, may log, and should not take long. It may also end the log
    /// or the process; the lines that wait then are abandoned and counted as lost, as no other
    /// thread could write them. Default: none; the error is written to stderr in any case.
    pub fn on_error(mut self, callback: impl Fn(&io::Error) + Send + Sync + 'static) -> Self {
        self.on_error = Some(Box::new(callback));
        self
    }

    /// Starts the logger and makes it the one that `info!` and the like use. The variable
    /// `ELOG` in the environment overrides the level.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build), and when the process has a logger already, be it of the `log`
    /// crate. What was started is ended again then; only the file stays.
    pub fn init(mut self) -> Result<Guard, BuildError> {
        if Global.logger().is_some() {
            return Err(BuildError::AlreadyInstalled);
        }
        if let Ok(name) = std::env::var(LEVEL_VARIABLE) {
            match name.parse() {
                Ok(level) => self.level = level,
                Err(error) => write_stderr(format!("elog: {LEVEL_VARIABLE}: {error}\n")),
            }
        }
        // A hook cannot be taken back, so it is the last.
        let panic_hook = mem::take(&mut self.panic_hook);
        let guard = self.build()?;
        let logger = guard.logger();
        #[cfg(feature = "log")]
        let is_free = log::set_logger(&Facade).is_ok();
        #[cfg(not(feature = "log"))]
        let is_free = true;
        if !is_free || Global.install(logger).is_err() {
            process::unregister(guard);
            return Err(BuildError::AlreadyInstalled);
        }
        if panic_hook {
            process::log_panics(logger);
        }
        Ok(guard)
    }

    /// Starts a logger of its own. It belongs to this process: a daemon starts it after it has
    /// forked, or goes on without a writer thread. A fork writes the lines that were logged
    /// before it, and waits up to half a second for the disk.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened, or the writer thread cannot be started.
    pub fn build(self) -> Result<Guard, BuildError> {
        // The file may have to be opened again after the program has changed its directory.
        let mut target = self.target;
        target.path = path::absolute(&target.path).unwrap_or(target.path);
        let path = target.path.clone();
        let reporter = Reporter::new(path.clone(), self.on_error);
        let opened = LogFile::open(&target);
        let file = opened.map_err(|source| BuildError::Open { path, source })?;
        let core: &'static Core = Box::leak(Box::new(Core {
            level: AtomicU8::new(self.level.0),
            buffer: DoubleBuffer::new(target, file, BUFFER_SIZE, self.flush_interval),
            reporter,
            timeout: match self.when_full {
                WhenFull::Block(timeout) => timeout,
                WhenFull::Drop => Duration::ZERO,
            },
            shutdown_timeout: self.shutdown_timeout,
        }));
        if !self.synchronous {
            let started = writer::start(&core.buffer, &core.reporter);
            started.map_err(BuildError::Thread)?;
        }
        let logger = Elog { core };
        process::register(logger);
        if self.panic_hook {
            process::log_panics(logger);
        }
        Ok(Guard { logger })
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Builder").field(&self.target.path).finish()
    }
}
