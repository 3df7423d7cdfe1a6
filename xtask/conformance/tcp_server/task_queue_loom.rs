//! The orders in which senders and the receiver can run through a task queue.
//!
//! A day's test compiles the library's source over loom's locks, and over an eventfd that can
//! be waited for without epoll. A lost wake-up is a deadlock, which loom reports.

use std::sync::Arc;

use loom::thread;

use crate::task_queue::TaskQueue;
use reactor::waker::{self, Counter};

pub(crate) mod base {
    pub(crate) mod sync {
        pub(crate) use loom::sync::{Mutex, MutexGuard};

        pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
            mutex.lock().unwrap()
        }
    }
}

pub(crate) mod reactor {
    pub(crate) mod waker {
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

        /// The counter of the newest task queue.
        pub(crate) fn newest() -> Arc<Counter> {
            NEWEST.take().expect("a task queue has been made")
        }

        /// With the functions of the library's waker.
        #[derive(Debug)]
        pub(crate) struct Waker {
            counter: Arc<Counter>,
        }

        impl Waker {
            #[allow(clippy::unnecessary_wraps, reason = "the library's can fail")]
            pub(crate) fn new() -> io::Result<Self> {
                let counter = Arc::new(Counter {
                    count: Mutex::new(0),
                    is_readable: Condvar::new(),
                });
                NEWEST.set(Some(Arc::clone(&counter)));
                Ok(Self { counter })
            }

            pub(crate) fn wake(&self) {
                *self.counter.count.lock().unwrap() += 1;
                self.counter.is_readable.notify_one();
            }

            pub(crate) fn reset(&self) {
                *self.counter.count.lock().unwrap() = 0;
            }
        }

        impl AsFd for Waker {
            fn as_fd(&self) -> BorrowedFd<'_> {
                unreachable!("no epoll")
            }
        }
    }
}

/// Explores the orders with up to three preemptions.
fn explore(body: impl Fn() + Sync + Send + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(body);
}

fn spawn_sender(queue: &Arc<TaskQueue<u8>>, tasks: &'static [u8]) -> thread::JoinHandle<Vec<u8>> {
    let queue = Arc::clone(queue);
    thread::spawn(move || {
        let taken = |task: &u8| queue.push(*task).is_ok();
        tasks.iter().copied().filter(taken).collect()
    })
}

/// Waits for the eventfd and takes what is there, until `count` tasks have come.
fn receive(queue: &TaskQueue<u8>, counter: &Counter, count: usize) -> Vec<u8> {
    let mut received = Vec::new();
    while received.len() < count {
        counter.wait();
        received.extend(queue.drain());
    }
    received
}

fn of(received: &[u8], sender: &[u8]) -> Vec<u8> {
    let is_from = |task: &u8| sender.contains(task);
    received.iter().copied().filter(is_from).collect()
}

#[test]
fn no_task_is_lost_and_each_sender_keeps_its_order() {
    explore(|| {
        let queue = Arc::new(TaskQueue::new().unwrap());
        let counter = waker::newest();
        let senders = [spawn_sender(&queue, &[1, 2]), spawn_sender(&queue, &[7])];
        let received = receive(&queue, &counter, 3);
        assert_eq!(of(&received, &[1, 2]), [1, 2]);
        assert_eq!(of(&received, &[7]), [7]);
        for sender in senders {
            sender.join().unwrap();
        }
    });
}

/// A loop that quits takes what is left: each task is either taken or returned to its
/// sender.
#[test]
fn a_closed_queue_has_taken_or_refused_each_task() {
    const QUIT: u8 = 9;
    explore(|| {
        let queue = Arc::new(TaskQueue::new().unwrap());
        let counter = waker::newest();
        let sender = spawn_sender(&queue, &[1, 2]);
        let quitter = spawn_sender(&queue, &[QUIT]);
        let mut received = Vec::new();
        while !received.contains(&QUIT) {
            counter.wait();
            received.extend(queue.drain());
        }
        received.extend(queue.close());
        assert_eq!(of(&received, &[1, 2]), sender.join().unwrap());
        assert_eq!(quitter.join().unwrap(), [QUIT]);
        assert_eq!(queue.push(3), Err(3));
        assert!(queue.drain().is_empty());
    });
}
