//! The last resort: a line on standard error.

/// Writes a line that has no other place to go, and ignores what happens to it.
///
/// Not through [`std::io::stderr`]: whoever holds its lock may be waiting for
/// the logger, and a forked child may inherit it locked for ever.
pub(crate) fn write_to_stderr(line: &[u8]) {
    // SAFETY: the pointer and the length are of one slice that outlives the call.
    unsafe { libc::write(libc::STDERR_FILENO, line.as_ptr().cast(), line.len()) };
}
