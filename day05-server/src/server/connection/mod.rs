//! One client's connection.
//!
//! - `input`: where its bytes arrive, and the callback that reads them;
//! - `output`: where bytes wait for the socket, and where they leave;
//! - `halves`: the state of the two halves of TCP;
//! - `lifecycle`: from the accepted socket to the removal.

mod halves;
mod input;
mod lifecycle;
mod output;

use std::cell::{Cell, Ref, RefCell};
use std::ffi::OsStr;
use std::fmt;
use std::ops::Deref;
use std::os::unix::ffi::OsStrExt;
use std::rc::Rc;

use crate::base::deadline::Deadline;
use crate::net::{Buffer, InetAddr, Socket};
use crate::reactor::{Channel, TimerId};
use crate::server::worker::Worker;
use crate::server::{CloseReason, ConnHandle};
use halves::{Change, Halves};

/// A client's connection, as the callback of [`TcpServer::on_connect`] sees it.
///
/// A callback reads, looks at [`state`](Self::state) and at the read buffer, sets the send
/// buffer, and writes:
///
/// ```
/// # use day05_server as reactor;
/// # use reactor::{Connection, State};
/// fn echo(conn: &Connection) {
///     conn.read();
///     if conn.state() == State::Closed {
///         conn.close();
///         return;
///     }
///     conn.set_send_buf(conn.read_buf());
///     conn.write();
/// }
/// ```
///
/// A connection belongs to the thread of its loop, and a callback has it for the time of one
/// call. Other threads and later times use its [`handle`](Self::handle):
///
/// ```compile_fail,E0277
/// # use day05_server as reactor;
/// fn send<T: Send>() {}
/// send::<reactor::Connection>();
/// ```
///
/// The methods are the C++ class's, without the `get_` of `get_state` and `get_socket`. None
/// of them returns an error: a system call that fails ends the connection, and
/// [`TcpServer::on_close`] gets the error.
///
/// [`TcpServer::on_connect`]: crate::TcpServer::on_connect
/// [`TcpServer::on_close`]: crate::TcpServer::on_close
pub struct Connection {
    socket: Rc<Socket>,
    channel: Rc<Channel>,
    worker: Rc<Worker>,
    peer_addr: InetAddr,
    /// Input that the last callback has kept for the next.
    kept: Cell<Option<Box<Buffer>>>,
    /// Bytes that were written and that the socket has not taken yet.
    output: RefCell<Buffer>,
    /// How many bytes handles have sent since the output was last empty.
    sent_by_handles: Cell<u32>,
    halves: Cell<Halves>,
    /// The state or the output has changed since [`update_state`](Self::update_state).
    has_changed: Cell<bool>,
    /// A callback has seen [`State::Closed`].
    close_notified: Cell<bool>,
    /// The first cause of the end. In a box, as most connections have none yet.
    close_reason: Cell<Option<Box<CloseReason>>>,
    /// When the connection ends by itself: idle, or lingering.
    deadline: Cell<Option<Deadline>>,
    timer: Cell<Option<TimerId>>,
}

/// Whether a connection can still bring input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// More input may come.
    Connected,
    /// No more input will come: the peer has sent everything, the connection has failed, or
    /// this side has closed it.
    Closed,
}

impl Connection {
    /// Closes the connection, after everything that was written has been sent. What the peer
    /// sends from now on is discarded.
    pub fn close(&self) {
        self.close_notified.set(true);
        self.close_with(CloseReason::Local);
    }

    /// Sends the end of the stream after everything that was written, and goes on reading
    /// ([shutdown(2)](https://man7.org/linux/man-pages/man2/shutdown.2.html)).
    pub fn shutdown(&self) {
        self.change(Change::Shutdown);
    }

    /// Whether more input may come. A callback that has not seen [`State::Closed`] when the
    /// connection ends is called once more, to see it.
    pub fn state(&self) -> State {
        if self.halves.get().is_readable() {
            State::Connected
        } else {
            self.close_notified.set(true);
            State::Closed
        }
    }

    /// The connection's socket, for its number and its options.
    pub fn socket(&self) -> &Socket {
        &self.socket
    }

    /// The peer's address.
    pub fn peer_addr(&self) -> InetAddr {
        self.peer_addr
    }

    /// A `Send` handle to this connection.
    pub fn handle(&self) -> ConnHandle {
        ConnHandle {
            worker: self.worker.handle(),
            token: self.channel.token(),
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("peer_addr", &self.peer_addr)
            .field("halves", &self.halves)
            .finish_non_exhaustive()
    }
}

/// The read buffer, borrowed from its connection. It is a `&[u8]`, and displays as text in
/// quotes with everything escaped that is not printable; the C string of the original C++
/// ends at the first NUL. Drop it before the next [`Connection::read`].
#[derive(Debug)]
pub struct ReadBuf<'a>(Ref<'a, Buffer>);

impl Deref for ReadBuf<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for ReadBuf<'_> {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for ReadBuf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(OsStr::from_bytes(&self.0), f)
    }
}
