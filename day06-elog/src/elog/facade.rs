//! Elog behind the `log` crate, so that the libraries of a program log to the
//! same file.

use std::fmt::{self, Write};
use std::time::Duration;

use log::kv::{Key, Source, Value, VisitSource};

use crate::elog::fixed_buf::FixedBuf;
use crate::elog::global::Global;
use crate::elog::level::{Level, LevelFilter};
use crate::elog::macros::file_name;

/// The facade's flush has no limit of its own.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);

/// Longer names of files are cut.
const PLACE: usize = 128;

struct Facade;

/// False if the process has another logger behind the facade.
pub(crate) fn install() -> bool {
    log::set_logger(&Facade).is_ok()
}

/// Lets the macros of the `log` crate filter, so that they do not evaluate what
/// is not logged.
pub(crate) fn set_level(filter: LevelFilter) {
    let allowed = Level::ALL.into_iter().filter(|&level| filter.allows(level));
    // Both sides have the same levels in the same order, theirs after "off".
    let theirs = log::LevelFilter::iter().nth(allowed.count());
    log::set_max_level(theirs.unwrap_or(log::LevelFilter::Trace));
}

impl log::Log for Facade {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        Global.enabled(metadata.level().into())
    }

    fn log(&self, record: &log::Record<'_>) {
        let level = record.level().into();
        if !Global.enabled(level) {
            return;
        }
        let mut storage = [0; PLACE];
        let mut place = FixedBuf::new(&mut storage);
        // Always `Ok`: the buffer never fails, and neither do names and numbers.
        let _ = match (record.file(), record.line()) {
            (Some(file), Some(line)) => write!(place, "{}:{line}", file_name(file)),
            _ => place.write_str(record.target()),
        };
        let place = std::str::from_utf8(place.as_bytes()).unwrap_or_default();
        let pairs = Pairs(record.key_values());
        Global.log(level, place, format_args!("{}{pairs}", record.args()));
    }

    fn flush(&self) {
        if let Some(logger) = Global.logger() {
            // The trait has no way to tell; what cannot be written is reported.
            let _ = logger.flush(FLUSH_TIMEOUT);
        }
    }
}

impl From<log::Level> for Level {
    fn from(level: log::Level) -> Self {
        match level {
            log::Level::Error => Level::Error,
            log::Level::Warn => Level::Warn,
            log::Level::Info => Level::Info,
            log::Level::Debug => Level::Debug,
            log::Level::Trace => Level::Trace,
        }
    }
}

/// Displays the key-value pairs of a record as ` k=v`, each with its blank.
struct Pairs<'a>(&'a dyn Source);

impl fmt::Display for Pairs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.visit(&mut Visitor(f)).map_err(|_| fmt::Error)
    }
}

struct Visitor<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl<'kvs> VisitSource<'kvs> for Visitor<'_, '_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), log::kv::Error> {
        Ok(write!(self.0, " {key}={value}")?)
    }
}
