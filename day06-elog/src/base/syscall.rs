//! The result of a system call as Rust's `Result`.

use std::io;

/// Turns a system call's -1 into the error that `errno` names
/// ([errno(3)](https://man7.org/linux/man-pages/man3/errno.3.html)).
pub(crate) fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result == -1 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}
