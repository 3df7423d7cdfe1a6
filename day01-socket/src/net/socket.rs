//! TCP sockets: listening ones and connected ones.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use socket2::{Protocol, Type};

use crate::net::InetAddr;

/// How many connections may wait to be accepted; the kernel lowers it to
/// `net.core.somaxconn`. With the samples' 5, the kernel drops the SYNs of a burst of
/// clients, and each client retransmits its SYN after about 1 s.
pub(crate) const BACKLOG: u16 = 4096;

/// A TCP socket: one file descriptor that has one owner.
///
/// The C++ class derives from `noncopymoveable`, because a copy would close the
/// descriptor twice. In Rust a `Socket` is not `Clone`, moving it leaves nothing
/// behind that could close it again, and dropping it closes it once. The methods
/// have the C++ names; `fd` is `get_fd` there.
///
/// Calls that a signal interrupts (`EINTR`) are made again. On a nonblocking
/// socket, every call that cannot finish at once fails with
/// [`WouldBlock`](io::ErrorKind::WouldBlock): `accept`, `connect`, reading and
/// writing alike.
///
/// ```
/// # use day01_socket as reactor;
/// # fn main() -> std::io::Result<()> {
/// use std::io::ErrorKind;
/// use reactor::{InetAddr, Socket};
///
/// let addr = InetAddr::new([127, 0, 0, 1], 0);
/// let listener = Socket::new(&addr)?;
/// listener.bind(&addr)?;
/// listener.listen()?;
/// listener.set_non_blocking(true)?;
/// assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Socket {
    pub(super) inner: socket2::Socket,
}

impl Socket {
    /// Creates a blocking TCP socket of `addr`'s family, IPv4 or IPv6, that is closed
    /// in child programs
    /// ([socket(2)](https://man7.org/linux/man-pages/man2/socket.2.html)). It has no
    /// address until [`bind`](Self::bind) or [`connect`](Self::connect).
    ///
    /// # Errors
    ///
    /// Fails when the process or the system is out of descriptors, or without
    /// support for the family.
    pub fn new(addr: &InetAddr) -> io::Result<Self> {
        let inner = socket2::Socket::new(addr.domain(), Type::STREAM, Some(Protocol::TCP))?;
        Ok(Self { inner })
    }

    /// Lets a restarted server bind the address of the one before it, whose closed
    /// connections the kernel keeps in `TIME_WAIT` for a minute (`SO_REUSEADDR`,
    /// [socket(7)](https://man7.org/linux/man-pages/man7/socket.7.html)).
    ///
    /// # Errors
    ///
    /// Passes on the error of setsockopt(2).
    pub fn set_reuse_address(&self, reuse: bool) -> io::Result<()> {
        self.inner.set_reuse_address(reuse)
    }

    /// Sends small messages at once instead of waiting for the acknowledgement
    /// of the one before (`TCP_NODELAY`,
    /// [tcp(7)](https://man7.org/linux/man-pages/man7/tcp.7.html)). Accepted
    /// sockets inherit it from their listener.
    ///
    /// # Errors
    ///
    /// Passes on the error of setsockopt(2).
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.inner.set_tcp_nodelay(nodelay)
    }

    /// Gives the socket its own address
    /// ([bind(2)](https://man7.org/linux/man-pages/man2/bind.2.html)).
    ///
    /// # Errors
    ///
    /// [`AddrInUse`](io::ErrorKind::AddrInUse) when another socket has the
    /// address, [`PermissionDenied`](io::ErrorKind::PermissionDenied) for a
    /// privileged port, [`AddrNotAvailable`](io::ErrorKind::AddrNotAvailable) for
    /// an address that this machine does not have.
    pub fn bind(&self, addr: &InetAddr) -> io::Result<()> {
        self.inner.bind(&addr.to_sock_addr())
    }

    /// Starts to queue connections for [`accept`](Self::accept), up to 4096 of them
    /// ([listen(2)](https://man7.org/linux/man-pages/man2/listen.2.html)).
    ///
    /// # Errors
    ///
    /// [`AddrInUse`](io::ErrorKind::AddrInUse) when another socket already
    /// listens there.
    pub fn listen(&self) -> io::Result<()> {
        self.inner.listen(BACKLOG.into())
    }

    /// Takes the oldest connection from the queue, with the client's address
    /// ([accept(2)](https://man7.org/linux/man-pages/man2/accept.2.html)). The
    /// new socket is blocking, whatever this one is.
    ///
    /// # Errors
    ///
    /// An error concerns the one connection that could not be accepted, or the
    /// process when it is [out of resources](out_of_resources); the listening
    /// socket stays good.
    pub fn accept(&self) -> io::Result<(Socket, InetAddr)> {
        let (inner, addr) = retry_if_interrupted(|| self.inner.accept())?;
        Ok((Socket { inner }, InetAddr::from_sock_addr(&addr)?))
    }

    /// Connects to a server
    /// ([connect(2)](https://man7.org/linux/man-pages/man2/connect.2.html)).
    ///
    /// # Errors
    ///
    /// [`ConnectionRefused`](io::ErrorKind::ConnectionRefused) when no socket
    /// listens there; on a nonblocking socket `EINPROGRESS` while the handshake
    /// is under way.
    pub fn connect(&self, addr: &InetAddr) -> io::Result<()> {
        self.inner.connect(&addr.to_sock_addr())
    }

    /// Chooses whether a call that cannot be done at once waits or fails
    /// (`O_NONBLOCK`, [fcntl(2)](https://man7.org/linux/man-pages/man2/fcntl.2.html)).
    ///
    /// # Errors
    ///
    /// Passes on the error of fcntl(2).
    pub fn set_non_blocking(&self, non_blocking: bool) -> io::Result<()> {
        self.inner.set_nonblocking(non_blocking)
    }

    /// Whether a call that cannot be done at once fails instead of waiting
    /// (`O_NONBLOCK`, [fcntl(2)](https://man7.org/linux/man-pages/man2/fcntl.2.html)).
    ///
    /// # Errors
    ///
    /// Passes on the error of fcntl(2).
    pub fn is_non_blocking(&self) -> io::Result<bool> {
        self.inner.nonblocking()
    }

    /// The address that this end is bound to, with the port that the kernel
    /// chose if port 0 was asked for
    /// ([getsockname(2)](https://man7.org/linux/man-pages/man2/getsockname.2.html)).
    ///
    /// # Errors
    ///
    /// Passes on the error of getsockname(2).
    pub fn local_addr(&self) -> io::Result<InetAddr> {
        InetAddr::from_sock_addr(&self.inner.local_addr()?)
    }

    /// Closes one direction, or both, while the descriptor stays open
    /// ([shutdown(2)](https://man7.org/linux/man-pages/man2/shutdown.2.html)).
    /// [`Shutdown::Write`] sends the peer a FIN: its reads return 0 after the last byte.
    ///
    /// # Errors
    ///
    /// [`NotConnected`](io::ErrorKind::NotConnected) when the connection has
    /// ended already.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.inner.shutdown(how)
    }

    /// The descriptor's number, to print. System calls take the descriptor from
    /// [`AsFd`], which cannot outlive the socket.
    pub fn fd(&self) -> RawFd {
        self.inner.as_raw_fd()
    }
}

/// Whether an error of `accept` says that no descriptor or memory was left for the
/// connection (`EMFILE`, `ENFILE`, `ENOBUFS`, `ENOMEM`,
/// [accept(2)](https://man7.org/linux/man-pages/man2/accept.2.html)). The connection
/// stays in the queue, and another try at once fails the same way.
pub fn out_of_resources(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM)
    )
}

/// A shared reference is enough, as for [`std::net::TcpStream`]: the kernel
/// serialises the calls, and one thread may read while another writes.
impl Read for &Socket {
    /// Takes what has arrived, up to the buffer's length, and returns how many bytes
    /// that was: 0 is the end of the stream (EOF)
    /// ([recv(2)](https://man7.org/linux/man-pages/man2/recv.2.html)).
    #[inline]
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            match (&self.inner).read(buf) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }
}

impl Write for &Socket {
    /// Hands bytes to the kernel, which may take fewer than there are, and returns how
    /// many it took ([send(2)](https://man7.org/linux/man-pages/man2/send.2.html)).
    #[inline]
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        // Without the flag, writing to a closed connection raises SIGPIPE, which kills a
        // process that does not ignore it.
        retry_if_interrupted(|| self.inner.send_with_flags(buf, libc::MSG_NOSIGNAL))
    }

    /// Does nothing: a socket has no buffer in user space.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inner.as_fd()
    }
}

pub(super) fn retry_if_interrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound() -> Socket {
        let addr = InetAddr::new([127, 0, 0, 1], 0);
        let socket = Socket::new(&addr).unwrap();
        socket.set_reuse_address(true).unwrap();
        socket.bind(&addr).unwrap();
        socket
    }

    fn listener() -> Socket {
        let listener = bound();
        listener.listen().unwrap();
        listener
    }

    fn pair() -> (Socket, Socket) {
        let listener = listener();
        let addr = listener.local_addr().unwrap();
        let client = Socket::new(&addr).unwrap();
        client.connect(&addr).unwrap();
        let (server, peer) = listener.accept().unwrap();
        assert_eq!(peer, client.local_addr().unwrap());
        (server, client)
    }

    #[test]
    fn bytes_go_both_ways_and_a_half_close_leaves_the_way_back_open() {
        let (server, client) = pair();
        (&client).write_all(b"ping").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let mut received = Vec::new();
        (&server).read_to_end(&mut received).unwrap();
        assert_eq!(received, b"ping");

        (&server).write_all(b"pong").unwrap();
        drop(server);
        received.clear();
        (&client).read_to_end(&mut received).unwrap();
        assert_eq!(received, b"pong");
    }

    #[test]
    fn nonblocking_calls_fail_instead_of_waiting() {
        let listener = listener();
        assert!(!listener.is_non_blocking().unwrap());
        listener.set_non_blocking(true).unwrap();
        assert!(listener.is_non_blocking().unwrap());
        let error = listener.accept().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);

        let (server, _client) = pair();
        assert!(!server.is_non_blocking().unwrap());
        server.set_non_blocking(true).unwrap();
        let error = (&server).read(&mut [0; 1]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    }

    #[test]
    fn accepted_sockets_inherit_nodelay() {
        let listener = listener();
        listener.set_nodelay(true).unwrap();
        let addr = listener.local_addr().unwrap();
        let client = Socket::new(&addr).unwrap();
        client.connect(&addr).unwrap();
        let (server, _) = listener.accept().unwrap();
        assert!(server.inner.tcp_nodelay().unwrap());
    }

    #[test]
    fn writing_to_a_closed_connection_is_an_error_and_raises_no_signal() {
        let (server, client) = pair();
        drop(client);
        // The first write may still be accepted; the reset that answers it fails
        // a later one.
        let error = loop {
            if let Err(error) = (&server).write(b"hello?") {
                break error;
            }
        };
        assert!(matches!(
            error.kind(),
            io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset
        ));
    }

    #[test]
    fn an_address_in_use_and_a_refused_connection_have_their_own_kinds() {
        let unlistening = bound();
        let addr = unlistening.local_addr().unwrap();
        let client = Socket::new(&addr).unwrap();
        let error = client.connect(&addr).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);

        unlistening.listen().unwrap();
        let second = Socket::new(&addr).unwrap();
        second.set_reuse_address(true).unwrap();
        let error = second.bind(&addr).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    }
}
