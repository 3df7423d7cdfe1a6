//! A descriptor with which one thread wakes another.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};

use crate::syscall::check;

/// A counter that epoll can wait for
/// ([eventfd(2)](https://man7.org/linux/man-pages/man2/eventfd.2.html)): readable
/// while it is not zero.
#[derive(Debug)]
pub(crate) struct EventFd {
    file: File,
}

impl EventFd {
    pub(crate) fn new() -> io::Result<Self> {
        // SAFETY: the call takes no pointer.
        let fd = check(unsafe { libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC) })?;
        // SAFETY: the kernel has just made this descriptor, and nobody else knows it.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        Ok(Self { file: fd.into() })
    }

    /// Makes the descriptor readable.
    pub(crate) fn notify(&self) {
        // The only failure there is, a counter that is full, leaves it readable.
        let _ = (&self.file).write(&1_u64.to_ne_bytes());
    }

    /// Makes the descriptor unreadable until the next [`notify`](Self::notify).
    pub(crate) fn reset(&self) {
        // The only failure there is, a counter of zero, is what was wanted.
        let _ = (&self.file).read(&mut [0; 8]);
    }
}

impl AsFd for EventFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// With the mailbox, whose bell it is.
#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::mailbox::Mailbox;
    use crate::{Epoll, EpollFlags, Events};

    fn rings(mailbox: &Mailbox<u8>) -> bool {
        let epoll = Epoll::new().unwrap();
        epoll.add(mailbox.as_fd(), EpollFlags::IN, 0).unwrap();
        let mut events = Events::with_capacity(1);
        epoll.wait(&mut events, Some(Duration::ZERO)).unwrap();
        events.iter().next().is_some()
    }

    #[test]
    fn the_first_message_rings_and_draining_silences() {
        let mailbox = Mailbox::new().unwrap();
        assert!(!rings(&mailbox));
        mailbox.push(1).unwrap();
        mailbox.push(2).unwrap();
        assert!(rings(&mailbox));
        assert_eq!(mailbox.drain(), [1, 2]);
        assert!(!rings(&mailbox));
        mailbox.push(3).unwrap();
        assert!(rings(&mailbox));
    }

    #[test]
    fn a_closed_box_gives_messages_back() {
        let mailbox = Mailbox::new().unwrap();
        mailbox.push(1).unwrap();
        assert_eq!(mailbox.close(), [1]);
        assert_eq!(mailbox.push(2), Err(2));
        assert!(mailbox.drain().is_empty());
    }
}
