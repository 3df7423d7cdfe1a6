//! What a logger is made from.

use std::env;
use std::fmt;
use std::io;
use std::path::{self, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::elog::build_error::BuildError;
use crate::elog::direct::Direct;
use crate::elog::double_buffer::{BUFFER_SIZE, DoubleBuffer};
use crate::elog::global::{self, Global};
use crate::elog::guard::Guard;
use crate::elog::level::{AtomicLevel, Level, LevelFilter};
use crate::elog::logger::{Core, Elog};
use crate::elog::panic_hook;
use crate::elog::registry;
use crate::elog::reporter::{ErrorCallback, Reporter};
use crate::elog::rotation::Rotation;
use crate::elog::sink::{Sink, Target};
use crate::elog::stats::Counter;
use crate::elog::stderr::write_to_stderr;
use crate::elog::writer;

/// Overrides the level of the process's logger: `ELOG=debug`.
const LEVEL_VARIABLE: &str = "ELOG";

/// What a caller does when lines come faster than they can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    /// Waits for room, and drops its line if there is none after this time. The
    /// callers after it drop theirs at once, until there is room again.
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

impl Builder {
    /// A logger that appends to the file at `path`: level info, a writer thread,
    /// callers that wait for up to a second when the buffer is full.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            target: Target {
                path: path.into(),
                rotation: None,
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

    /// Makes every call write its line before it returns, as LevelDB does: a few
    /// times slower, and not even SIGKILL loses a line. Default: false.
    pub fn synchronous(mut self, synchronous: bool) -> Self {
        self.synchronous = synchronous;
        self
    }

    /// What callers do when lines come faster than they can be written. Default:
    /// wait for a second.
    pub fn when_full(mut self, when_full: WhenFull) -> Self {
        self.when_full = when_full;
        self
    }

    /// How long a line may wait in memory while the disk keeps up. Default:
    /// 200 ms.
    pub fn flush_interval(mut self, interval: Duration) -> Self {
        self.flush_interval = interval;
        self
    }

    /// How long dropping the guard may wait for a disk that does not take the
    /// last lines. Default: 5 s.
    pub fn shutdown_timeout(mut self, timeout: Duration) -> Self {
        self.shutdown_timeout = timeout;
        self
    }

    /// Starts a new file before this one exceeds `max_size` bytes (unless a single
    /// line does), and keeps the `keep` last full ones as `log.1`, the newest, to
    /// `log.N`. Lines are never split. Of several processes with one file, only one
    /// may rotate it; the others follow. Default: one file that grows.
    pub fn rotate(mut self, max_size: u64, keep: u32) -> Self {
        self.target.rotation = Some(Rotation { max_size, keep });
        self
    }

    /// Logs every panic of the process as an error and waits until it is written,
    /// before the panic is printed as usual. Default: false.
    pub fn panic_hook(mut self, panic_hook: bool) -> Self {
        self.panic_hook = panic_hook;
        self
    }

    /// Calls `callback` when a line cannot be written, at most once a second. It
    /// runs on the thread that could not write, may log, and should not take
    /// long. Default: none; standard error is told in any case.
    pub fn on_error(mut self, callback: impl Fn(&io::Error) + Send + Sync + 'static) -> Self {
        self.on_error = Some(Box::new(callback));
        self
    }

    /// Starts the logger and makes it the one that `info!` and the like use. The
    /// variable `ELOG` in the environment overrides the level.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build), and when the process has a logger already, be it
    /// of the `log` crate.
    pub fn init(mut self) -> Result<Guard, BuildError> {
        if Global.logger().is_some() {
            return Err(BuildError::AlreadyInstalled);
        }
        if let Ok(name) = env::var(LEVEL_VARIABLE) {
            match name.parse() {
                Ok(level) => self.level = level,
                Err(error) => {
                    write_to_stderr(format!("elog: {LEVEL_VARIABLE}: {error}\n").as_bytes());
                }
            }
        }
        let guard = self.build()?;
        if global::install(guard.logger()) {
            Ok(guard)
        } else {
            Err(BuildError::AlreadyInstalled)
        }
    }

    /// Starts a logger of its own. It belongs to this process: a daemon starts it
    /// after it has forked, or goes on without a writer thread.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened, or the writer thread cannot be started.
    pub fn build(mut self) -> Result<Guard, BuildError> {
        // The file may have to be opened again after the program has changed its
        // directory.
        if let Ok(absolute) = path::absolute(&self.target.path) {
            self.target.path = absolute;
        }
        let sink = Sink::open(self.target.clone()).map_err(|source| BuildError::Open {
            path: self.target.path.clone(),
            source,
        })?;
        // The writer needs the file, or else the callers do.
        let (direct, for_writer) = if self.synchronous {
            (Direct::open(self.target.clone(), sink), None)
        } else {
            (Direct::elsewhere(self.target.clone()), Some(sink))
        };
        let core: &'static Core = Box::leak(Box::new(Core {
            level: AtomicLevel::new(self.level),
            buffer: for_writer
                .is_some()
                .then(|| DoubleBuffer::new(BUFFER_SIZE, BUFFER_SIZE / 4)),
            direct,
            reporter: Reporter::new(self.target.path, self.on_error),
            patience: match self.when_full {
                WhenFull::Block(patience) => patience,
                WhenFull::Drop => Duration::ZERO,
            },
            flush_interval: self.flush_interval,
            shutdown_timeout: self.shutdown_timeout,
            reopen: AtomicBool::new(false),
            cut: Counter::default(),
        }));
        if let (Some(buffer), Some(sink)) = (&core.buffer, for_writer) {
            writer::start(core, buffer, sink).map_err(BuildError::Thread)?;
        }
        registry::register(core);
        let logger = Elog::new(core);
        if self.panic_hook {
            panic_hook::install(logger);
        }
        Ok(Guard::new(logger))
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}
