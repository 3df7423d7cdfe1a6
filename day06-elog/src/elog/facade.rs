//! Elog behind the `log` crate, so that the libraries of a program log to the
//! same file.

use std::fmt::Write;
use std::time::Duration;

use log::kv::{Error, Key, Value, VisitSource};

use crate::elog::fixed_buf::FixedBuf;
use crate::elog::level::{Level, file_name};
use crate::elog::logger::Global;

/// The facade's flush has no limit of its own.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);

/// Longer names of files are cut.
const PLACE: usize = 128;

/// What the `log` crate passes records to.
pub(crate) struct Facade;

impl log::Log for Facade {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        Global.enabled(level_of(metadata.level()))
    }

    fn log(&self, record: &log::Record<'_>) {
        let level = level_of(record.level());
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
        let mut pairs = Pairs(String::new());
        // Always `Ok`: a `String` grows.
        let _ = record.key_values().visit(&mut pairs);
        let pairs = pairs.0;
        Global.log(level, place, format_args!("{}{pairs}", record.args()));
    }

    fn flush(&self) {
        if let Some(logger) = Global.logger() {
            // The trait returns nothing; what cannot be written is reported.
            let _ = logger.flush(FLUSH_TIMEOUT);
        }
    }
}

/// The `log` crate numbers its levels as we do, from 1.
fn level_of(level: log::Level) -> Level {
    Level::ALL[level as usize - 1]
}

/// The key-value pairs of a record as ` k=v`, each with its blank.
struct Pairs(String);

impl<'kvs> VisitSource<'kvs> for Pairs {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
        Ok(write!(self.0, " {key}={value}")?)
    }
}
