//! Signals as events.

use std::fs::File;
use std::io::{self, Read};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr;
use std::rc::Rc;

use crate::syscall::check;
use crate::{Channel, EventLoop, error};

/// A signal that a server may want to hear of
/// ([signal(7)](https://man7.org/linux/man-pages/man7/signal.7.html)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Signal {
    /// `SIGINT`: Ctrl-C.
    Interrupt = libc::SIGINT,
    /// `SIGTERM`: the polite request to end, from `kill` or a service manager.
    Terminate = libc::SIGTERM,
    /// `SIGHUP`. By custom: open files again, read the configuration again.
    Hangup = libc::SIGHUP,
    /// `SIGUSR1`: no meaning but the one that the program gives it.
    User1 = libc::SIGUSR1,
}

impl Signal {
    const ALL: [Self; 4] = [Self::Interrupt, Self::Terminate, Self::Hangup, Self::User1];

    fn from_number(number: u32) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|&signal| signal as u32 == number)
    }
}

/// Signals that arrive as events, like everything else
/// ([signalfd(2)](https://man7.org/linux/man-pages/man2/signalfd.2.html)).
///
/// A signal handler may interrupt anything at any place and may therefore do next to
/// nothing ([signal-safety(7)](https://man7.org/linux/man-pages/man7/signal-safety.7.html));
/// a callback of the loop may do everything.
///
/// ```no_run
/// # use day06_elog as reactor;
/// # fn main() -> std::io::Result<()> {
/// use std::rc::Rc;
/// use reactor::{EventLoop, Signal, Signals};
///
/// let signals = Signals::block(&[Signal::Interrupt, Signal::Terminate])?;
/// let event_loop = EventLoop::new()?;
/// let ended = Rc::downgrade(&event_loop);
/// signals.watch(&event_loop, move |_| {
///     if let Some(event_loop) = ended.upgrade() {
///         event_loop.quit();
///     }
/// })?;
/// event_loop.run()?;
/// # Ok(())
/// # }
/// ```
pub struct Signals {
    file: File,
}

impl Signals {
    /// Keeps `signals` from interrupting the calling thread and those that it starts
    /// later. Call this **before the first thread is started**: in a thread without the
    /// block a signal would still do what it does by default, and end the process.
    ///
    /// # Errors
    ///
    /// Fails when the process or the system is out of descriptors or memory.
    pub fn block(signals: &[Signal]) -> io::Result<Self> {
        let mask = block(signals)?;
        // SAFETY: the mask is read during the call only.
        let fd = check(unsafe {
            libc::signalfd(-1, &raw const mask, libc::SFD_NONBLOCK | libc::SFD_CLOEXEC)
        })?;
        // SAFETY: the kernel has just made this descriptor, and nobody else knows it.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        Ok(Self { file: fd.into() })
    }

    /// Has the loop call `callback` for each signal that arrives, or has arrived since
    /// it was blocked.
    ///
    /// # Errors
    ///
    /// Fails like [`Channel::enable_reading`].
    pub fn watch(
        self,
        event_loop: &Rc<EventLoop>,
        callback: impl Fn(Signal) + 'static,
    ) -> io::Result<()> {
        let signals = Rc::new(self);
        let channel = Channel::new(event_loop, Rc::clone(&signals));
        channel.set_read_callback(move |_| {
            loop {
                match signals.read() {
                    Ok(Some(signal)) => callback(signal),
                    Ok(None) => return,
                    Err(error) => {
                        error!("cannot read a signal: {error}");
                        return;
                    }
                }
            }
        });
        channel.enable_reading()
    }

    /// The next signal, if one is waiting.
    fn read(&self) -> io::Result<Option<Signal>> {
        let mut info = [0; size_of::<libc::signalfd_siginfo>()];
        match (&self.file).read(&mut info) {
            Ok(_) => {
                // The record begins with the signal's number.
                let [a, b, c, d, ..] = info;
                Ok(Signal::from_number(u32::from_ne_bytes([a, b, c, d])))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// Blocks `signals` in the calling thread and returns them as the kernel's set
/// ([pthread_sigmask(3)](https://man7.org/linux/man-pages/man3/pthread_sigmask.3.html)).
fn block(signals: &[Signal]) -> io::Result<libc::sigset_t> {
    let mut mask = MaybeUninit::uninit();
    // SAFETY: the call writes to the set and does not read it.
    check(unsafe { libc::sigemptyset(mask.as_mut_ptr()) })?;
    // SAFETY: sigemptyset has initialised it.
    let mut mask = unsafe { mask.assume_init() };
    for &signal in signals {
        // SAFETY: the set is initialised and borrowed for the call.
        check(unsafe { libc::sigaddset(&raw mut mask, signal as libc::c_int) })?;
    }
    // SAFETY: the set is read during the call only, and no old set is asked for.
    match unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const mask, ptr::null_mut()) } {
        0 => Ok(mask),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn signals_arrive_as_events_in_the_thread_of_the_loop() {
        let event_loop = EventLoop::new().unwrap();
        let arrived = Rc::new(RefCell::new(Vec::new()));
        let (log, handle) = (Rc::clone(&arrived), event_loop.handle());
        let signals = Signals::block(&[Signal::User1, Signal::Hangup]).unwrap();
        for signal in [Signal::User1, Signal::Hangup] {
            // SAFETY: the call takes no pointer; the signal is blocked in this thread,
            // which is the one that it goes to.
            assert_eq!(unsafe { libc::raise(signal as libc::c_int) }, 0);
        }
        let note = move |signal| {
            log.borrow_mut().push(signal);
            if log.borrow().len() == 2 {
                handle.quit();
            }
        };
        signals.watch(&event_loop, note).unwrap();
        event_loop.run().unwrap();
        let arrived = arrived.take();
        assert!(arrived.contains(&Signal::User1) && arrived.contains(&Signal::Hangup));
    }
}
