//! What a server needs of a socket beyond day 1.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{FromRawFd, OwnedFd};

use socket2::{SockAddr, SockAddrStorage};

use crate::base::syscall::check;
use crate::net::InetAddr;
use crate::net::socket::{Socket, retry_if_interrupted};

impl Socket {
    /// Lets several sockets, of several processes even, listen on one port; the kernel
    /// distributes the connections among them (`SO_REUSEPORT`,
    /// [socket(7)](https://man7.org/linux/man-pages/man7/socket.7.html)).
    ///
    /// # Errors
    ///
    /// Passes on the error of setsockopt(2).
    pub fn set_reuse_port(&self, reuse: bool) -> io::Result<()> {
        self.inner.set_reuse_port(reuse)
    }

    /// Like [`accept`](Self::accept), but the new socket is nonblocking: one system call
    /// instead of three
    /// ([accept4(2)](https://man7.org/linux/man-pages/man2/accept.2.html)).
    ///
    /// # Errors
    ///
    /// As for [`accept`](Self::accept).
    pub fn accept_non_blocking(&self) -> io::Result<(Socket, InetAddr)> {
        let flags = libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
        let accept = |addr: *mut SockAddrStorage, len: *mut libc::socklen_t| {
            // SAFETY: the kernel writes an address of at most `len` bytes, and its length.
            check(unsafe { libc::accept4(self.fd(), addr.cast(), len, flags) })
        };
        // SAFETY: accept4 has initialised the address when it succeeds.
        let (fd, addr) = retry_if_interrupted(|| unsafe { SockAddr::try_init(accept) })?;
        // SAFETY: the kernel has just made this descriptor, and it has no other owner.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        Ok((
            Socket { inner: fd.into() },
            InetAddr::from_sock_addr(&addr)?,
        ))
    }

    /// Whether a read would find bytes. They stay in the socket (`MSG_PEEK`,
    /// [recv(2)](https://man7.org/linux/man-pages/man2/recv.2.html)). The end of the
    /// stream and an error are not bytes.
    pub fn has_input(&self) -> bool {
        let mut byte = [MaybeUninit::uninit()];
        let flags = libc::MSG_PEEK | libc::MSG_DONTWAIT;
        let peeked = retry_if_interrupted(|| self.inner.recv_with_flags(&mut byte, flags));
        peeked.is_ok_and(|count| count > 0)
    }
}
