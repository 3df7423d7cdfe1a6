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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::thread;

    use super::*;

    /// The signals that the calling thread blocks, a bit each
    /// ([proc_pid_status(5)](https://man7.org/linux/man-pages/man5/proc_pid_status.5.html)).
    fn blocked() -> u64 {
        let status = fs::read_to_string("/proc/thread-self/status").unwrap();
        let mask = status
            .lines()
            .find_map(|line| line.strip_prefix("SigBlk:"))
            .unwrap();
        u64::from_str_radix(mask.trim(), 16).unwrap()
    }

    #[test]
    fn a_thread_started_inside_blocks_signals_and_the_one_that_starts_it_does_not() {
        let before = blocked();
        let in_thread = with_signals_blocked(|| thread::spawn(blocked).join().unwrap());
        for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGXFSZ] {
            let bit = 1 << (signal - 1);
            assert_eq!((before & bit, in_thread & bit), (0, bit));
        }
        assert_eq!(blocked(), before);
    }
}
