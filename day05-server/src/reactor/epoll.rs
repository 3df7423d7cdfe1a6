//! Waiting for many descriptors at once.

use std::cell::{Cell, RefCell};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr;
use std::rc::{Rc, Weak};
use std::time::Duration;

use crate::base::syscall::check;
use crate::reactor::slab::Slab;
use crate::reactor::{Channel, EpollFlags, Event, Events};

/// An epoll instance
/// ([epoll(7)](https://man7.org/linux/man-pages/man7/epoll.7.html)): a set of
/// descriptors (the interest list), each with the events that it is watched for and
/// the token that its events carry.
///
/// Delete a descriptor before you close it. Closing alone removes it only if it was
/// the last descriptor of its open file description: while a duplicate is open, in a
/// child process for instance, its events go on arriving, and the descriptor that
/// could be deleted no longer exists.
#[derive(Debug)]
pub struct Epoll {
    fd: OwnedFd,
    /// The registered channels. A channel that is dropped removes itself.
    channels: RefCell<Slab<Weak<Channel>>>,
    stale_events: Cell<u64>,
}

impl Epoll {
    /// Creates an empty set
    /// ([epoll_create1(2)](https://man7.org/linux/man-pages/man2/epoll_create.2.html)).
    ///
    /// # Errors
    ///
    /// Fails when the process or the system is out of descriptors or memory.
    pub fn new() -> io::Result<Self> {
        // SAFETY: the call takes no pointer.
        let fd = check(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })?;
        // SAFETY: the kernel has just made this descriptor, and it has no other owner.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        Ok(Self {
            fd,
            channels: RefCell::new(Slab::new()),
            stale_events: Cell::new(0),
        })
    }

    /// Starts to watch `fd` for the events of `interest`, which will carry `token`
    /// (`EPOLL_CTL_ADD`,
    /// [epoll_ctl(2)](https://man7.org/linux/man-pages/man2/epoll_ctl.2.html)).
    ///
    /// # Errors
    ///
    /// [`AlreadyExists`](io::ErrorKind::AlreadyExists) when `fd` is in the set,
    /// [`PermissionDenied`](io::ErrorKind::PermissionDenied) for a descriptor that
    /// cannot be waited for, such as a plain file's; otherwise the kernel is out
    /// of memory or of watches.
    pub fn add(&self, fd: BorrowedFd<'_>, interest: EpollFlags, token: u64) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_ADD, fd, interest, token)
    }

    /// Changes the events that `fd` is watched for, and its token (`EPOLL_CTL_MOD`).
    /// Events that are pending are reported again, edge-triggered or not.
    ///
    /// # Errors
    ///
    /// [`NotFound`](io::ErrorKind::NotFound) when `fd` is not in the set.
    pub fn modify(&self, fd: BorrowedFd<'_>, interest: EpollFlags, token: u64) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_MOD, fd, interest, token)
    }

    /// Stops watching `fd` (`EPOLL_CTL_DEL`).
    ///
    /// # Errors
    ///
    /// [`NotFound`](io::ErrorKind::NotFound) when `fd` is not in the set.
    pub fn delete(&self, fd: BorrowedFd<'_>) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_DEL, fd, EpollFlags::empty(), 0)
    }

    /// Waits until a descriptor is ready or `timeout` is over, and stores the events in
    /// `events`
    /// ([epoll_wait(2)](https://man7.org/linux/man-pages/man2/epoll_wait.2.html)).
    /// `None` waits without a limit. The kernel counts in milliseconds; a fraction is
    /// rounded up, so that a wait never ends early.
    ///
    /// A signal ends the wait early and without events: a caller with a deadline looks
    /// at the clock after each wait.
    ///
    /// # Errors
    ///
    /// Passes on the error of epoll_wait(2), which has none for an open instance and a
    /// valid buffer but `EINTR`.
    #[inline]
    pub fn wait(&self, events: &mut Events, timeout: Option<Duration>) -> io::Result<()> {
        events.set_len(0);
        let buf = events.buf_mut();
        // SAFETY: the kernel writes at most as many events as the buffer has room for.
        let count = check(unsafe {
            libc::epoll_wait(
                self.fd.as_raw_fd(),
                buf.as_mut_ptr(),
                libc::c_int::try_from(buf.len()).unwrap_or(libc::c_int::MAX),
                timeout.map_or(-1, to_milliseconds),
            )
        });
        match count {
            Ok(count) => events.set_len(count.unsigned_abs() as usize),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn control(
        &self,
        operation: libc::c_int,
        fd: BorrowedFd<'_>,
        interest: EpollFlags,
        token: u64,
    ) -> io::Result<()> {
        let mut event = libc::epoll_event {
            events: interest.bits(),
            u64: token,
        };
        // SAFETY: both descriptors are open while they are borrowed, and the kernel
        // copies the event during the call.
        check(unsafe {
            libc::epoll_ctl(
                self.fd.as_raw_fd(),
                operation,
                fd.as_raw_fd(),
                &raw mut event,
            )
        })?;
        Ok(())
    }
}

/// Channels: which event is whose.
impl Epoll {
    /// Brings the kernel's interest list up to date with a channel's interest. Channels
    /// call it themselves when their interest changes.
    ///
    /// A channel without interest is deleted from the interest list and keeps its token:
    /// the kernel reports errors and hang-ups without interest in them, and a channel that
    /// does not handle them would keep the loop busy.
    ///
    /// # Errors
    ///
    /// Passes on the error of epoll_ctl(2), with nothing changed.
    pub fn update_channel(&self, channel: &Rc<Channel>) -> io::Result<()> {
        self.check_registered(channel)?;
        let interest = channel.listen_events();
        let is_empty = (interest & !EpollFlags::ET).is_empty();
        match (channel.token(), channel.in_epoll()) {
            (_, false) if is_empty => {}
            (_, true) if is_empty => {
                self.delete(channel.as_fd())?;
                channel.in_epoll.set(false);
            }
            (Some(token), true) => self.modify(channel.as_fd(), interest, token.into())?,
            (Some(token), false) => {
                self.add(channel.as_fd(), interest, token.into())?;
                channel.in_epoll.set(true);
            }
            (None, _) => {
                let token = self.channels.borrow_mut().insert(Rc::downgrade(channel));
                if let Err(error) = self.add(channel.as_fd(), interest, token.into()) {
                    self.channels.borrow_mut().remove(token);
                    return Err(error);
                }
                channel.token.set(Some(token));
                channel.in_epoll.set(true);
            }
        }
        Ok(())
    }

    /// Removes a channel from the table and from the interest list. Its events that the
    /// last wait has returned already are stale.
    ///
    /// # Errors
    ///
    /// Passes on the error of epoll_ctl(2); the channel is removed all the same. Fails, with
    /// nothing changed, for a channel that is registered with another instance.
    pub fn remove_channel(&self, channel: &Channel) -> io::Result<()> {
        self.check_registered(channel)?;
        if let Some(token) = channel.token.take() {
            self.channels.borrow_mut().remove(token);
        }
        if channel.in_epoll.take() {
            self.delete(channel.as_fd())?;
        }
        Ok(())
    }

    /// A channel of another instance may have a token that is in use here.
    fn check_registered(&self, channel: &Channel) -> io::Result<()> {
        let channels = self.channels.borrow();
        match channel.token().map(|token| channels.get(token)) {
            Some(Some(own)) if ptr::eq(own.as_ptr(), channel) => Ok(()),
            Some(_) => Err(io::Error::other("the channel is in another epoll")),
            None => Ok(()),
        }
    }

    /// The channel of an event. `None` for a stale event, whose channel has been removed
    /// since the wait; it is counted.
    pub fn channel(&self, event: &Event) -> Option<Rc<Channel>> {
        let channels = self.channels.borrow();
        let channel = channels.get(event.token().into()).and_then(Weak::upgrade);
        if channel.is_none() {
            self.stale_events.set(self.stale_events.get() + 1);
        }
        channel
    }

    /// How many stale events there were.
    pub fn stale_events(&self) -> u64 {
        self.stale_events.get()
    }
}

fn to_milliseconds(timeout: Duration) -> libc::c_int {
    libc::c_int::try_from(timeout.as_nanos().div_ceil(1_000_000)).unwrap_or(libc::c_int::MAX)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::Shutdown;
    use std::os::unix::net::UnixStream;

    use super::*;

    const NOW: Option<Duration> = Some(Duration::ZERO);

    fn wait(epoll: &Epoll) -> Vec<(u64, EpollFlags)> {
        let mut events = Events::with_capacity(8);
        epoll.wait(&mut events, NOW).unwrap();
        events.iter().map(|e| (e.token(), e.ready())).collect()
    }

    #[test]
    fn a_level_triggered_event_is_reported_until_the_bytes_are_read() {
        let epoll = Epoll::new().unwrap();
        let (mut ours, mut theirs) = UnixStream::pair().unwrap();
        epoll.add(ours.as_fd(), EpollFlags::IN, 7).unwrap();
        assert!(wait(&epoll).is_empty());

        theirs.write_all(b"x").unwrap();
        assert_eq!(wait(&epoll), [(7, EpollFlags::IN)]);
        assert_eq!(wait(&epoll), [(7, EpollFlags::IN)]);
        ours.read_exact(&mut [0]).unwrap();
        assert!(wait(&epoll).is_empty());
    }

    #[test]
    fn an_edge_triggered_event_is_reported_once_and_again_after_modify() {
        let epoll = Epoll::new().unwrap();
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let interest = EpollFlags::IN | EpollFlags::ET;
        epoll.add(ours.as_fd(), interest, 7).unwrap();
        theirs.write_all(b"x").unwrap();
        assert_eq!(wait(&epoll), [(7, EpollFlags::IN)]);
        assert!(wait(&epoll).is_empty());

        epoll.modify(ours.as_fd(), interest, 8).unwrap();
        assert_eq!(wait(&epoll), [(8, EpollFlags::IN)]);
    }

    #[test]
    fn a_hang_up_is_reported_without_interest_in_it() {
        let epoll = Epoll::new().unwrap();
        let (ours, theirs) = UnixStream::pair().unwrap();
        epoll.add(ours.as_fd(), EpollFlags::empty(), 7).unwrap();
        theirs.shutdown(Shutdown::Write).unwrap();
        assert!(wait(&epoll).is_empty());
        drop(theirs);
        assert_eq!(wait(&epoll), [(7, EpollFlags::HUP)]);
    }

    #[test]
    fn a_descriptor_is_added_once_and_deleted_once() {
        let epoll = Epoll::new().unwrap();
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let kind = |result: io::Result<()>| result.unwrap_err().kind();
        let fd = ours.as_fd();
        assert_eq!(kind(epoll.delete(fd)), io::ErrorKind::NotFound);
        epoll.add(fd, EpollFlags::IN, 1).unwrap();
        assert_eq!(
            kind(epoll.add(fd, EpollFlags::IN, 1)),
            io::ErrorKind::AlreadyExists
        );
        epoll.delete(fd).unwrap();
        assert_eq!(
            kind(epoll.modify(fd, EpollFlags::IN, 1)),
            io::ErrorKind::NotFound
        );
    }

    #[test]
    fn timeouts_round_up() {
        assert_eq!(to_milliseconds(Duration::ZERO), 0);
        assert_eq!(to_milliseconds(Duration::from_nanos(1)), 1);
        assert_eq!(to_milliseconds(Duration::from_millis(5)), 5);
        assert_eq!(to_milliseconds(Duration::MAX), libc::c_int::MAX);
    }
}
