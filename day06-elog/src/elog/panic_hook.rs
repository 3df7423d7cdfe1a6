//! A panic in the log, where the lines before it are.

use std::panic::{self, PanicHookInfo};
use std::thread;
use std::time::Duration;

use crate::elog::level::Level;
use crate::elog::logger::Elog;
use crate::elog::macros::file_name;

/// With `panic = "abort"` nothing runs after the hook, so it waits until the
/// lines are written; but a disk must not keep a broken process alive for long.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

/// Logs every panic from now on, and writes what is left, before the hook that
/// was there until now prints it.
pub(crate) fn install(logger: Elog) {
    let next = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        log_panic(logger, info);
        next(info);
    }));
}

fn log_panic(logger: Elog, info: &PanicHookInfo<'_>) {
    let place = info.location().map_or_else(
        || "unknown".to_owned(),
        |location| format!("{}:{}", file_name(location.file()), location.line()),
    );
    let thread = thread::current();
    let name = thread.name().unwrap_or("unnamed");
    let message = message(info);
    logger.log(
        Level::Error,
        &place,
        format_args!("thread {name} panicked: {message}"),
    );
    // Nobody is left to tell about lines that still wait.
    let _ = logger.flush(FLUSH_TIMEOUT);
}

fn message<'a>(info: &'a PanicHookInfo<'_>) -> &'a str {
    let payload = info.payload();
    if let Some(message) = payload.downcast_ref::<&str>() {
        message
    } else if let Some(message) = payload.downcast_ref::<String>() {
        message
    } else {
        "with a value that is no text"
    }
}
