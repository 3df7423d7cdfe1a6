//! A descriptor, what is awaited on it, and what is to be done then.

use std::cell::{Cell, RefCell};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::rc::{Rc, Weak};

use crate::{EpollFlags, EventLoop, Token};

type Callback = Rc<dyn Fn(&Rc<Channel>)>;

#[derive(Default)]
struct Callbacks {
    read: Option<Callback>,
    write: Option<Callback>,
    close: Option<Callback>,
}

/// The end of the peer's stream comes along with whatever else there is to read.
pub(crate) const READING: EpollFlags = EpollFlags::IN.union(EpollFlags::RDHUP);
const WRITING: EpollFlags = EpollFlags::OUT;
const FAILED: EpollFlags = EpollFlags::ERR.union(EpollFlags::HUP);

/// Binds a descriptor to the functions that its events call: epoll's side knows
/// nothing of echoes, and an echo nothing of epoll. Where the C++ course derives
/// classes from its `Channel` to make other kinds of server, other callbacks do.
///
/// Set the callbacks first and then enable what they are for: an event that comes
/// between the two would find nobody at home.
///
/// A channel shares the ownership of its descriptor, which therefore cannot be
/// closed, and its number not used again, while epoll watches it.
///
/// A callback may do anything to any channel: remove its own or another, replace
/// callbacks (the one it runs in too), make new channels. It gets its own channel
/// as an argument; a channel whose callback has captured that channel itself is a
/// ring of owners that is never freed.
///
/// The members are the C++ class's, without the `get_` of `get_fd`,
/// `get_listen_events`, `get_ready_events` and `get_in_epoll`.
///
/// A channel belongs to the thread of its loop. Sending it to another is an error
/// of types, where the C++ class can only write it in a comment:
///
/// ```compile_fail,E0277
/// # use day05_server as reactor;
/// fn send<T: Send>() {}
/// send::<reactor::Channel>();
/// ```
pub struct Channel {
    event_loop: Weak<EventLoop>,
    fd: Rc<dyn AsFd>,
    token: Cell<Option<Token>>,
    listen_events: Cell<EpollFlags>,
    ready_events: Cell<EpollFlags>,
    in_epoll: Cell<bool>,
    callbacks: RefCell<Callbacks>,
}

impl Channel {
    /// A channel that listens for nothing yet: no system call is made until something
    /// is enabled.
    pub fn new(event_loop: &Rc<EventLoop>, fd: Rc<impl AsFd + 'static>) -> Rc<Self> {
        Rc::new(Self {
            event_loop: Rc::downgrade(event_loop),
            fd,
            token: Cell::default(),
            listen_events: Cell::default(),
            ready_events: Cell::default(),
            in_epoll: Cell::default(),
            callbacks: RefCell::default(),
        })
    }

    /// What to do when there is something to read, the end of the stream included. As
    /// with the other two, a callback that was set before is replaced.
    pub fn set_read_callback(&self, callback: impl Fn(&Rc<Channel>) + 'static) {
        self.set_callback(|callbacks| &mut callbacks.read, callback);
    }

    /// What to do when there is room to write.
    pub fn set_write_callback(&self, callback: impl Fn(&Rc<Channel>) + 'static) {
        self.set_callback(|callbacks| &mut callbacks.write, callback);
    }

    /// What to do when the descriptor has failed or both its directions are closed,
    /// and there is nothing left to read that would say so (`EPOLLERR`, `EPOLLHUP`).
    /// epoll reports this to every channel that listens for anything. The C++ class
    /// has no callback for it.
    pub fn set_close_callback(&self, callback: impl Fn(&Rc<Channel>) + 'static) {
        self.set_callback(|callbacks| &mut callbacks.close, callback);
    }

    /// Listens for something to read (`EPOLLIN`, `EPOLLRDHUP`).
    ///
    /// # Errors
    ///
    /// Fails like [`EventLoop::update_channel`], with nothing changed.
    pub fn enable_reading(self: &Rc<Self>) -> io::Result<()> {
        self.listen_for(self.listen_events.get() | READING)
    }

    /// Ceases to listen for something to read.
    ///
    /// # Errors
    ///
    /// Fails like [`EventLoop::update_channel`], with nothing changed.
    pub fn disable_reading(self: &Rc<Self>) -> io::Result<()> {
        self.listen_for(self.listen_events.get() & !READING)
    }

    /// Listens for room to write (`EPOLLOUT`). A socket nearly always has room: enable
    /// this only while there is something to write.
    ///
    /// # Errors
    ///
    /// Fails like [`EventLoop::update_channel`], with nothing changed.
    pub fn enable_writing(self: &Rc<Self>) -> io::Result<()> {
        self.listen_for(self.listen_events.get() | WRITING)
    }

    /// Ceases to listen for room to write.
    ///
    /// # Errors
    ///
    /// Fails like [`EventLoop::update_channel`], with nothing changed.
    pub fn disable_writing(self: &Rc<Self>) -> io::Result<()> {
        self.listen_for(self.listen_events.get() & !WRITING)
    }

    /// Reports news once, when it arrives, instead of for as long as it lasts
    /// (`EPOLLET`). A callback must then read or write until
    /// [`WouldBlock`](io::ErrorKind::WouldBlock), or [`rearm`](Self::rearm).
    ///
    /// # Errors
    ///
    /// Fails like [`EventLoop::update_channel`], with nothing changed.
    pub fn use_et(self: &Rc<Self>) -> io::Result<()> {
        self.listen_for(self.listen_events.get() | EpollFlags::ET)
    }

    /// Makes an edge-triggered channel report once more what is there already: for
    /// a callback that stops early so that others have their turn.
    ///
    /// # Errors
    ///
    /// Fails like [`EventLoop::update_channel`].
    pub fn rearm(self: &Rc<Self>) -> io::Result<()> {
        match self.event_loop.upgrade() {
            Some(event_loop) => event_loop.update_channel(self),
            None => Err(io::Error::other("the channel has outlived its loop")),
        }
    }

    /// Takes the channel out of epoll for good. Events that are already on their
    /// way to it are dropped.
    ///
    /// # Errors
    ///
    /// Fails like [`EventLoop::remove_channel`]; the channel is removed all the same.
    pub fn remove(&self) -> io::Result<()> {
        self.listen_events.set(EpollFlags::empty());
        match self.event_loop.upgrade() {
            Some(event_loop) => event_loop.remove_channel(self),
            None => Ok(()),
        }
    }

    /// Calls the callbacks that the [ready events](Self::ready_events) ask for: read,
    /// then write, then close, each only if it is still wanted when its turn comes.
    pub fn handle_event(self: &Rc<Self>) {
        let ready = self.ready_events.get();
        // What the channel listens for is looked up each time: a callback that ran
        // earlier, this channel's or another's, may have changed it.
        if ready.intersects(READING) && self.listen_events.get().intersects(READING) {
            self.call(|callbacks| &callbacks.read);
        }
        if ready.intersects(WRITING) && self.listen_events.get().intersects(WRITING) {
            self.call(|callbacks| &callbacks.write);
        }
        if ready.intersects(FAILED) && !ready.contains(EpollFlags::IN) && self.in_epoll.get() {
            self.call(|callbacks| &callbacks.close);
        }
    }

    /// The descriptor's number, to print; system calls take it from [`AsFd`].
    pub fn fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }

    /// What the channel listens for.
    pub fn listen_events(&self) -> EpollFlags {
        self.listen_events.get()
    }

    /// What the last event said.
    pub fn ready_events(&self) -> EpollFlags {
        self.ready_events.get()
    }

    /// Notes what an event said, for [`handle_event`](Self::handle_event).
    pub fn set_ready_events(&self, ready: EpollFlags) {
        self.ready_events.set(ready);
    }

    /// Whether the kernel watches the descriptor at the moment.
    pub fn in_epoll(&self) -> bool {
        self.in_epoll.get()
    }

    pub(crate) fn set_in_epoll(&self, in_epoll: bool) {
        self.in_epoll.set(in_epoll);
    }

    /// The name under which the channel is registered.
    pub(crate) fn token(&self) -> Option<Token> {
        self.token.get()
    }

    pub(crate) fn set_token(&self, token: Option<Token>) {
        self.token.set(token);
    }

    fn listen_for(self: &Rc<Self>, events: EpollFlags) -> io::Result<()> {
        let before = self.listen_events.replace(events);
        if events == before {
            return Ok(());
        }
        self.rearm().inspect_err(|_| self.listen_events.set(before))
    }

    fn set_callback(
        &self,
        which: fn(&mut Callbacks) -> &mut Option<Callback>,
        callback: impl Fn(&Rc<Channel>) + 'static,
    ) {
        let before = which(&mut self.callbacks.borrow_mut()).replace(Rc::new(callback));
        // What the old callback owns may reach back in here when it is dropped.
        drop(before);
    }

    /// Calls a callback when nothing is borrowed any more: it may replace itself.
    fn call(self: &Rc<Self>, which: fn(&Callbacks) -> &Option<Callback>) {
        let callback = which(&self.callbacks.borrow()).clone();
        if let Some(callback) = callback {
            callback(self);
        }
    }
}

impl AsFd for Channel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;
    use std::time::Duration;

    use super::*;
    use crate::Events;

    type Poller = EventLoop;

    /// A channel on one end of a connection, the other end, and the names of the
    /// callbacks that have been called.
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
            let note = |name| {
                let calls = Rc::clone(&calls);
                move |_: &Rc<Channel>| calls.borrow_mut().push(name)
            };
            channel.set_read_callback(note("read"));
            channel.set_write_callback(note("write"));
            channel.set_close_callback(note("close"));
            Self {
                channel,
                stream,
                peer,
                calls,
            }
        }

        /// One whose channel is listening and has something to read.
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

    /// Handles one batch and returns how many events were in it.
    fn turn(poller: &Rc<Poller>) -> usize {
        let mut events = Events::with_capacity(8);
        poller.turn(&mut events, Some(Duration::ZERO)).unwrap();
        events.iter().count()
    }

    fn poller() -> Rc<Poller> {
        Poller::new().unwrap()
    }

    #[test]
    fn events_call_the_callbacks_that_are_listened_for() {
        let poller = poller();
        let fixture = Fixture::readable(&poller);
        assert_eq!((turn(&poller), fixture.calls()), (1, vec!["read"]));
        fixture.channel.enable_writing().unwrap();
        assert_eq!((turn(&poller), fixture.calls()), (1, vec!["read", "write"]));
        fixture.channel.disable_reading().unwrap();
        assert_eq!((turn(&poller), fixture.calls()), (1, vec!["write"]));
        drop(fixture.peer);
        turn(&poller);
        assert_eq!(fixture.calls.take(), ["write", "close"]);
    }

    #[test]
    fn no_interest_means_no_events_not_even_a_hang_up() {
        let poller = poller();
        let fixture = Fixture::readable(&poller);
        fixture.channel.disable_reading().unwrap();
        assert!(!fixture.channel.in_epoll());
        drop(fixture.peer);
        assert_eq!(turn(&poller), 0);

        fixture.channel.enable_reading().unwrap();
        assert_eq!((turn(&poller), fixture.calls.take()), (1, vec!["read"]));
    }

    #[test]
    fn a_registered_channel_is_kept_alive_and_a_removed_one_is_not() {
        let poller = poller();
        let Fixture {
            channel,
            stream,
            peer: _peer,
            ..
        } = Fixture::readable(&poller);
        let channel = {
            let weak = Rc::downgrade(&channel);
            drop(channel);
            weak.upgrade().expect("registered, therefore alive")
        };
        channel.remove().unwrap();
        channel.remove().unwrap();
        assert_eq!(turn(&poller), 0);
        drop(channel);
        assert_eq!(Rc::strong_count(&stream), 1);
    }

    #[test]
    fn a_callback_may_remove_its_own_channel() {
        let poller = poller();
        let fixture = Fixture::readable(&poller);
        fixture.channel.enable_writing().unwrap();
        fixture
            .channel
            .set_read_callback(|channel| channel.remove().unwrap());
        let alive = Rc::downgrade(&fixture.channel);
        drop(fixture.channel);
        assert_eq!(turn(&poller), 1);
        assert!(alive.upgrade().is_none());
        assert!(
            fixture.calls.take().is_empty(),
            "no write after the removal"
        );
        assert_eq!(turn(&poller), 0);
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
        assert_eq!(turn(&poller), 2);
        let left = pair.iter().filter(|f| f.channel.in_epoll()).count();
        assert_eq!((left, poller.stale_events()), (1, 1));
    }

    #[test]
    fn an_event_for_a_place_that_was_used_again_does_not_reach_the_new_owner() {
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
        assert_eq!(turn(&poller), 2);
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
        assert_eq!(turn(&poller), 1);
        assert_eq!(turn(&poller), 2);
        assert_eq!(fixture.calls(), ["replaced"]);
        assert_eq!(added.take().unwrap().calls(), ["read"]);
    }

    #[test]
    fn lost_interest_counts_at_once_for_events_that_are_on_their_way() {
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
        assert_eq!(turn(&poller), 2);
        assert_eq!(
            pair.map(|fixture| fixture.calls().len())
                .iter()
                .sum::<usize>(),
            1
        );
    }

    #[test]
    fn an_edge_triggered_channel_reports_again_when_it_is_rearmed() {
        let poller = poller();
        let fixture = Fixture::new(&poller);
        fixture.channel.use_et().unwrap();
        assert!(!fixture.channel.in_epoll(), "a manner is not an interest");
        fixture.channel.enable_reading().unwrap();
        (&fixture.peer).write_all(b"xy").unwrap();
        assert_eq!(turn(&poller), 1);
        (&*fixture.stream).read_exact(&mut [0]).unwrap();
        assert_eq!(turn(&poller), 0);
        fixture.channel.rearm().unwrap();
        assert_eq!(turn(&poller), 1);
    }

    #[test]
    fn a_refused_registration_leaves_nothing_behind() {
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
