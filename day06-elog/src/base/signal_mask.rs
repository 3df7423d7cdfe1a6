//! Which signals may interrupt a thread.

use std::io;
use std::mem::MaybeUninit;

use crate::base::syscall::check;

/// A set of signals ([sigsetops(3)](https://man7.org/linux/man-pages/man3/sigsetops.3.html)).
#[derive(Clone, Copy)]
pub(crate) struct SignalSet(libc::sigset_t);

impl SignalSet {
    /// The set of the given signal numbers.
    ///
    /// # Errors
    ///
    /// Fails for a number that is no signal's.
    pub(crate) fn of(signals: impl IntoIterator<Item = libc::c_int>) -> io::Result<Self> {
        let mut set = MaybeUninit::uninit();
        // SAFETY: the call writes to the set and does not read it.
        check(unsafe { libc::sigemptyset(set.as_mut_ptr()) })?;
        // SAFETY: sigemptyset has initialised it.
        let mut set = unsafe { set.assume_init() };
        for signal in signals {
            // SAFETY: the set is initialised and borrowed for the call.
            check(unsafe { libc::sigaddset(&raw mut set, signal) })?;
        }
        Ok(Self(set))
    }

    /// The set of all signals.
    ///
    /// # Errors
    ///
    /// None is to be expected: the call has nothing to refuse.
    pub(crate) fn all() -> io::Result<Self> {
        let mut set = MaybeUninit::uninit();
        // SAFETY: the call writes to the set and does not read it.
        check(unsafe { libc::sigfillset(set.as_mut_ptr()) })?;
        // SAFETY: sigfillset has initialised it.
        Ok(Self(unsafe { set.assume_init() }))
    }

    /// Adds the set to the signals that the calling thread blocks, and returns those that it
    /// blocked before. Threads inherit what the thread that starts them blocks
    /// ([pthread_sigmask(3)](https://man7.org/linux/man-pages/man3/pthread_sigmask.3.html)).
    ///
    /// # Errors
    ///
    /// None is to be expected: the call refuses an unknown way to change the mask alone.
    pub(crate) fn block(&self) -> io::Result<Self> {
        self.change_mask(libc::SIG_BLOCK)
    }

    /// Makes the calling thread block these signals and no others: undoes what
    /// [`block`](Self::block) has done, for the set that it returned.
    ///
    /// # Errors
    ///
    /// As for [`block`](Self::block).
    pub(crate) fn restore(&self) -> io::Result<()> {
        self.change_mask(libc::SIG_SETMASK).map(drop)
    }

    fn change_mask(&self, how: libc::c_int) -> io::Result<Self> {
        let mut before = MaybeUninit::uninit();
        // SAFETY: the set is read and the old one written during the call only.
        let error = unsafe { libc::pthread_sigmask(how, &raw const self.0, before.as_mut_ptr()) };
        if error != 0 {
            return Err(io::Error::from_raw_os_error(error));
        }
        // SAFETY: the call has succeeded and filled it.
        Ok(Self(unsafe { before.assume_init() }))
    }

    /// The set as system calls take it.
    pub(crate) fn as_ptr(&self) -> *const libc::sigset_t {
        &raw const self.0
    }
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
        let mask = status.lines().find_map(|line| line.strip_prefix("SigBlk:"));
        u64::from_str_radix(mask.unwrap().trim(), 16).unwrap()
    }

    #[test]
    fn a_thread_inherits_the_mask_and_its_starter_gets_its_own_back() {
        let before = blocked();
        let mask = SignalSet::all().unwrap().block().unwrap();
        let in_thread = thread::spawn(blocked).join().unwrap();
        mask.restore().unwrap();
        for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGXFSZ] {
            let bit = 1 << (signal - 1);
            assert_eq!((before & bit, in_thread & bit), (0, bit));
        }
        assert_eq!(blocked(), before);
    }
}
