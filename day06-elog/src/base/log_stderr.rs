//! Reports of errors on stderr.

use std::fmt;
use std::io::{self, Write};

/// Writes one line to stderr. `eprintln!` would panic when stderr is closed, and a
/// closed stderr must not end a server.
///
/// ```
/// # use day06_elog as reactor;
/// reactor::log_stderr(format_args!("client {}: {}", 5, "connection reset"));
/// ```
pub fn log_stderr(message: fmt::Arguments<'_>) {
    // An error here has no other place to be reported.
    let _ = writeln!(io::stderr(), "{message}");
}
