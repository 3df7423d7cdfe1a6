//! The server: a main reactor that accepts, and sub-reactors that serve.

use std::fmt;
use std::io;
use std::rc::Rc;
use std::sync::Arc;

use crate::net::InetAddr;
use crate::reactor::EventLoop;
use crate::server::server_inner::{OnStop, ServerInner};
use crate::server::worker::Callbacks;
use crate::server::{CloseReason, Connection, ServerHandle, ServerOptions};

/// A TCP server on an event loop. The loop accepts connections. One of the server's threads
/// serves each of them, or the same loop if there are no threads.
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
/// Dropping the server ends it at once; [`ServerHandle::stop`] lets its clients finish.
pub struct TcpServer {
    event_loop: Rc<EventLoop>,
    addr: InetAddr,
    options: ServerOptions,
    callbacks: Callbacks,
    on_stop: Option<OnStop>,
    running: Option<Rc<ServerInner>>,
}

impl TcpServer {
    /// A server that will listen on `addr` after [`start`](Self::start). Without a
    /// [callback](Self::on_connect) it reads and discards what clients send. The callbacks and
    /// settings at the time of the start count.
    pub fn new(event_loop: &Rc<EventLoop>, addr: InetAddr) -> Self {
        Self {
            event_loop: Rc::clone(event_loop),
            addr,
            options: ServerOptions::default(),
            callbacks: Callbacks {
                on_open: None,
                on_connect: Arc::new(|conn| {
                    conn.read();
                }),
                on_close: None,
            },
            on_stop: None,
            running: None,
        }
    }

    /// Sets the callback for each arrival of bytes, and for the end of the stream. Muduo
    /// splits it: its message callback is for bytes, and its connection callback for the
    /// beginning and the end ([`on_open`](Self::on_open), [`on_close`](Self::on_close)).
    ///
    /// Several threads call it at a time. What it captures must be made for that:
    ///
    /// ```compile_fail,E0277
    /// # use day06_elog as reactor;
    /// # fn serve(mut server: reactor::TcpServer) {
    /// let count = std::rc::Rc::new(std::cell::Cell::new(0));
    /// server.on_connect(move |_| count.set(count.get() + 1));
    /// # }
    /// ```
    ///
    /// If it panics, its connection is closed, and the server goes on. It must not block: all
    /// connections of its loop would wait too.
    pub fn on_connect(&mut self, callback: impl Fn(&Connection) + Send + Sync + 'static) {
        self.callbacks.on_connect = Arc::new(callback);
    }

    /// Sets the callback for new connections. It is called once for each, before the other
    /// callbacks.
    pub fn on_open(&mut self, callback: impl Fn(&Connection) + Send + Sync + 'static) {
        self.callbacks.on_open = Some(Arc::new(callback));
    }

    /// Sets the callback for connections that have ended. It is called once for each
    /// connection of [`on_open`](Self::on_open), after the other callbacks, with the reason.
    pub fn on_close(
        &mut self,
        callback: impl Fn(&Connection, &CloseReason) + Send + Sync + 'static,
    ) {
        self.callbacks.on_close = Some(Arc::new(callback));
    }

    /// Sets the callback for the end of [`ServerHandle::stop`]. The accepting loop calls it
    /// after all threads have ended.
    pub fn on_stop(&mut self, callback: impl FnOnce(&Rc<EventLoop>) + 'static) {
        self.on_stop = Some(Box::new(callback));
    }

    /// Sets the number of threads that serve connections. With 0, the accepting loop serves
    /// them. The default is one for each core.
    pub fn set_thread_num(&mut self, thread_num: usize) {
        self.options.thread_num = Some(thread_num);
    }

    /// Sets all options, the number of threads included.
    pub fn set_options(&mut self, options: ServerOptions) {
        self.options = options;
    }

    /// Listens, and serves clients while the loop runs.
    ///
    /// # Errors
    ///
    /// Fails when the server cannot listen on the address, when the process or the system is
    /// out of descriptors, memory or threads, and when the server has been started before.
    /// A failed start changes nothing and may be repeated.
    pub fn start(&mut self) -> io::Result<ServerHandle> {
        if self.running.is_some() {
            return Err(io::Error::other("the server has been started before"));
        }
        let callbacks = self.callbacks.clone();
        let (running, handle) =
            ServerInner::start(&self.event_loop, &self.addr, callbacks, self.options)?;
        running.on_stop.set(self.on_stop.take());
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

impl fmt::Debug for TcpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpServer")
            .field("addr", &self.addr)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
