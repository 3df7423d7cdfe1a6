//! The process's logger, which the macros use.

use std::fmt;
use std::sync::OnceLock;

#[cfg(feature = "log")]
use crate::elog::facade;
use crate::elog::level::Level;
use crate::elog::line::with_line;
use crate::elog::logger::Elog;
use crate::elog::stderr::write_to_stderr;

static INSTALLED: OnceLock<Elog> = OnceLock::new();

/// The logger that [`Builder::init`](crate::elog::Builder::init) installed.
///
/// Until then, warnings and errors go to standard error, so that a server
/// without a log file still reports its troubles; the rest goes nowhere.
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
        match INSTALLED.get() {
            Some(logger) => logger.enabled(level),
            None => level <= Level::Warn,
        }
    }

    /// Logs a line, as [`Elog::log`] does.
    pub fn log(self, level: Level, place: &str, args: fmt::Arguments<'_>) {
        match INSTALLED.get() {
            Some(logger) => logger.log(level, place, args),
            None => with_line(level, place, args, |line| write_to_stderr(line.bytes)),
        }
    }
}

/// False if the process has another logger already.
pub(crate) fn install(logger: Elog) -> bool {
    #[cfg(feature = "log")]
    if !facade::install() {
        return false;
    }
    let installed = INSTALLED.set(logger).is_ok();
    #[cfg(feature = "log")]
    facade::set_level(logger.level());
    installed
}
