//! The orders in which senders and the receiver can run through a mailbox.
//!
//! A day's test compiles the library's source over loom's locks, and over an eventfd that can
//! be waited for without epoll. A wake-up that gets lost is a deadlock, which loom reports.

use std::rc::Rc;
use std::sync::Arc;

use loom::thread;

use crate::mailbox::Mailbox;
use event_fd::Counter;

pub(crate) mod sync {
    pub(crate) use loom::sync::{Mutex, MutexGuard};
}

pub(crate) mod event_fd {
    use std::cell::Cell;
    use std::io;
    use std::os::fd::{AsFd, BorrowedFd};
    use std::sync::Arc;

    use loom::sync::{Condvar, Mutex};

    /// What epoll waits for: readable while it is not zero.
    #[derive(Debug)]
    pub(crate) struct Counter {
        count: Mutex<u64>,
        is_readable: Condvar,
    }

    impl Counter {
        pub(crate) fn wait(&self) {
            let mut count = self.count.lock().unwrap();
            while *count == 0 {
                count = self.is_readable.wait(count).unwrap();
            }
        }
    }

    thread_local! {
        static NEWEST: Cell<Option<Arc<Counter>>> = const { Cell::new(None) };
    }

    /// The counter of the newest mailbox.
    pub(crate) fn newest() -> Arc<Counter> {
        NEWEST.take().expect("a mailbox has been made")
    }

    /// With the functions of the library's.
    #[derive(Debug)]
    pub(crate) struct EventFd {
        counter: Arc<Counter>,
    }

    impl EventFd {
        #[allow(clippy::unnecessary_wraps, reason = "the library's can fail")]
        pub(crate) fn new() -> io::Result<Self> {
            let counter = Arc::new(Counter {
                count: Mutex::new(0),
                is_readable: Condvar::new(),
            });
            NEWEST.set(Some(Arc::clone(&counter)));
            Ok(Self { counter })
        }

        pub(crate) fn notify(&self) {
            *self.counter.count.lock().unwrap() += 1;
            self.counter.is_readable.notify_one();
        }

        pub(crate) fn reset(&self) {
            *self.counter.count.lock().unwrap() = 0;
        }
    }

    impl AsFd for EventFd {
        fn as_fd(&self) -> BorrowedFd<'_> {
            unreachable!("no epoll")
        }
    }
}

/// The loop's part of the mailbox, which the model leaves out.
pub(crate) struct EventLoop;

pub(crate) struct Channel;

#[allow(
    dead_code,
    clippy::unused_self,
    reason = "no loop delivers anything here"
)]
impl Channel {
    pub(crate) fn new<T>(_: &Rc<EventLoop>, _: Rc<T>) -> Rc<Self> {
        unreachable!("no loop")
    }

    pub(crate) fn set_read_callback(&self, _: impl Fn(&Rc<Self>)) {}

    #[allow(clippy::unnecessary_wraps, reason = "the library's can fail")]
    pub(crate) fn enable_reading(&self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Explores all orders with at most three preemptions.
fn explore(body: impl Fn() + Sync + Send + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(body);
}

fn spawn_sender(
    mailbox: &Arc<Mailbox<u8>>,
    messages: &'static [u8],
) -> thread::JoinHandle<Vec<u8>> {
    let mailbox = Arc::clone(mailbox);
    thread::spawn(move || {
        let taken = |message: &u8| mailbox.push(*message).is_ok();
        messages.iter().copied().filter(taken).collect()
    })
}

/// Waits for the eventfd and takes what is there, until `count` messages have come.
fn receive(mailbox: &Mailbox<u8>, counter: &Counter, count: usize) -> Vec<u8> {
    let mut received = Vec::new();
    while received.len() < count {
        counter.wait();
        received.extend(mailbox.drain());
    }
    received
}

fn of(received: &[u8], sender: &[u8]) -> Vec<u8> {
    let is_from = |message: &u8| sender.contains(message);
    received.iter().copied().filter(is_from).collect()
}

#[test]
fn no_message_is_lost_and_each_sender_keeps_its_order() {
    explore(|| {
        let mailbox = Arc::new(Mailbox::new().unwrap());
        let counter = event_fd::newest();
        let senders = [
            spawn_sender(&mailbox, &[1, 2]),
            spawn_sender(&mailbox, &[7]),
        ];
        let received = receive(&mailbox, &counter, 3);
        assert_eq!(of(&received, &[1, 2]), [1, 2]);
        assert_eq!(of(&received, &[7]), [7]);
        for sender in senders {
            sender.join().unwrap();
        }
    });
}

/// A loop that quits takes what is left: each message has either been taken or has come back
/// to its sender.
#[test]
fn a_mailbox_that_is_closed_has_taken_or_refused_each_message() {
    const QUIT: u8 = 9;
    explore(|| {
        let mailbox = Arc::new(Mailbox::new().unwrap());
        let counter = event_fd::newest();
        let sender = spawn_sender(&mailbox, &[1, 2]);
        let quitter = spawn_sender(&mailbox, &[QUIT]);
        let mut received = Vec::new();
        while !received.contains(&QUIT) {
            counter.wait();
            received.extend(mailbox.drain());
        }
        received.extend(mailbox.close());
        assert_eq!(of(&received, &[1, 2]), sender.join().unwrap());
        assert_eq!(quitter.join().unwrap(), [QUIT]);
        assert_eq!(mailbox.push(3), Err(3));
        assert!(mailbox.drain().is_empty());
    });
}
