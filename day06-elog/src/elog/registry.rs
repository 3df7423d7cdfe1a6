//! All loggers of the process, for the moments that concern each of them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::elog::logger::Core;
use crate::elog::{at_exit, at_fork};

static LOGGERS: Mutex<Vec<&'static Core>> = Mutex::new(Vec::new());

/// From now on the logger is flushed at exit, and survives a fork.
pub(crate) fn register(core: &'static Core) {
    at_exit::install();
    at_fork::install();
    lock().push(core);
}

/// All loggers so far. Locked so that no fork happens while one is added.
pub(crate) fn lock() -> MutexGuard<'static, Vec<&'static Core>> {
    LOGGERS.lock().unwrap_or_else(PoisonError::into_inner)
}
