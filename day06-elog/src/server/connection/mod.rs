//! One client, as the server's code sees it.

mod ending;
mod lifecycle;
mod transfer;

use std::cell::{Cell, Ref, RefCell};
use std::fmt;
use std::ops::Deref;
use std::rc::{Rc, Weak};
use std::time::Instant;

use crate::worker::{Context, SendBuf, Worker};
use crate::{Buffer, Channel, CloseReason, ConnHandle, InetAddr, Printable, Socket, TimerId};

/// A client's connection. The callback of [`TcpServer::on_connect`] gets it whenever
/// there is something to say about it.
///
/// A callback reads, looks at [`state`](Self::state) and at what has come, says what
/// to send, and writes:
///
/// ```
/// # use day06_elog as reactor;
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
/// A connection belongs to the thread of its loop and to the callback's time; what
/// travels and lasts is its [`handle`](Self::handle):
///
/// ```compile_fail,E0277
/// # use day06_elog as reactor;
/// fn send<T: Send>() {}
/// send::<reactor::Connection>();
/// ```
///
/// The members are the C++ class's, without the `get_` of `get_state` and `get_socket`.
///
/// [`TcpServer::on_connect`]: crate::TcpServer::on_connect
pub struct Connection {
    socket: Rc<Socket>,
    channel: Rc<Channel>,
    worker: Weak<Worker>,
    context: Rc<Context>,
    peer_addr: InetAddr,
    /// Input that the last callback has left for the next.
    kept: Cell<Option<Box<[u8]>>>,
    /// What was written and the socket has not taken yet.
    output: RefCell<Buffer>,
    phase: Cell<Phase>,
    /// The first cause of the connection's end.
    reason: Cell<Option<CloseReason>>,
    write_end: Cell<WriteEnd>,
    peer_is_done: Cell<bool>,
    reading_is_paused: Cell<bool>,
    end_is_known: Cell<bool>,
    last_active: Cell<Option<Instant>>,
    timer: Cell<Option<TimerId>>,
}

/// Whether there is anybody at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// More may come.
    Connected,
    /// Nothing more will come: the peer has sent everything, the connection has
    /// failed, or this side has closed it.
    Closed,
}

/// How far a connection is on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Open,
    /// Closing: what is in the output buffer is still sent.
    Flushing,
    /// Everything is sent, and the peer knows. What it still sends is dropped, for
    /// closing a socket with unread input resets the connection, and a reset may
    /// overtake and destroy the end of the reply.
    Lingering,
    /// Finished or beyond help, and to be removed as soon as nobody is using it.
    Done,
    Gone,
}

/// Whether this side still has something to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WriteEnd {
    Open,
    /// To be shut down as soon as the output buffer is empty.
    Closing,
    Closed,
}

/// Everything that a callback may do. None of it fails: what goes wrong with a
/// connection ends it, and its [`state`](Self::state) says so.
impl Connection {
    /// Reads what has arrived into the read buffer, up to some hundred kilobytes at a
    /// time, and returns how many bytes that was: 0 if the connection has ended, or has
    /// nothing to say at the moment
    /// ([recv(2)](https://man7.org/linux/man-pages/man2/recv.2.html)).
    ///
    /// Every callback reads: as long as something waits to be read, the loop calls the
    /// callback again. The read buffer starts afresh with each callback, unless the one
    /// before has [kept](Self::keep_from) something.
    ///
    /// # Panics
    ///
    /// Panics when a [`ReadBuf`] is still in use.
    pub fn read(&self) -> usize {
        if !self.is_open() {
            return 0;
        }
        let count = self.receive();
        self.context.counters().bytes_in.add(count as u64);
        count
    }

    /// What has been read, and kept before. It shows itself as text, with everything
    /// escaped that is not. The C++ returns a C string, which a NUL would end.
    pub fn read_buf(&self) -> ReadBuf<'_> {
        ReadBuf(self.context.input())
    }

    /// Keeps what is in the read buffer from `offset` on for the next callback, where
    /// it comes before what is read then: for a message of which only the beginning has
    /// arrived. An offset beyond the end keeps nothing.
    pub fn keep_from(&self, offset: usize) {
        self.context.keep_from(offset);
    }

    /// Says what the next [`write`](Self::write) sends, in place of what was said before.
    /// Bytes of the read buffer are sent from where they are; others are copied.
    pub fn set_send_buf(&self, bytes: impl AsRef<[u8]>) {
        self.context.set_send_buf(bytes.as_ref());
    }

    /// Sends what [`set_send_buf`](Self::set_send_buf) has said, in the same callback. What
    /// the socket does not take at once is kept and sent as soon as there is room
    /// ([send(2)](https://man7.org/linux/man-pages/man2/send.2.html)).
    pub fn write(&self) {
        match self.context.take_send_buf() {
            SendBuf::Empty => {}
            SendBuf::Input(range) => self.send(&self.context.input()[range]),
            SendBuf::Own(bytes) => self.send(&bytes),
        }
    }

    /// Closes the connection, but not before everything that was written has been sent.
    /// What the peer sends from now on reaches nobody.
    pub fn close(&self) {
        self.end_is_known.set(true);
        self.close_for(CloseReason::Local);
    }

    /// Tells the peer that nothing more will be sent after what was written, and goes on
    /// reading ([shutdown(2)](https://man7.org/linux/man-pages/man2/shutdown.2.html)).
    pub fn shutdown(&self) {
        if self.write_end.get() == WriteEnd::Open {
            self.write_end.set(WriteEnd::Closing);
        }
    }

    /// Whether more may come. A callback that has not seen [`State::Closed`] when the
    /// connection ends is called once more, to see it.
    pub fn state(&self) -> State {
        if self.is_open() {
            State::Connected
        } else {
            self.end_is_known.set(true);
            State::Closed
        }
    }

    /// The connection's socket, to look at.
    pub fn socket(&self) -> &Socket {
        &self.socket
    }

    /// The peer's address.
    pub fn peer_addr(&self) -> InetAddr {
        self.peer_addr
    }

    /// A way to this connection from anywhere and at any time.
    pub fn handle(&self) -> ConnHandle {
        let worker = self.worker.upgrade().map(|worker| worker.handle());
        ConnHandle::new(worker.map(|worker| worker.mailbox), self.token())
    }
}

/// The read buffer, borrowed from its connection: a `&[u8]` that can be printed. Let it
/// go before the next [`Connection::read`].
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
        Printable(&self.0).fmt(f)
    }
}
