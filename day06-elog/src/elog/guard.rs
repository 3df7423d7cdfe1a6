//! Whoever holds the guard ends the log.

use std::time::Duration;

use crate::elog::logger::Elog;
use crate::elog::stats::{Lost, Stats};

/// Writes what is left of the log when it is dropped. Keep it in a variable of
/// `main`: `let _ = …` would drop it at once.
///
/// Lines that come after the end are not lost: each is written by its caller.
#[derive(Debug)]
#[must_use = "dropping the guard ends the writer thread; keep it until the end of main"]
pub struct Guard {
    logger: Elog,
    ended: bool,
}

impl Guard {
    pub(crate) fn new(logger: Elog) -> Self {
        Self {
            logger,
            ended: false,
        }
    }

    /// The logger that this guard ends.
    pub fn logger(&self) -> Elog {
        self.logger
    }

    /// Writes what is left and ends the writer thread, and says how it went,
    /// which dropping the guard cannot.
    ///
    /// # Errors
    ///
    /// [`Lost`] says how many lines could not be written within `timeout`. They
    /// are given up.
    pub fn shutdown(mut self, timeout: Duration) -> Result<Stats, Lost> {
        self.ended = true;
        self.logger.shutdown(timeout)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if !self.ended {
            self.logger.shutdown_or_report();
        }
    }
}
