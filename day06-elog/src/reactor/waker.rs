//! Waking a thread that waits in epoll.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};

use crate::base::syscall::check;

/// An eventfd: a counter that epoll reports as readable while it is not zero
/// ([eventfd(2)](https://man7.org/linux/man-pages/man2/eventfd.2.html)).
#[derive(Debug)]
pub(crate) struct Waker {
    file: File,
}

impl Waker {
    pub(crate) fn new() -> io::Result<Self> {
        // SAFETY: the call takes no pointer.
        let fd = check(unsafe { libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC) })?;
        // SAFETY: the kernel has just made this descriptor, and it has no other owner.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        Ok(Self { file: fd.into() })
    }

    /// Makes the descriptor readable. `write_all` repeats a write that a signal interrupts.
    pub(crate) fn wake(&self) {
        // The one error that is left, a counter at its maximum, leaves it readable.
        let _ = (&self.file).write_all(&1_u64.to_ne_bytes());
    }

    /// Makes the descriptor unreadable until the next [`wake`](Self::wake).
    pub(crate) fn reset(&self) {
        // Fails when the counter is zero already. An interrupted read leaves the descriptor
        // readable, and the next wait reports it again.
        let _ = (&self.file).read(&mut [0; 8]);
    }
}

impl AsFd for Waker {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// Together with the task queue that it serves.
#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::reactor::task_queue::TaskQueue;
    use crate::reactor::{Epoll, EpollFlags, Events};

    fn is_readable(queue: &TaskQueue<u8>) -> bool {
        let epoll = Epoll::new().unwrap();
        epoll.add(queue.as_fd(), EpollFlags::IN, 0).unwrap();
        let mut events = Events::with_capacity(1);
        epoll.wait(&mut events, Some(Duration::ZERO)).unwrap();
        events.iter().next().is_some()
    }

    #[test]
    fn the_first_task_wakes_and_draining_resets() {
        let queue = TaskQueue::new().unwrap();
        assert!(!is_readable(&queue));
        queue.push(1).unwrap();
        queue.push(2).unwrap();
        assert!(is_readable(&queue));
        assert_eq!(queue.drain(), [1, 2]);
        assert!(!is_readable(&queue));
        queue.push(3).unwrap();
        assert!(is_readable(&queue));
    }

    #[test]
    fn a_closed_queue_returns_its_tasks_and_refuses_new_ones() {
        let queue = TaskQueue::new().unwrap();
        queue.push(1).unwrap();
        assert_eq!(queue.close(), [1]);
        assert_eq!(queue.push(2), Err(2));
        assert!(queue.drain().is_empty());
    }
}
