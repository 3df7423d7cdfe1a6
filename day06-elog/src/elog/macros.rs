//! The calls that the rest of the program is full of.

/// Logs a line of the given [`Level`](crate::elog::Level). If the level is
/// filtered out, the arguments are not even evaluated.
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
#[macro_export]
macro_rules! log {
    (logger: $logger:expr, $level:expr, $($arg:tt)+) => {{
        let (logger, level) = ($logger, $level);
        if logger.enabled(level) {
            // The path is shortened and the line number made text when this is
            // compiled, and not once for each line that is logged.
            const PLACE: &str =
                $crate::elog::file_name(::core::concat!(::core::file!(), ":", ::core::line!()));
            logger.log(level, PLACE, ::core::format_args!($($arg)+));
        }
    }};
    ($level:expr, $($arg:tt)+) => {
        $crate::log!(logger: $crate::elog::Global, $level, $($arg)+)
    };
}

/// Logs that something is lost, or that somebody has to act. Arguments as for
/// [`format!`], after an optional `logger: …,`.
#[macro_export]
macro_rules! error {
    (logger: $logger:expr, $($arg:tt)+) => {
        $crate::log!(logger: $logger, $crate::elog::Level::Error, $($arg)+)
    };
    ($($arg:tt)+) => { $crate::log!($crate::elog::Level::Error, $($arg)+) };
}

/// Logs that something is wrong that the program can live with. Arguments as for
/// [`format!`], after an optional `logger: …,`.
#[macro_export]
macro_rules! warn {
    (logger: $logger:expr, $($arg:tt)+) => {
        $crate::log!(logger: $logger, $crate::elog::Level::Warn, $($arg)+)
    };
    ($($arg:tt)+) => { $crate::log!($crate::elog::Level::Warn, $($arg)+) };
}

/// Logs what the program does, for the people who run it. Arguments as for
/// [`format!`], after an optional `logger: …,`.
#[macro_export]
macro_rules! info {
    (logger: $logger:expr, $($arg:tt)+) => {
        $crate::log!(logger: $logger, $crate::elog::Level::Info, $($arg)+)
    };
    ($($arg:tt)+) => { $crate::log!($crate::elog::Level::Info, $($arg)+) };
}

/// Logs what the program does, for the people who write it. Arguments as for
/// [`format!`], after an optional `logger: …,`.
#[macro_export]
macro_rules! debug {
    (logger: $logger:expr, $($arg:tt)+) => {
        $crate::log!(logger: $logger, $crate::elog::Level::Debug, $($arg)+)
    };
    ($($arg:tt)+) => { $crate::log!($crate::elog::Level::Debug, $($arg)+) };
}

/// Logs a step. Arguments as for [`format!`], after an optional `logger: …,`.
#[macro_export]
macro_rules! trace {
    (logger: $logger:expr, $($arg:tt)+) => {
        $crate::log!(logger: $logger, $crate::elog::Level::Trace, $($arg)+)
    };
    ($($arg:tt)+) => { $crate::log!($crate::elog::Level::Trace, $($arg)+) };
}

/// The part of a path after the last slash. The macros use it; at run time
/// [`Path::file_name`](std::path::Path::file_name) is the better choice.
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
    fn a_place_is_the_file_without_its_directories() {
        assert_eq!(file_name("src/elog/macros.rs:7"), "macros.rs:7");
        assert_eq!(file_name("macros.rs:7"), "macros.rs:7");
        assert_eq!(file_name("src/"), "");
        assert_eq!(file_name(""), "");
    }
}
