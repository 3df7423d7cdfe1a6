//! Which thread a signal may reach.

use std::mem::MaybeUninit;
use std::ptr;

/// Runs `body` with every signal blocked in this thread. Threads that `body`
/// starts inherit the mask from their first instruction on
/// ([pthread_sigmask(3)](https://man7.org/linux/man-pages/man3/pthread_sigmask.3.html)).
pub(crate) fn with_signals_blocked<R>(body: impl FnOnce() -> R) -> R {
    let mut all = MaybeUninit::uninit();
    // SAFETY: the pointer is valid for the call, which fills the set.
    unsafe { libc::sigfillset(all.as_mut_ptr()) };
    let mut before = MaybeUninit::uninit();
    // SAFETY: `all` was filled above; `before` is valid for the call to fill. The
    // call fails only for an unknown first argument.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr()) };
    let result = body();
    // SAFETY: `before` was filled above; no old mask is asked for.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), ptr::null_mut()) };
    result
}
