//! Where the servers say what went wrong.

use std::fmt;
use std::io::{self, Write};

/// Writes one line to stderr.
///
/// `eprintln!` panics when stderr is closed, and a server must not end because
/// nobody listens to its complaints.
///
/// ```
/// # use day06_elog as reactor;
/// reactor::report(format_args!("client {}: {}", 5, "connection reset"));
/// ```
pub fn report(message: fmt::Arguments<'_>) {
    // There is no second place to complain to.
    let _ = writeln!(io::stderr(), "{message}");
}
