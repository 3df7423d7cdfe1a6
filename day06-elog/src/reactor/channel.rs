//! Channels: a descriptor, its interest, and the callbacks of its events.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::rc::{Rc, Weak};

use crate::reactor::{EpollFlags, EventLoop, Token};

type Callback = Rc<dyn Fn(&Rc<Channel>)>;

#[derive(Default)]
struct Callbacks {
    read: Option<Callback>,
    write: Option<Callback>,
    close: Option<Callback>,
}

/// With `RDHUP`, the end of the stream is in the same event as the last bytes.
const READING: EpollFlags = EpollFlags::IN.union(EpollFlags::RDHUP);
const WRITING: EpollFlags = EpollFlags::OUT;
const FAILED: EpollFlags = EpollFlags::ERR.union(EpollFlags::HUP);

/// A descriptor and the callbacks of its events. Epoll knows nothing of the echo, and the
/// echo nothing of epoll. The original C++ derives classes from its `Channel` to make
/// other kinds of server; here they set other callbacks.
///
/// Dropping a channel removes it from epoll and then gives up its share of the descriptor,
/// which is not closed, and its number not used again, while epoll watches it.
///
/// Set the callbacks before you enable an interest, or an event may find none. A callback
/// gets its channel as its argument. It may remove and make channels and replace callbacks,
/// its own included. One that captures an `Rc` of its own channel makes a reference cycle,
/// and the channel is never dropped.
///
/// The methods are the C++ class's, without `get_`. A channel belongs to the thread of its
/// loop; sending it to another is a type error, where C++ can only say so in a comment:
///
/// ```compile_fail,E0277
/// # use day06_elog as reactor;
/// fn send<T: Send>() {}
/// send::<reactor::Channel>();
/// ```
pub struct Channel {
    event_loop: Weak<EventLoop>,
    fd: Rc<dyn AsFd>,
    pub(super) token: Cell<Option<Token>>,
    pub(super) in_epoll: Cell<bool>,
    is_removed: Cell<bool>,
    interest: Cell<EpollFlags>,
    ready_events: Cell<EpollFlags>,
    callbacks: RefCell<Callbacks>,
}

impl Channel {
    /// A channel without interest. It makes no system call until one is enabled.
    pub fn new(event_loop: &Rc<EventLoop>, fd: Rc<impl AsFd + 'static>) -> Rc<Self> {
        Rc::new(Self {
            event_loop: Rc::downgrade(event_loop),
            fd,
            token: Cell::default(),
            in_epoll: Cell::default(),
            is_removed: Cell::default(),
            interest: Cell::default(),
            ready_events: Cell::default(),
            callbacks: RefCell::default(),
        })
    }

    /// Sets the callback for bytes to read and for the end of the stream.
    pub fn set_read_callback(&self, callback: impl Fn(&Rc<Channel>) + 'static) {
        self.set_callback(|callbacks| &mut callbacks.read, callback);
    }

    /// Sets the callback for room to write.
    pub fn set_write_callback(&self, callback: impl Fn(&Rc<Channel>) + 'static) {
        self.set_callback(|callbacks| &mut callbacks.write, callback);
    }

    /// Sets the callback for `EPOLLERR` and `EPOLLHUP` without `EPOLLIN`: a failure, or both
    /// halves closed. epoll reports these to every channel with an interest. The C++ class
    /// has no callback for them.
    pub fn set_close_callback(&self, callback: impl Fn(&Rc<Channel>) + 'static) {
        self.set_callback(|callbacks| &mut callbacks.close, callback);
    }

    /// Watches for bytes to read (`EPOLLIN`, `EPOLLRDHUP`).
    ///
    /// # Errors
    /// Fails like [`EventLoop::update_channel`], with nothing changed.
    pub fn enable_reading(self: &Rc<Self>) -> io::Result<()> {
        self.set_interest(self.interest.get() | READING)
    }

    /// Stops watching for bytes to read.
    ///
    /// # Errors
    /// Fails like [`EventLoop::update_channel`], with nothing changed.
    pub fn disable_reading(self: &Rc<Self>) -> io::Result<()> {
        self.set_interest(self.interest.get() & !READING)
    }

    /// Watches for room to write (`EPOLLOUT`). A socket nearly always has room: enable
    /// this only while there are bytes to write.
    ///
    /// # Errors
    /// Fails like [`EventLoop::update_channel`], with nothing changed.
    pub fn enable_writing(self: &Rc<Self>) -> io::Result<()> {
        self.set_interest(self.interest.get() | WRITING)
    }

    /// Stops watching for room to write.
    ///
    /// # Errors
    /// Fails like [`EventLoop::update_channel`], with nothing changed.
    pub fn disable_writing(self: &Rc<Self>) -> io::Result<()> {
        self.set_interest(self.interest.get() & !WRITING)
    }

    /// Makes the channel edge-triggered (`EPOLLET`). A callback must then read or write until
    /// [`WouldBlock`](io::ErrorKind::WouldBlock), or [`rearm`](Self::rearm).
    ///
    /// # Errors
    /// Fails like [`EventLoop::update_channel`], with nothing changed.
    pub fn use_et(self: &Rc<Self>) -> io::Result<()> {
        self.set_interest(self.interest.get() | EpollFlags::ET)
    }

    /// Makes an edge-triggered channel report its pending events once more
    /// (`EPOLL_CTL_MOD`): for a callback that stops early so that others have their turn.
    ///
    /// # Errors
    /// Fails like [`EventLoop::update_channel`].
    pub fn rearm(self: &Rc<Self>) -> io::Result<()> {
        if self.is_removed.get() {
            return Err(io::Error::other("the channel has been removed"));
        }
        let event_loop = self.event_loop.upgrade();
        let event_loop = event_loop.ok_or_else(|| io::Error::other("the loop has been dropped"))?;
        event_loop.update_channel(self)
    }

    /// Removes the channel from epoll for good. Its pending events are stale.
    ///
    /// # Errors
    /// Fails like [`EventLoop::remove_channel`]; the channel is removed all the same.
    pub fn remove(&self) -> io::Result<()> {
        self.is_removed.set(true);
        self.interest.take();
        let event_loop = self.event_loop.upgrade();
        event_loop.map_or(Ok(()), |event_loop| event_loop.remove_channel(self))
    }

    /// Calls the callbacks of the ready events that are still of interest: read, write, close.
    pub fn handle_event(self: &Rc<Self>) {
        let ready = self.ready_events.get();
        if ready.intersects(READING)
            && self.interest.get().intersects(READING)
            && let Some(callback) = self.callback(|callbacks| &callbacks.read)
        {
            callback(self);
        }
        if ready.intersects(WRITING)
            && self.interest.get().intersects(WRITING)
            && let Some(callback) = self.callback(|callbacks| &callbacks.write)
        {
            callback(self);
        }
        if ready.intersects(FAILED)
            && !ready.contains(EpollFlags::IN)
            && self.in_epoll.get()
            && let Some(callback) = self.callback(|callbacks| &callbacks.close)
        {
            callback(self);
        }
    }

    /// The descriptor's number, to print.
    pub fn fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }

    /// The interest: the events that epoll watches for.
    pub fn listen_events(&self) -> EpollFlags {
        self.interest.get()
    }

    /// The events of the last wait that returned any for this channel.
    pub fn ready_events(&self) -> EpollFlags {
        self.ready_events.get()
    }

    /// Stores the events of a wait, for [`handle_event`](Self::handle_event).
    pub fn set_ready_events(&self, ready: EpollFlags) {
        self.ready_events.set(ready);
    }

    /// Whether epoll watches the descriptor at the moment.
    pub fn in_epoll(&self) -> bool {
        self.in_epoll.get()
    }

    /// The token that the channel's events carry, while it is registered.
    pub fn token(&self) -> Option<Token> {
        self.token.get()
    }

    #[inline]
    fn set_interest(self: &Rc<Self>, interest: EpollFlags) -> io::Result<()> {
        let before = self.interest.replace(interest);
        if interest == before {
            return Ok(());
        }
        self.rearm().inspect_err(|_| self.interest.set(before))
    }

    fn set_callback(
        &self,
        which: fn(&mut Callbacks) -> &mut Option<Callback>,
        callback: impl Fn(&Rc<Channel>) + 'static,
    ) {
        let old = which(&mut self.callbacks.borrow_mut()).replace(Rc::new(callback));
        drop(old); // after the borrow: what it owns may use this channel
    }

    /// A callback, to be called without a borrow: it may replace itself.
    fn callback(&self, which: fn(&Callbacks) -> &Option<Callback>) -> Option<Callback> {
        which(&self.callbacks.borrow()).clone()
    }
}

impl AsFd for Channel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        let _ = self.remove(); // fails if the descriptor is not in epoll
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Channel({}: {:?})", self.fd(), self.interest.get())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;
    use std::time::Duration;

    use super::*;
    use crate::reactor::Events;

    type Poller = EventLoop;

    /// A channel on one end of a connection, the other end, and the names of the
    /// callbacks that were called.
    struct Fixture {
        channel: Rc<Channel>,
        stream: Rc<UnixStream>,
        peer: UnixStream,
        calls: Rc<RefCell<Vec<&'static str>>>,
    }

    impl Fixture {
        fn new(poller: &Rc<Poller>) -> Self {
            let (stream, peer) = UnixStream::pair().unwrap();
            let stream = Rc::new(stream);
            let channel = Channel::new(poller, Rc::clone(&stream));
            let calls = Rc::new(RefCell::new(Vec::new()));
            let record = |name| {
                let calls = Rc::clone(&calls);
                move |_: &Rc<Channel>| calls.borrow_mut().push(name)
            };
            channel.set_read_callback(record("read"));
            channel.set_write_callback(record("write"));
            channel.set_close_callback(record("close"));
            Self {
                channel,
                stream,
                peer,
                calls,
            }
        }

        /// One whose channel watches for bytes to read, and has one.
        fn readable(poller: &Rc<Poller>) -> Self {
            let fixture = Self::new(poller);
            fixture.channel.enable_reading().unwrap();
            (&fixture.peer).write_all(b"x").unwrap();
            fixture
        }

        fn calls(&self) -> Vec<&'static str> {
            self.calls.take()
        }
    }

    /// Handles the events of one wait and returns their number.
    fn run_once(poller: &Rc<Poller>) -> usize {
        let mut events = Events::with_capacity(8);
        poller.run_once(&mut events, Some(Duration::ZERO)).unwrap();
        events.iter().count()
    }

    fn poller() -> Rc<Poller> {
        Poller::new().unwrap()
    }

    #[test]
    fn events_call_the_callbacks_of_the_interest() {
        let poller = poller();
        let fixture = Fixture::readable(&poller);
        assert_eq!((run_once(&poller), fixture.calls()), (1, vec!["read"]));
        fixture.channel.enable_writing().unwrap();
        assert_eq!(
            (run_once(&poller), fixture.calls()),
            (1, vec!["read", "write"])
        );
        fixture.channel.disable_reading().unwrap();
        assert_eq!((run_once(&poller), fixture.calls()), (1, vec!["write"]));
        drop(fixture.peer);
        run_once(&poller);
        assert_eq!(fixture.calls.take(), ["write", "close"]);
    }

    #[test]
    fn without_interest_there_are_no_events_not_even_a_hang_up() {
        let poller = poller();
        let fixture = Fixture::readable(&poller);
        fixture.channel.disable_reading().unwrap();
        assert!(!fixture.channel.in_epoll());
        drop(fixture.peer);
        assert_eq!(run_once(&poller), 0);

        fixture.channel.enable_reading().unwrap();
        assert_eq!((run_once(&poller), fixture.calls.take()), (1, vec!["read"]));
    }

    #[test]
    fn dropping_a_channel_removes_it_from_epoll_before_its_descriptor_is_closed() {
        let poller = poller();
        let fixture = Fixture::readable(&poller);
        let stream = Rc::clone(&fixture.stream);
        drop(fixture.channel);
        assert_eq!(
            run_once(&poller),
            0,
            "the descriptor is open and not watched"
        );
        assert_eq!(Rc::strong_count(&stream), 2, "the fixture and this test");

        let removed = Fixture::readable(&poller);
        removed.channel.remove().unwrap();
        removed.channel.remove().unwrap();
        assert_eq!(run_once(&poller), 0);
    }

    #[test]
    fn a_callback_may_remove_and_drop_its_own_channel() {
        let poller = poller();
        let fixture = Fixture::readable(&poller);
        fixture.channel.enable_writing().unwrap();
        let alive = Rc::downgrade(&fixture.channel);
        let owner = Rc::new(RefCell::new(Some(Rc::clone(&fixture.channel))));
        fixture.channel.set_read_callback(move |channel| {
            channel.remove().unwrap();
            owner.take();
        });
        drop(fixture.channel);
        assert_eq!(run_once(&poller), 1);
        assert!(alive.upgrade().is_none());
        assert!(
            fixture.calls.take().is_empty(),
            "no write after the removal"
        );
        assert_eq!(run_once(&poller), 0);
    }

    #[test]
    fn a_callback_may_remove_a_sibling_whose_event_is_in_the_same_batch() {
        let poller = poller();
        let pair = [Fixture::readable(&poller), Fixture::readable(&poller)];
        for (one, other) in [(0, 1), (1, 0)] {
            let victim = Rc::downgrade(&pair[other].channel);
            pair[one].channel.set_read_callback(move |_| {
                victim.upgrade().unwrap().remove().unwrap();
            });
        }
        assert_eq!(run_once(&poller), 2);
        let left = pair.iter().filter(|f| f.channel.in_epoll()).count();
        assert_eq!((left, poller.stale_events()), (1, 1));
    }

    #[test]
    fn a_stale_event_does_not_reach_the_next_channel_of_its_slot() {
        let poller = poller();
        let pair = [Fixture::readable(&poller), Fixture::readable(&poller)];
        let newcomer = Rc::new(RefCell::new(None));
        for (one, other) in [(0, 1), (1, 0)] {
            let victim = Rc::downgrade(&pair[other].channel);
            let newcomer = Rc::clone(&newcomer);
            let poller = Rc::downgrade(&poller);
            pair[one].channel.set_read_callback(move |_| {
                let victim = victim.upgrade().unwrap();
                let old = victim.token().unwrap();
                victim.remove().unwrap();
                let fixture = Fixture::readable(&poller.upgrade().unwrap());
                let new = fixture.channel.token().unwrap();
                assert_eq!(new.index, old.index);
                assert_ne!(new.generation, old.generation);
                newcomer.replace(Some(fixture));
            });
        }
        assert_eq!(run_once(&poller), 2);
        assert!(newcomer.take().unwrap().calls().is_empty());
        assert_eq!(poller.stale_events(), 1);
    }

    #[test]
    fn a_callback_may_add_channels_and_replace_callbacks() {
        let poller = poller();
        let fixture = Fixture::readable(&poller);
        let added = Rc::new(RefCell::new(None));
        let weak = Rc::downgrade(&poller);
        let slot = Rc::clone(&added);
        let calls = Rc::clone(&fixture.calls);
        fixture.channel.set_read_callback(move |channel| {
            slot.replace(Some(Fixture::readable(&weak.upgrade().unwrap())));
            let calls = Rc::clone(&calls);
            channel.set_read_callback(move |_| calls.borrow_mut().push("replaced"));
        });
        assert_eq!(run_once(&poller), 1);
        assert_eq!(run_once(&poller), 2);
        assert_eq!(fixture.calls(), ["replaced"]);
        assert_eq!(added.take().unwrap().calls(), ["read"]);
    }

    #[test]
    fn disabling_an_interest_also_drops_its_pending_events() {
        let poller = poller();
        let pair = [Fixture::readable(&poller), Fixture::readable(&poller)];
        for (one, other) in [(0, 1), (1, 0)] {
            let sibling = Rc::downgrade(&pair[other].channel);
            let calls = Rc::clone(&pair[one].calls);
            pair[one].channel.set_read_callback(move |_| {
                calls.borrow_mut().push("read");
                sibling.upgrade().unwrap().disable_reading().unwrap();
            });
        }
        assert_eq!(run_once(&poller), 2);
        assert_eq!(
            pair.map(|fixture| fixture.calls().len())
                .iter()
                .sum::<usize>(),
            1
        );
    }

    #[test]
    fn rearming_an_edge_triggered_channel_reports_its_event_again() {
        let poller = poller();
        let fixture = Fixture::new(&poller);
        fixture.channel.use_et().unwrap();
        assert!(
            !fixture.channel.in_epoll(),
            "edge-triggered is a mode and not an interest"
        );
        fixture.channel.enable_reading().unwrap();
        (&fixture.peer).write_all(b"xy").unwrap();
        assert_eq!(run_once(&poller), 1);
        (&*fixture.stream).read_exact(&mut [0]).unwrap();
        assert_eq!(run_once(&poller), 0);
        fixture.channel.rearm().unwrap();
        assert_eq!(run_once(&poller), 1);
    }

    #[test]
    fn a_removed_channel_and_one_of_another_loop_are_refused() {
        let (poller, other) = (poller(), poller());
        let [ours, theirs] = [&poller, &other].map(Fixture::readable);
        assert!(other.update_channel(&ours.channel).is_err());
        assert!(other.remove_channel(&ours.channel).is_err());
        assert_eq!((run_once(&other), theirs.calls()), (1, vec!["read"]));
        assert_eq!((run_once(&poller), ours.calls()), (1, vec!["read"]));

        ours.channel.remove().unwrap();
        assert!(ours.channel.enable_reading().is_err());
        assert_eq!(run_once(&poller), 0);
    }

    #[test]
    fn a_failed_registration_changes_nothing() {
        let poller = poller();
        let plain_file = std::fs::File::open("/proc/self/exe").unwrap();
        let channel = Channel::new(&poller, Rc::new(plain_file));
        let error = channel.enable_reading().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
        assert!(channel.listen_events().is_empty());
        assert_eq!(Rc::strong_count(&channel), 1);

        drop(poller);
        assert!(channel.enable_reading().is_err());
        channel.remove().unwrap();
    }
}
