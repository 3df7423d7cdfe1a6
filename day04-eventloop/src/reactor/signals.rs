//! Signals as events of the loop.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};
use std::rc::Rc;

use crate::base::log_stderr;
use crate::base::signal_mask::SignalSet;
use crate::base::syscall::check;
use crate::reactor::{Channel, EventLoop};

/// A signal that a server handles
/// ([signal(7)](https://man7.org/linux/man-pages/man7/signal.7.html)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Signal {
    /// `SIGINT`: Ctrl-C.
    Interrupt = libc::SIGINT,
    /// `SIGTERM`: the request to end, from `kill` or a service manager.
    Terminate = libc::SIGTERM,
    /// `SIGHUP`: by convention, to reopen files and to reload the configuration.
    Hangup = libc::SIGHUP,
    /// `SIGUSR1`: its meaning is the program's choice.
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

/// Blocked signals, to be read as events of a loop
/// ([signalfd(2)](https://man7.org/linux/man-pages/man2/signalfd.2.html)).
///
/// A signal handler can interrupt the program at any instruction, and may call hardly
/// anything ([signal-safety(7)](https://man7.org/linux/man-pages/man7/signal-safety.7.html)).
/// A callback of the loop has no such restriction.
///
/// ```no_run
/// # use day04_eventloop as reactor;
/// # fn main() -> std::io::Result<()> {
/// use std::rc::Rc;
/// use reactor::{EventLoop, Signal, Signals};
///
/// let signals = Signals::block(&[Signal::Interrupt, Signal::Terminate])?;
/// let event_loop = EventLoop::new()?;
/// let weak = Rc::downgrade(&event_loop);
/// let _watch = signals.watch(&event_loop, move |_| {
///     if let Some(event_loop) = weak.upgrade() {
///         event_loop.quit();
///     }
/// })?;
/// event_loop.run()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Signals {
    file: File,
}

impl Signals {
    /// Blocks `signals` in the calling thread and in the threads that it starts later. Call
    /// this **before the first thread is started**: a thread that does not block a signal
    /// may receive it, and its default action ends the process.
    ///
    /// A child process inherits the mask too, through execve(2) as well: Ctrl-C and SIGTERM
    /// would then not end a program that does not expect it. Before you start a child, call
    /// [sigprocmask(2)](https://man7.org/linux/man-pages/man2/sigprocmask.2.html) with
    /// `SIG_UNBLOCK` in it, between fork(2) and execve(2): `CommandExt::pre_exec` of the
    /// standard library is the place.
    ///
    /// # Errors
    ///
    /// Fails when the process or the system is out of descriptors or memory.
    pub fn block(signals: &[Signal]) -> io::Result<Self> {
        let set = SignalSet::of(signals.iter().map(|&signal| signal as libc::c_int))?;
        set.block()?;
        let flags = libc::SFD_NONBLOCK | libc::SFD_CLOEXEC;
        // SAFETY: the set is read during the call only.
        let fd = check(unsafe { libc::signalfd(-1, set.as_ptr(), flags) })?;
        // SAFETY: the kernel has just made this descriptor, and it has no other owner.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        Ok(Self { file: fd.into() })
    }

    /// Makes the loop call `callback` for each signal that arrives, or has arrived since it
    /// was blocked, until the channel that this returns is dropped.
    ///
    /// # Errors
    ///
    /// Fails like [`Channel::enable_reading`].
    #[must_use = "dropping the channel ends the watch"]
    pub fn watch(
        self,
        event_loop: &Rc<EventLoop>,
        callback: impl Fn(Signal) + 'static,
    ) -> io::Result<Rc<Channel>> {
        let signals = Rc::new(self);
        let channel = Channel::new(event_loop, Rc::clone(&signals));
        channel.set_read_callback(move |_| {
            loop {
                match signals.read() {
                    Ok(Some(signal)) => callback(signal),
                    Ok(None) => return,
                    Err(error) => return log_stderr(format_args!("cannot read a signal: {error}")),
                }
            }
        });
        channel.enable_reading()?;
        Ok(channel)
    }

    /// The next pending signal.
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

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::os::unix::process::CommandExt;
    use std::process::Command;
    use std::ptr;

    use super::*;

    /// The signals that a new program of this thread blocks, as the kernel writes them.
    fn mask_of(program: &mut Command) -> u64 {
        let status = program.args(["SigBlk", "/proc/self/status"]).output();
        let line = String::from_utf8(status.unwrap().stdout).unwrap();
        u64::from_str_radix(line.split_whitespace().last().unwrap(), 16).unwrap()
    }

    #[test]
    fn a_child_program_inherits_the_mask_unless_it_is_unblocked_in_the_child() {
        let bit = 1 << (Signal::Hangup as u32 - 1);
        assert_eq!(mask_of(&mut Command::new("grep")) & bit, 0);
        let _signals = Signals::block(&[Signal::Hangup]).unwrap();
        assert_ne!(mask_of(&mut Command::new("grep")) & bit, 0);

        let set = SignalSet::of([Signal::Hangup as libc::c_int]).unwrap();
        let unblock = move || {
            // SAFETY: the set is read during the call only, and the call is allowed between
            // fork and execve.
            check(unsafe { libc::sigprocmask(libc::SIG_UNBLOCK, set.as_ptr(), ptr::null_mut()) })?;
            Ok(())
        };
        let mut program = Command::new("grep");
        // SAFETY: the closure makes one system call and allocates nothing.
        let program = unsafe { program.pre_exec(unblock) };
        assert_eq!(mask_of(program) & bit, 0);
    }

    #[test]
    fn signals_are_events_in_the_thread_of_the_loop() {
        let event_loop = EventLoop::new().unwrap();
        let arrived = Rc::new(RefCell::new(Vec::new()));
        let (log, handle) = (Rc::clone(&arrived), event_loop.handle());
        let signals = Signals::block(&[Signal::User1, Signal::Hangup]).unwrap();
        for signal in [Signal::User1, Signal::Hangup] {
            // SAFETY: the call takes no pointer; the signal is blocked in this thread,
            // which is the one that it goes to.
            assert_eq!(unsafe { libc::raise(signal as libc::c_int) }, 0);
        }
        let record = move |signal| {
            log.borrow_mut().push(signal);
            if log.borrow().len() == 2 {
                handle.quit().unwrap();
            }
        };
        let _watch = signals.watch(&event_loop, record).unwrap();
        event_loop.run().unwrap();
        let arrived = arrived.take();
        assert!(arrived.contains(&Signal::User1) && arrived.contains(&Signal::Hangup));
    }
}
