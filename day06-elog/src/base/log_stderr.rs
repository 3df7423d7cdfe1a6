//! Reports of errors on stderr.

use std::fmt;

/// Writes one line to stderr. `eprintln!` would panic when stderr is closed, and a
/// closed stderr must not end a server. A line that stderr does not take at once is dropped:
/// a pipe that no program reads must not stop a server either.
///
/// ```
/// # use day06_elog as reactor;
/// reactor::log_stderr(format_args!("client {}: {}", 5, "connection reset"));
/// ```
pub fn log_stderr(message: fmt::Arguments<'_>) {
    write_stderr(format!("{message}\n"));
}

/// Writes to standard error, the last place to report to, what it takes without waiting, and
/// ignores errors. For a pipe, poll(2) promises room for `PIPE_BUF` bytes
/// ([pipe(7)](https://man7.org/linux/man-pages/man7/pipe.7.html)); `O_NONBLOCK` would change
/// the pipe for all processes that share it.
///
/// Not through [`std::io::stderr`]: the thread that holds its lock may be waiting for the
/// logger, and a forked child may inherit it locked for ever.
pub(crate) fn write_stderr(text: impl AsRef<[u8]>) {
    for piece in text.as_ref().chunks(libc::PIPE_BUF) {
        let mut stderr = libc::pollfd {
            fd: libc::STDERR_FILENO,
            events: libc::POLLOUT,
            revents: 0,
        };
        // SAFETY: the pointer is to one pollfd that outlives the call.
        unsafe { libc::poll(&raw mut stderr, 1, 0) };
        if stderr.revents & libc::POLLOUT == 0 {
            return;
        }
        // SAFETY: the pointer and the length are of one slice that outlives the call.
        unsafe { libc::write(libc::STDERR_FILENO, piece.as_ptr().cast(), piece.len()) };
    }
}
