//! Accepting connections, whatever happens to one of them.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Read};
use std::net::Shutdown;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::Duration;

use crate::net::{BACKLOG, InetAddr, Socket, out_of_resources};
use crate::reactor::{Channel, EventLoop};
use crate::server::ServerOptions;
use crate::server::stats::Counters;
use crate::{error, warn};

/// How many connections are accepted before other events have their turn.
const ACCEPTS_PER_EVENT: usize = 1024;

/// How many errors in a row are taken for those of single clients in the queue.
const ERRORS_IN_A_ROW: usize = 64;

/// How long the listener pauses when not even the spare descriptor helps, or when every
/// accept fails.
const PAUSE: Duration = Duration::from_millis(100);

type OnAccept = Box<dyn Fn(Socket, InetAddr)>;

/// A listening socket and its channel. Dropping it closes the listener.
///
/// accept(2) reports network errors of the connection that it takes from the queue
/// ([accept(2)](https://man7.org/linux/man-pages/man2/accept.2.html)). They say nothing of
/// the next connection, and the listener goes on.
pub(crate) struct Acceptor {
    event_loop: Weak<EventLoop>,
    pub(crate) listener: Rc<Socket>,
    channel: Rc<Channel>,
    /// Out of descriptors, the acceptor closes this one, accepts a client in its place and
    /// closes the connection. Left in the queue, the client would wait without an answer,
    /// and the listener would stay ready.
    spare_fd: RefCell<Option<File>>,
    counters: Arc<Counters>,
    on_accept: OnAccept,
}

impl Acceptor {
    /// Binds `addr` and starts to accept.
    ///
    /// # Errors
    ///
    /// Fails like [`Socket::bind`] and [`Socket::listen`].
    pub(crate) fn new(
        event_loop: &Rc<EventLoop>,
        addr: &InetAddr,
        options: &ServerOptions,
        counters: Arc<Counters>,
        on_accept: impl Fn(Socket, InetAddr) + 'static,
    ) -> io::Result<Rc<Self>> {
        let listener = Socket::new(addr)?;
        listener.set_reuse_address(true)?;
        listener.set_reuse_port(options.reuse_port)?;
        // Accepted sockets inherit it, which saves a system call for each of them.
        listener.set_nodelay(true)?;
        listener.set_non_blocking(true)?;
        listener.bind(addr)?;
        listener.listen()?;

        let listener = Rc::new(listener);
        let acceptor = Rc::new(Self {
            event_loop: Rc::downgrade(event_loop),
            channel: Channel::new(event_loop, Rc::clone(&listener)),
            listener,
            spare_fd: RefCell::new(Some(open_spare_fd()?)),
            counters,
            on_accept: Box::new(on_accept),
        });
        let weak = Rc::downgrade(&acceptor);
        acceptor.channel.set_read_callback(move |_| {
            if let Some(acceptor) = weak.upgrade() {
                acceptor.accept_batch();
            }
        });
        acceptor.channel.enable_reading()?;
        Ok(acceptor)
    }

    /// Accepts the connections that are in the queue: their clients are connected, and
    /// closing the listener would reset them. Clients that keep coming do not prolong it: the
    /// queue has room for a few batches.
    pub(crate) fn accept_queued(&self) {
        let mut batches = 1 + usize::from(BACKLOG) / ACCEPTS_PER_EVENT;
        while batches > 0 && self.accept_batch() {
            batches -= 1;
        }
    }

    /// Accepts a limited number of connections. Returns whether there may be more.
    fn accept_batch(&self) -> bool {
        let mut errors = 0;
        for _ in 0..ACCEPTS_PER_EVENT {
            let error = match self.listener.accept_non_blocking() {
                Ok((socket, peer)) => {
                    errors = 0;
                    (self.on_accept)(socket, peer);
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                Err(error) => error,
            };
            self.counters.accept_errors.add(1);
            errors += 1;
            if out_of_resources(&error) {
                match self.reject_next() {
                    Ok(()) => continue,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                    Err(_) => {}
                }
            } else if errors < ERRORS_IN_A_ROW {
                continue;
            }
            self.pause(&error);
            return false;
        }
        true
    }

    /// Accepts a client in place of the spare descriptor, and rejects it. Out of
    /// descriptors, accept(2) fails even when the queue is empty; with a free one it says so.
    fn reject_next(&self) -> io::Result<()> {
        drop(self.spare_fd.take());
        let accepted = self.listener.accept_non_blocking();
        let rejected = accepted.map(|(socket, _)| reject(&socket, &self.counters));
        self.spare_fd.replace(open_spare_fd().ok());
        rejected
    }

    fn pause(&self, error: &io::Error) {
        warn!("accepting no clients for a while: {error}");
        let Some(event_loop) = self.event_loop.upgrade() else {
            return;
        };
        if let Err(error) = self.channel.disable_reading() {
            return warn!("cannot pause the listener: {error}");
        }
        resume_later(&event_loop, Rc::downgrade(&self.channel));
    }
}

/// Accepts again after a pause. The kernel may have no memory for the registration: the
/// next try is after another pause.
fn resume_later(event_loop: &EventLoop, channel: Weak<Channel>) {
    event_loop.run_after(PAUSE, move |event_loop| {
        if let Some(acceptor) = channel.upgrade()
            && let Err(error) = acceptor.enable_reading()
        {
            error!("cannot resume the listener: {error}");
            resume_later(event_loop, channel);
        }
    });
}

/// Closes a new connection. The bytes that have arrived are read first, so that the client
/// receives the end of the stream and not a reset.
pub(crate) fn reject(mut socket: &Socket, counters: &Counters) {
    counters.rejected.add(1);
    // The connection ends here, whether the client has left already or not.
    let _ = socket.shutdown(Shutdown::Write);
    let _ = socket.read(&mut [0; 4096]);
}

fn open_spare_fd() -> io::Result<File> {
    File::open("/dev/null")
}
