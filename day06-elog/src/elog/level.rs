//! How much a line matters, and how much must matter to be logged.

use std::error::Error;
use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU8, Ordering};

/// How much a line matters. A lower level is more serious, as in syslog(3), so
/// that "at least this serious" is `<=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Level {
    /// Something is lost, or somebody has to act. Wakes the writer at once.
    Error = 1,
    /// Something is wrong that the program can live with.
    Warn,
    /// What the program does, for the people who run it.
    Info,
    /// What the program does, for the people who write it.
    Debug,
    /// Every step.
    Trace,
}

impl Level {
    /// All levels, the most serious first.
    pub const ALL: [Level; 5] = [
        Level::Error,
        Level::Warn,
        Level::Info,
        Level::Debug,
        Level::Trace,
    ];

    /// The name as it stands in a line: five columns, so that places line up.
    pub(crate) fn padded(self) -> &'static str {
        match self {
            Level::Error => "ERROR",
            Level::Warn => "WARN ",
            Level::Info => "INFO ",
            Level::Debug => "DEBUG",
            Level::Trace => "TRACE",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.padded().trim_end())
    }
}

/// The least serious level that is still logged, or none at all.
///
/// ```
/// # use day06_elog as reactor;
/// use reactor::elog::{Level, LevelFilter};
///
/// let filter: LevelFilter = "warn".parse().unwrap();
/// assert!(filter.allows(Level::Error));
/// assert!(!filter.allows(Level::Info));
/// assert!(!LevelFilter::OFF.allows(Level::Error));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LevelFilter(u8);

impl LevelFilter {
    /// Logs nothing.
    pub const OFF: LevelFilter = LevelFilter(0);

    /// Whether a line of this level passes.
    #[inline]
    pub fn allows(self, level: Level) -> bool {
        level as u8 <= self.0
    }
}

impl From<Level> for LevelFilter {
    fn from(level: Level) -> Self {
        LevelFilter(level as u8)
    }
}

impl FromStr for LevelFilter {
    type Err = ParseLevelError;

    /// Accepts `off` and the names of the levels, in capitals or not.
    fn from_str(name: &str) -> Result<Self, ParseLevelError> {
        if name.eq_ignore_ascii_case("off") {
            return Ok(LevelFilter::OFF);
        }
        Level::ALL
            .into_iter()
            .find(|level| level.padded().trim_end().eq_ignore_ascii_case(name))
            .map(LevelFilter::from)
            .ok_or_else(|| ParseLevelError { name: name.into() })
    }
}

/// What was given is not the name of a level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseLevelError {
    name: String,
}

impl fmt::Display for ParseLevelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        write!(
            f,
            "{name:?} is no level: use off, error, warn, info, debug or trace"
        )
    }
}

impl Error for ParseLevelError {}

/// A filter that any thread may change while others log.
#[derive(Debug)]
pub(crate) struct AtomicLevel(AtomicU8);

impl AtomicLevel {
    pub(crate) fn new(filter: LevelFilter) -> Self {
        Self(AtomicU8::new(filter.0))
    }

    /// Relaxed: a thread that sees a change a moment later logs a line more or
    /// less, and nothing else depends on it.
    #[inline]
    pub(crate) fn get(&self) -> LevelFilter {
        LevelFilter(self.0.load(Ordering::Relaxed))
    }

    pub(crate) fn set(&self, filter: LevelFilter) {
        self.0.store(filter.0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_allows_its_own_level_and_what_is_more_serious() {
        for (i, limit) in Level::ALL.into_iter().enumerate() {
            let filter = LevelFilter::from(limit);
            for (j, level) in Level::ALL.into_iter().enumerate() {
                assert_eq!(filter.allows(level), j <= i, "{level} under {limit}");
            }
        }
    }

    #[test]
    fn every_level_is_parsed_from_the_name_it_displays() {
        for level in Level::ALL {
            let shown = level.to_string();
            assert_eq!(shown.parse(), Ok(LevelFilter::from(level)));
            assert_eq!(shown.to_lowercase().parse(), Ok(LevelFilter::from(level)));
        }
        assert_eq!("Off".parse(), Ok(LevelFilter::OFF));
        for wrong in ["", "warn ", "warning", "3"] {
            let error = wrong.parse::<LevelFilter>().unwrap_err();
            assert!(error.to_string().contains(&format!("{wrong:?}")));
        }
    }

    #[test]
    fn a_shared_filter_keeps_what_was_set_last() {
        let shared = AtomicLevel::new(Level::Info.into());
        assert!(!shared.get().allows(Level::Debug));
        shared.set(Level::Trace.into());
        assert!(shared.get().allows(Level::Debug));
    }
}
