//! The line that stands in the log for lines that do not.

use crate::elog::level::Level;
use crate::elog::line::with_line;

/// Lends the line that tells how many others are missing, and why. It goes to the
/// file past the buffer and the counts: it was accepted from nobody.
pub(crate) fn with_notice<R>(missing: u64, why: &str, consume: impl FnOnce(&[u8]) -> R) -> R {
    with_line(
        Level::Warn,
        "elog",
        format_args!("lost {missing} lines: {why}"),
        |line| consume(line.bytes),
    )
}
