//! What a wait returns.

use std::fmt;

use crate::reactor::EpollFlags;

/// The events of one [`Epoll::wait`](crate::Epoll::wait): a buffer to be used for each wait.
pub struct Events {
    buf: Box<[libc::epoll_event]>,
    len: usize,
}

impl Events {
    /// Room for `capacity` events a wait; further ones come with the next wait.
    ///
    /// # Panics
    ///
    /// Panics when `capacity` is 0, as the kernel would refuse every wait.
    pub fn with_capacity(capacity: usize) -> Self {
        assert!(capacity > 0, "a wait needs room for at least one event");
        let empty = libc::epoll_event { events: 0, u64: 0 };
        Self {
            buf: vec![empty; capacity].into_boxed_slice(),
            len: 0,
        }
    }

    /// The memory that a wait fills.
    pub(crate) fn buf_mut(&mut self) -> &mut [libc::epoll_event] {
        &mut self.buf
    }

    /// How many events the last wait has stored.
    pub(crate) fn set_len(&mut self, len: usize) {
        self.len = len;
    }

    /// The events of the last wait.
    pub fn iter(&self) -> impl Iterator<Item = Event> + '_ {
        self.buf[..self.len].iter().map(|&event| Event(event))
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// An event of one descriptor: the kernel's `epoll_event`
/// ([epoll_ctl(2)](https://man7.org/linux/man-pages/man2/epoll_ctl.2.html)).
#[derive(Clone, Copy)]
pub struct Event(libc::epoll_event);

impl Event {
    /// The token that the descriptor was registered with: the kernel's `data`.
    pub fn token(&self) -> u64 {
        self.0.u64
    }

    /// What the descriptor is ready for: the kernel's `events`.
    pub fn ready(&self) -> EpollFlags {
        EpollFlags::from_bits(self.0.events)
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("token", &self.token())
            .field("ready", &self.ready())
            .finish()
    }
}
