//! Waiting for many descriptors at once.

use std::cell::{Cell, RefCell};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::rc::Rc;
use std::time::Duration;

use crate::syscall::check;
use crate::{Channel, EpollFlags, Slots};

/// An epoll instance
/// ([epoll(7)](https://man7.org/linux/man-pages/man7/epoll.7.html)): a set of
/// descriptors, each with what it is watched for and the token that comes back
/// with its events.
///
/// Whoever adds a descriptor deletes it before closing it. Closing alone removes
/// it only if it was the last descriptor of its open file: with a duplicate left,
/// in a child process for instance, events go on arriving for a descriptor that
/// is no longer there to be deleted.
pub struct Epoll {
    fd: OwnedFd,
    channels: RefCell<Slots<Rc<Channel>>>,
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
        // SAFETY: the kernel has just made this descriptor, and nobody else knows it.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        Ok(Self {
            fd,
            channels: RefCell::new(Slots::new()),
            stale_events: Cell::new(0),
        })
    }

    /// Starts to watch `fd` for `interest`; its events will carry `token`
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

    /// Changes what `fd` is watched for, and its token (`EPOLL_CTL_MOD`). What is ready
    /// already is reported again, edge-triggered or not.
    ///
    /// # Errors
    ///
    /// [`NotFound`](io::ErrorKind::NotFound) when `fd` is not in the set.
    pub fn modify(&self, fd: BorrowedFd<'_>, interest: EpollFlags, token: u64) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_MOD, fd, interest, token)
    }

    /// Ceases to watch `fd` (`EPOLL_CTL_DEL`).
    ///
    /// # Errors
    ///
    /// [`NotFound`](io::ErrorKind::NotFound) when `fd` is not in the set.
    pub fn delete(&self, fd: BorrowedFd<'_>) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_DEL, fd, EpollFlags::empty(), 0)
    }

    /// Waits until something happens or `timeout` is over, and stores what has
    /// happened in `events`
    /// ([epoll_wait(2)](https://man7.org/linux/man-pages/man2/epoll_wait.2.html)).
    /// Without a timeout it waits as long as it takes. The kernel counts in
    /// milliseconds; a fraction is rounded up, so that a wait never ends early.
    ///
    /// A signal ends the wait with no events: whoever has a deadline looks at the
    /// clock again in either case.
    ///
    /// # Errors
    ///
    /// Passes on the error of epoll_wait(2); on an instance of one's own there is
    /// none to expect.
    pub fn wait(&self, events: &mut Events, timeout: Option<Duration>) -> io::Result<()> {
        events.len = 0;
        // SAFETY: the kernel writes at most as many events as the buffer has room for.
        let count = check(unsafe {
            libc::epoll_wait(
                self.fd.as_raw_fd(),
                events.buf.as_mut_ptr(),
                libc::c_int::try_from(events.buf.len()).unwrap_or(libc::c_int::MAX),
                timeout.map_or(-1, to_milliseconds),
            )
        });
        match count {
            Ok(count) => events.len = count.unsigned_abs() as usize,
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

/// Channels: who gets which event.
impl Epoll {
    /// Brings the kernel's view of a channel up to date with what it listens for.
    /// Channels call it themselves when that changes.
    ///
    /// From its first interest until it is removed, the channel is kept alive
    /// here. With no interest left it stays, but the kernel is told to forget its
    /// descriptor: errors and hang-ups are reported whether one asks for them or
    /// not, and a channel that nobody listens to would keep the loop spinning.
    ///
    /// # Errors
    ///
    /// Passes on the error of epoll_ctl(2), with nothing changed.
    pub fn update_channel(&self, channel: &Rc<Channel>) -> io::Result<()> {
        let interest = channel.listen_events();
        let idle = (interest & !EpollFlags::ET).is_empty();
        match (channel.token(), channel.in_epoll()) {
            (_, false) if idle => {}
            (_, true) if idle => {
                self.delete(channel.as_fd())?;
                channel.set_in_epoll(false);
            }
            (Some(token), true) => self.modify(channel.as_fd(), interest, token.into())?,
            (Some(token), false) => {
                self.add(channel.as_fd(), interest, token.into())?;
                channel.set_in_epoll(true);
            }
            (None, _) => {
                let token = self.channels.borrow_mut().insert(Rc::clone(channel));
                if let Err(error) = self.add(channel.as_fd(), interest, token.into()) {
                    self.channels.borrow_mut().remove(token);
                    return Err(error);
                }
                channel.set_token(Some(token));
                channel.set_in_epoll(true);
            }
        }
        Ok(())
    }

    /// Forgets a channel. Events that are already on their way to it are stale.
    ///
    /// # Errors
    ///
    /// Passes on the error of epoll_ctl(2); the channel is forgotten all the same.
    pub fn remove_channel(&self, channel: &Channel) -> io::Result<()> {
        let Some(token) = channel.token() else {
            return Ok(());
        };
        let was_in_epoll = channel.in_epoll();
        channel.set_token(None);
        channel.set_in_epoll(false);
        let deleted = if was_in_epoll {
            self.delete(channel.as_fd())
        } else {
            Ok(())
        };
        // Only now may the last owner of the descriptor go, and not while the table
        // is borrowed: what the channel's callbacks own may reach back in here.
        let removed = self.channels.borrow_mut().remove(token);
        drop(removed);
        deleted
    }

    /// The channel that an event is for, unless it has been removed since: then the
    /// event is stale, and counted.
    pub fn channel(&self, event: &Event) -> Option<Rc<Channel>> {
        let channel = self.channels.borrow().get(event.token().into()).cloned();
        if channel.is_none() {
            self.stale_events.set(self.stale_events.get() + 1);
        }
        channel
    }

    /// How many events came for a channel that had been removed while they were
    /// on their way.
    pub fn stale_events(&self) -> u64 {
        self.stale_events.get()
    }
}

/// What [`Epoll::wait`] brought back: a buffer to be used again for each wait.
pub struct Events {
    buf: Box<[libc::epoll_event]>,
    len: usize,
}

impl Events {
    /// Room for `capacity` events a wait; what does not fit comes with the next.
    ///
    /// # Panics
    ///
    /// Panics when `capacity` is 0, as the kernel would refuse every wait.
    pub fn with_capacity(capacity: usize) -> Self {
        assert!(capacity > 0, "a wait needs room for one event at least");
        let empty = libc::epoll_event { events: 0, u64: 0 };
        Self {
            buf: vec![empty; capacity].into_boxed_slice(),
            len: 0,
        }
    }

    /// The events of the last wait.
    pub fn iter(&self) -> impl Iterator<Item = Event> + '_ {
        self.buf[..self.len].iter().map(|&event| Event(event))
    }
}

/// Something that happened to one descriptor: the kernel's `epoll_event`
/// ([epoll_ctl(2)](https://man7.org/linux/man-pages/man2/epoll_ctl.2.html)).
#[derive(Clone, Copy)]
pub struct Event(libc::epoll_event);

impl Event {
    /// What the descriptor was registered with: the kernel's `data`.
    pub fn token(&self) -> u64 {
        self.0.u64
    }

    /// What has happened: the kernel's `events`.
    pub fn ready(&self) -> EpollFlags {
        EpollFlags::from_bits(self.0.events)
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
    fn level_triggered_news_lasts_until_it_is_read() {
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
    fn edge_triggered_news_comes_once_and_again_when_modified() {
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
    fn the_end_of_a_connection_is_reported_without_being_asked_for() {
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
