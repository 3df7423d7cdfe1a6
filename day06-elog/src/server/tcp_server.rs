//! The server: a main reactor that accepts, and sub-reactors that serve.

mod running;

use std::io;
use std::rc::Rc;
use std::sync::Arc;

use crate::worker::{Callback, Service};
use crate::{Connection, EventLoop, InetAddr, ServerHandle, ServerOptions, State};
use running::Running;

/// A TCP server on an event loop. The loop accepts connections; each is served from then
/// on by one of the server's threads, or by the same loop if there are none.
///
/// ```no_run
/// # use day06_elog as reactor;
/// # fn main() -> std::io::Result<()> {
/// use reactor::{EventLoop, State, TcpServer};
///
/// let event_loop = EventLoop::new()?;
/// let mut server = TcpServer::new(&event_loop, "127.0.0.1:8888".parse().unwrap());
/// server.on_connect(|conn| {
///     conn.read();
///     if conn.state() == State::Closed {
///         conn.close();
///         return;
///     }
///     println!("Message from client {}: {}", conn.socket().fd(), conn.read_buf());
///     conn.set_send_buf(conn.read_buf());
///     conn.write();
/// });
/// server.start()?;
/// event_loop.run()?;
/// # Ok(())
/// # }
/// ```
///
/// Dropping the server ends it at once; [`ServerHandle::stop`] is the polite way.
pub struct TcpServer {
    event_loop: Rc<EventLoop>,
    addr: InetAddr,
    options: ServerOptions,
    on_connect: Callback,
    on_open: Option<Callback>,
    on_stop: Option<OnStop>,
    running: Option<Rc<Running>>,
}

type OnStop = Box<dyn FnOnce(&Rc<EventLoop>)>;

impl TcpServer {
    /// A server that will listen on `addr` once it is [started](Self::start), and read and
    /// forget what clients send unless it is told [what to do](Self::on_connect). The
    /// callbacks and settings that count are those of the start.
    pub fn new(event_loop: &Rc<EventLoop>, addr: InetAddr) -> Self {
        Self {
            event_loop: Rc::clone(event_loop),
            addr,
            options: ServerOptions::default(),
            on_connect: Arc::new(read_and_forget),
            on_open: None,
            on_stop: None,
            running: None,
        }
    }

    /// What to do whenever a connection has something to say: that bytes have come, or
    /// that it has ended. Muduo has two callbacks for what is one here: its connection
    /// callback for the beginning ([`on_open`](Self::on_open)) and the end, its message
    /// callback for all between.
    ///
    /// The callback runs in the threads of the server's loops, in several at a time. It
    /// can therefore not share what is not made for that:
    ///
    /// ```compile_fail,E0277
    /// # use day06_elog as reactor;
    /// # fn serve(mut server: reactor::TcpServer) {
    /// let count = std::rc::Rc::new(std::cell::Cell::new(0));
    /// server.on_connect(move |_| count.set(count.get() + 1));
    /// # }
    /// ```
    ///
    /// If it panics, its connection is closed, and the server goes on. It must not wait
    /// for anything: all connections of its loop would wait too.
    pub fn on_connect(&mut self, callback: impl Fn(&Connection) + Send + Sync + 'static) {
        self.on_connect = Arc::new(callback);
    }

    /// What to do once when a connection has been accepted, before it has anything to say.
    pub fn on_open(&mut self, callback: impl Fn(&Connection) + Send + Sync + 'static) {
        self.on_open = Some(Arc::new(callback));
    }

    /// What to do, in the loop that accepts, when [`ServerHandle::stop`] has done its work
    /// and all threads have ended.
    pub fn on_stop(&mut self, callback: impl FnOnce(&Rc<EventLoop>) + 'static) {
        self.on_stop = Some(Box::new(callback));
    }

    /// How many threads serve connections. With 0, the loop that accepts them does. Unless
    /// set: one for each core.
    pub fn set_thread_num(&mut self, thread_num: usize) {
        self.options.thread_num = Some(thread_num);
    }

    /// All settings at once, the number of threads included.
    pub fn set_options(&mut self, options: ServerOptions) {
        self.options = options;
    }

    /// Listens, and serves from now on, whenever the loop runs.
    ///
    /// # Errors
    ///
    /// Fails when the address cannot be listened on, when the process or the system is out
    /// of descriptors, memory or threads, and when the server has been started before.
    pub fn start(&mut self) -> io::Result<ServerHandle> {
        if self.running.is_some() {
            return Err(io::Error::other("the server has been started before"));
        }
        let service = Service {
            on_connect: Arc::clone(&self.on_connect),
            on_open: self.on_open.clone(),
            options: self.options,
        };
        let on_stop = self.on_stop.take();
        let (running, handle) = Running::start(&self.event_loop, &self.addr, service, on_stop)?;
        self.running = Some(running);
        Ok(handle)
    }
}

impl Drop for TcpServer {
    fn drop(&mut self) {
        if let Some(running) = &self.running {
            running.abort();
        }
    }
}

fn read_and_forget(conn: &Connection) {
    conn.read();
    if conn.state() == State::Closed {
        conn.close();
    }
}
