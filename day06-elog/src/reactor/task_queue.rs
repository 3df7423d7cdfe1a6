//! The door through which other threads speak to a loop.

use std::io;
use std::mem;
use std::os::fd::{AsFd, BorrowedFd};
use std::rc::Rc;
use std::sync::{Arc, PoisonError};

use crate::event_fd::EventFd;
use crate::sync::{Mutex, MutexGuard};
use crate::{Channel, EventLoop};

/// Messages from any thread to one, in the order in which each sender sent them.
///
/// The receiver waits for its descriptor with epoll. One wake-up serves for all
/// messages that come before the receiver has looked: only who finds the box empty
/// rings.
#[derive(Debug)]
pub(crate) struct Mailbox<T> {
    queue: Mutex<Queue<T>>,
    bell: EventFd,
}

#[derive(Debug)]
struct Queue<T> {
    messages: Vec<T>,
    is_closed: bool,
}

impl<T> Mailbox<T> {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            queue: Mutex::new(Queue {
                messages: Vec::new(),
                is_closed: false,
            }),
            bell: EventFd::new()?,
        })
    }

    /// Leaves a message, and wakes the receiver if it may be asleep. A message that
    /// was taken will be delivered; when the box is closed it comes back.
    pub(crate) fn push(&self, message: T) -> Result<(), T> {
        let mut queue = self.lock();
        if queue.is_closed {
            return Err(message);
        }
        let was_empty = queue.messages.is_empty();
        queue.messages.push(message);
        drop(queue);
        if was_empty {
            self.bell.notify();
        }
        Ok(())
    }

    /// Takes all messages. The bell is reset first: a message that arrives in
    /// between is taken too, and at worst rings for nothing.
    pub(crate) fn drain(&self) -> Vec<T> {
        self.bell.reset();
        mem::take(&mut self.lock().messages)
    }

    /// Takes all messages and lets no more in.
    pub(crate) fn close(&self) -> Vec<T> {
        let mut queue = self.lock();
        queue.is_closed = true;
        mem::take(&mut queue.messages)
    }

    /// Nothing that can panic runs under the lock, so that it cannot be poisoned.
    fn lock(&self) -> MutexGuard<'_, Queue<T>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: 'static> Mailbox<T> {
    /// Has the loop call `receive` with each message, until the channel that this
    /// returns is removed.
    pub(crate) fn deliver_to(
        self: &Arc<Self>,
        event_loop: &Rc<EventLoop>,
        receive: impl Fn(T) + 'static,
    ) -> io::Result<Rc<Channel>> {
        let channel = Channel::new(event_loop, Rc::new(Arc::clone(self)));
        let mailbox = Arc::clone(self);
        channel.set_read_callback(move |_| mailbox.drain().into_iter().for_each(&receive));
        channel.enable_reading()?;
        Ok(channel)
    }
}

impl<T> AsFd for Mailbox<T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }
}
