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

    /// Adds the set to the signals that the calling thread blocks, and returns those that it
    /// blocked before. Threads inherit what the thread that starts them blocks
    /// ([pthread_sigmask(3)](https://man7.org/linux/man-pages/man3/pthread_sigmask.3.html)).
    ///
    /// # Errors
    ///
    /// None is to be expected: the call refuses an unknown way to change the mask alone.
    pub(crate) fn block(&self) -> io::Result<Self> {
        let mut before = MaybeUninit::uninit();
        // SAFETY: the set is read and the old one written during the call only.
        let error = unsafe {
            libc::pthread_sigmask(libc::SIG_BLOCK, &raw const self.0, before.as_mut_ptr())
        };
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
