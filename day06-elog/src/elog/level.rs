//! How much a line matters, how much must matter to be logged, and the macros, which ask.

use std::fmt;
use std::str::FromStr;

/// How much a line matters. A lower level is more serious, as in syslog(3), so that "at
/// least this serious" is `<=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Level {
    /// Something is lost, or an operator has to act. Wakes the writer thread at once.
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

/// The names as they stand in a line: five columns, so that places line up. A level's number
/// is its index.
const NAMES: [&str; 6] = ["OFF  ", "ERROR", "WARN ", "INFO ", "DEBUG", "TRACE"];

impl Level {
    /// All levels, the most serious first.
    pub const ALL: [Level; 5] = [
        Level::Error,
        Level::Warn,
        Level::Info,
        Level::Debug,
        Level::Trace,
    ];

    /// The name as it stands in a line.
    pub(crate) fn padded(self) -> &'static str {
        NAMES[self as usize]
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
pub struct LevelFilter(pub(crate) u8);

impl LevelFilter {
    /// Logs nothing.
    pub const OFF: LevelFilter = LevelFilter(0);

    /// Whether a line of this level passes.
    #[inline]
    pub fn allows(self, level: Level) -> bool {
        level as u8 <= self.0
    }

    /// The filter of the `log` crate that allows the same: it numbers its levels alike.
    #[cfg(feature = "log")]
    pub(crate) fn to_facade(self) -> log::LevelFilter {
        let same = log::LevelFilter::iter().nth(usize::from(self.0));
        same.unwrap_or(log::LevelFilter::Trace)
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
        (0..)
            .zip(NAMES)
            .find(|(_, padded)| padded.trim_end().eq_ignore_ascii_case(name))
            .map(|(number, _)| LevelFilter(number))
            .ok_or_else(|| ParseLevelError(name.into()))
    }
}

/// The text is not the name of a level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseLevelError(String);

impl fmt::Display for ParseLevelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, names) = (&self.0, "off, error, warn, info, debug or trace");
        write!(f, "{name:?} is no level: use {names}")
    }
}

impl std::error::Error for ParseLevelError {}

/// Logs a line of the given [`Level`]. If the level is filtered out, the arguments are not
/// even evaluated.
///
/// Logs to the process's logger, or to another one:
///
/// ```
/// # use day06_elog as reactor;
/// # use reactor::elog::{Builder, Level};
/// # let dir = tempfile::tempdir().unwrap();
/// # let guard = Builder::new(dir.path().join("log")).build()?;
/// # let audit = guard.logger();
/// # let level = Level::Debug;
/// reactor::log!(level, "{} clients", 3);
/// reactor::log!(logger: audit, level, "{} clients", 3);
/// # Ok::<(), reactor::elog::BuildError>(())
/// ```
///
/// A record is one line, so the line feeds of `{:#?}` are escaped. What has several lines is
/// logged as several records; with a common word in front, as other threads log between them:
///
/// ```
/// # use day06_elog as reactor;
/// # use reactor::elog::{Builder, Level};
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("log");
/// # let log = Builder::new(&path).build()?;
/// # let logger = log.logger();
/// let options = Some(5);
/// for line in format!("{options:#?}").lines() {
///     reactor::info!(logger: logger, "options: {line}");
/// }
/// # drop(log);
/// # let content = std::fs::read_to_string(&path).unwrap();
/// # let lines = content.lines().skip(1);
/// # let texts: Vec<_> = lines.map(|line| line.split_once("] ").unwrap().1).collect();
/// # assert_eq!(texts, ["options: Some(", "options:     5,", "options: )"]);
/// # Ok::<(), reactor::elog::BuildError>(())
/// ```
#[macro_export]
macro_rules! log {
    (logger: $logger:expr, $level:expr, $($arg:tt)+) => {{
        let (logger, level) = ($logger, $level);
        if logger.enabled(level) {
            // The path is shortened and the line number made text when this is compiled, and
            // not once for each line that is logged.
            const PLACE: &str =
                $crate::elog::file_name(::core::concat!(::core::file!(), ":", ::core::line!()));
            logger.log(level, PLACE, ::core::format_args!($($arg)+));
        }
    }};
    // From `error!` and the like, which put the level in front of the logger.
    (@$level:ident logger: $logger:expr, $($arg:tt)+) => {
        $crate::log!(logger: $logger, $crate::elog::Level::$level, $($arg)+)
    };
    (@$level:ident $($arg:tt)+) => { $crate::log!($crate::elog::Level::$level, $($arg)+) };
    ($level:expr, $($arg:tt)+) => {
        $crate::log!(logger: $crate::elog::Global, $level, $($arg)+)
    };
}

/// Logs that something is lost, or that an operator has to act. Arguments as for
/// [`format!`], after an optional `logger: …,`.
#[macro_export]
macro_rules! error {
    ($($arg:tt)+) => { $crate::log!(@Error $($arg)+) };
}

/// Logs that something is wrong that the program can live with. Arguments as for
/// [`format!`], after an optional `logger: …,`.
#[macro_export]
macro_rules! warn {
    ($($arg:tt)+) => { $crate::log!(@Warn $($arg)+) };
}

/// Logs what the program does, for the people who run it. Arguments as for [`format!`],
/// after an optional `logger: …,`.
#[macro_export]
macro_rules! info {
    ($($arg:tt)+) => { $crate::log!(@Info $($arg)+) };
}

/// Logs what the program does, for the people who write it. Arguments as for [`format!`],
/// after an optional `logger: …,`.
#[macro_export]
macro_rules! debug {
    ($($arg:tt)+) => { $crate::log!(@Debug $($arg)+) };
}

/// Logs a step. Arguments as for [`format!`], after an optional `logger: …,`.
#[macro_export]
macro_rules! trace {
    ($($arg:tt)+) => { $crate::log!(@Trace $($arg)+) };
}

/// The part of a path after the last slash. The macros use it while they are compiled; at
/// run time [`Path::file_name`](std::path::Path::file_name) is the better choice.
pub const fn file_name(path: &str) -> &str {
    let mut start = path.len();
    while start > 0 && path.as_bytes()[start - 1] != b'/' {
        start -= 1;
    }
    path.split_at(start).1
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
            assert_eq!(shown.to_uppercase(), format!("{level:?}").to_uppercase());
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
    fn a_place_is_the_file_without_its_directories() {
        assert_eq!(file_name("src/elog/level.rs:7"), "level.rs:7");
        assert_eq!(file_name("level.rs:7"), "level.rs:7");
        assert_eq!(file_name("src/"), "");
        assert_eq!(file_name(""), "");
    }
}
