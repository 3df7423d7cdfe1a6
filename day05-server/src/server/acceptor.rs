//! The door of a server: accepts connections and passes them on.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Read};
use std::net::Shutdown;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::Duration;

use crate::stats::AcceptCounters;
use crate::{Channel, EventLoop, InetAddr, Socket, out_of_resources, report};

/// How many connections are accepted before others have their turn.
const ACCEPTS_PER_EVENT: usize = 1024;

/// How many failures in a row may be those of single clients in the queue.
const FAILURES_IN_A_ROW: usize = 64;

/// How long the listener rests when nothing is left to accept with, not even the
/// descriptor in reserve, or when every try fails.
const PAUSE: Duration = Duration::from_millis(100);

type OnAccept = Box<dyn Fn(Socket, InetAddr)>;

/// A listening socket and the channel that waits for it.
///
/// Whatever goes wrong with one connection, the listener stays: `accept` reports
/// errors of the network that befell the connection in the queue
/// ([accept(2)](https://man7.org/linux/man-pages/man2/accept.2.html)), and the next
/// one in the queue is none the worse for it.
pub struct Acceptor {
    event_loop: Weak<EventLoop>,
    listener: Rc<Socket>,
    channel: Rc<Channel>,
    /// A descriptor in reserve. With none left for a client, it makes room to accept
    /// the client and close the connection, which tells it something; in the queue it
    /// would wait for nothing, and keep the listener ready without end.
    reserve: RefCell<Option<File>>,
    counters: Arc<AcceptCounters>,
    on_accept: OnAccept,
}

impl Acceptor {
    /// Binds `addr` and starts to accept. `reuse_port` lets several processes listen
    /// on the same port, among which the kernel deals out the connections.
    ///
    /// # Errors
    ///
    /// Fails like [`Socket::bind`] and [`Socket::listen`].
    pub(crate) fn new(
        event_loop: &Rc<EventLoop>,
        addr: &InetAddr,
        reuse_port: bool,
        counters: Arc<AcceptCounters>,
        on_accept: impl Fn(Socket, InetAddr) + 'static,
    ) -> io::Result<Rc<Self>> {
        let listener = Socket::new(addr.domain())?;
        listener.set_reuse_address(true)?;
        listener.set_reuse_port(reuse_port)?;
        // Accepted sockets inherit it, which saves a call for each of them.
        listener.set_nodelay(true)?;
        listener.set_non_blocking(true)?;
        listener.bind(addr)?;
        listener.listen()?;

        let listener = Rc::new(listener);
        let acceptor = Rc::new(Self {
            event_loop: Rc::downgrade(event_loop),
            channel: Channel::new(event_loop, Rc::clone(&listener)),
            listener,
            reserve: RefCell::new(Some(open_reserve()?)),
            counters,
            on_accept: Box::new(on_accept),
        });
        let this = Rc::downgrade(&acceptor);
        acceptor.channel.set_read_callback(move |_| {
            if let Some(acceptor) = this.upgrade() {
                acceptor.accept_some();
            }
        });
        acceptor.channel.enable_reading()?;
        Ok(acceptor)
    }

    /// Where it listens, with the port that the kernel chose if it was 0
    /// ([getsockname(2)](https://man7.org/linux/man-pages/man2/getsockname.2.html)).
    ///
    /// # Errors
    ///
    /// Passes on the error of getsockname(2).
    pub fn local_addr(&self) -> io::Result<InetAddr> {
        self.listener.local_addr()
    }

    /// Ceases to listen. Clients in the queue believe that they are connected, and
    /// closing the listener would reset them: they are accepted first.
    pub(crate) fn close(&self) {
        while self.accept_some() {}
        self.abort();
    }

    /// Ceases to listen at once.
    pub(crate) fn abort(&self) {
        if let Err(error) = self.channel.remove() {
            report(format_args!("cannot remove the listener: {error}"));
        }
    }

    /// Accepts what is in the queue, up to a bound. Says whether there may be more.
    fn accept_some(&self) -> bool {
        let mut failures = 0;
        for _ in 0..ACCEPTS_PER_EVENT {
            let error = match self.listener.accept_non_blocking() {
                Ok((socket, peer)) => {
                    failures = 0;
                    (self.on_accept)(socket, peer);
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                Err(error) => error,
            };
            self.counters.errors.add(1);
            failures += 1;
            let outcome = if out_of_resources(&error) {
                self.accept_and_send_away()
            } else if failures < FAILURES_IN_A_ROW {
                Ok(())
            } else {
                Err(error)
            };
            match outcome {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                Err(error) => {
                    self.pause(&error);
                    return false;
                }
            }
        }
        true
    }

    /// Accepts a client with the descriptor in reserve, and sends it away.
    /// Without descriptors accept(2) does not even say that the queue is empty; with
    /// the one in reserve it does.
    fn accept_and_send_away(&self) -> io::Result<()> {
        drop(self.reserve.take());
        let accepted = self.listener.accept_non_blocking();
        let sent_away = accepted.map(|(socket, _)| send_away(&socket, &self.counters));
        self.reserve.replace(open_reserve().ok());
        sent_away
    }

    fn pause(&self, error: &io::Error) {
        report(format_args!("accepting no clients for a while: {error}"));
        let Some(event_loop) = self.event_loop.upgrade() else {
            return;
        };
        if let Err(error) = self.channel.disable_reading() {
            return report(format_args!("cannot pause the listener: {error}"));
        }
        let channel = Rc::downgrade(&self.channel);
        event_loop.run_after(PAUSE, move |_| {
            if let Some(channel) = channel.upgrade()
                && let Err(error) = channel.enable_reading()
            {
                report(format_args!("cannot resume the listener: {error}"));
            }
        });
    }
}

/// Says goodbye to a client that there is no place for. What it has sent already is read,
/// so that it is told of an end and not of a failure.
pub(crate) fn send_away(socket: &Socket, counters: &AcceptCounters) {
    counters.turned_away.add(1);
    let mut unread = [0; 4096];
    // Whether the client hears of it or has gone already: this is the end.
    let _ = socket.shutdown(Shutdown::Write);
    let _ = (&mut &*socket).read(&mut unread);
}

fn open_reserve() -> io::Result<File> {
    File::open("/dev/null")
}
