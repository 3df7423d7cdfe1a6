//! A worker: the connections of one loop, and everything that they share.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::Duration;

use crate::net::{InetAddr, Socket};
use crate::reactor::{EventLoop, LoopEnded, Remote, Token};
use crate::server::loop_buffers::LoopBuffers;
use crate::server::stats::{Counters, InTransit};
use crate::server::{CloseReason, Connection, ServerOptions};
use crate::warn;

pub(crate) type Callback = Arc<dyn Fn(&Connection) + Send + Sync>;
pub(crate) type CloseCallback = Arc<dyn Fn(&Connection, &CloseReason) + Send + Sync>;

/// The server's code, which its workers call in their threads.
#[derive(Clone)]
pub(crate) struct Callbacks {
    pub(crate) on_open: Option<Callback>,
    pub(crate) on_connect: Callback,
    pub(crate) on_close: Option<CloseCallback>,
}

/// The connections of one loop, with their callbacks, options, buffers and counters.
pub(crate) struct Worker {
    pub(crate) event_loop: Weak<EventLoop>,
    connections: RefCell<HashMap<Token, Rc<Connection>>>,
    pub(crate) callbacks: Callbacks,
    pub(crate) options: ServerOptions,
    pub(crate) buffers: LoopBuffers,
    pub(crate) counters: Arc<Counters>,
    pub(crate) is_stopping: Cell<bool>,
    on_stopped: Cell<Option<Box<dyn FnOnce()>>>,
    remote: Remote<Worker>,
}

/// The owner of a worker. Connections and their worker refer to each other: dropping the
/// owner ends the connections, and with them the reference cycles.
pub(crate) struct WorkerOwner(pub(crate) Rc<Worker>);

/// A `Send` handle to a worker.
#[derive(Clone, Debug)]
pub(crate) struct WorkerHandle {
    pub(crate) remote: Remote<Worker>,
    pub(crate) counters: Arc<Counters>,
}

impl WorkerOwner {
    /// A worker on `event_loop`. It calls `on_stopped` when it has been stopped and its last
    /// connection has ended.
    pub(crate) fn new(
        event_loop: &Rc<EventLoop>,
        callbacks: Callbacks,
        options: ServerOptions,
        on_stopped: impl FnOnce() + 'static,
    ) -> Self {
        Self(Rc::new_cyclic(|weak| Worker {
            event_loop: Rc::downgrade(event_loop),
            connections: RefCell::default(),
            callbacks,
            options,
            buffers: LoopBuffers::new(),
            counters: Arc::default(),
            is_stopping: Cell::default(),
            on_stopped: Cell::new(Some(Box::new(on_stopped))),
            remote: Remote::new(event_loop, weak),
        }))
    }
}

impl Worker {
    pub(crate) fn handle(&self) -> WorkerHandle {
        WorkerHandle {
            remote: self.remote.clone(),
            counters: Arc::clone(&self.counters),
        }
    }

    /// Serves a new connection.
    pub(crate) fn serve(self: &Rc<Self>, socket: Socket, peer_addr: InetAddr) {
        let Some(event_loop) = self.event_loop.upgrade() else {
            return;
        };
        match Connection::open(self, &event_loop, socket, peer_addr) {
            Ok(conn) => {
                let entry = conn.token().map(|token| (token, Rc::clone(&conn)));
                self.connections.borrow_mut().extend(entry);
                conn.opened();
            }
            Err(error) => {
                warn!("cannot serve {peer_addr}: {error}");
                self.counters.count_closed(&CloseReason::Failed(error));
            }
        }
    }

    pub(crate) fn connection(&self, token: Token) -> Option<Rc<Connection>> {
        self.connections.borrow().get(&token).cloned()
    }

    /// Removes a connection that has ended.
    pub(crate) fn remove(&self, token: Token, reason: &CloseReason) {
        self.counters.count_closed(reason);
        if let Some(event_loop) = self.event_loop.upgrade() {
            self.counters.stale_events.set(event_loop.stale_events());
        }
        let removed = self.connections.borrow_mut().remove(&token);
        // The borrow has ended: what the connection owns may use the table.
        drop(removed);
        self.check_stopped();
    }

    /// Ends each connection as soon as nothing of it is in flight, and all that are left
    /// after `grace`. A later call may shorten the time.
    pub(crate) fn stop(self: &Rc<Self>, grace: Duration) {
        self.is_stopping.set(true);
        if let Some(event_loop) = self.event_loop.upgrade() {
            let weak = Rc::downgrade(self);
            event_loop.run_after(grace, move |_| {
                if let Some(worker) = weak.upgrade() {
                    worker.abort();
                }
            });
        }
        self.for_each(Connection::update_state);
        self.check_stopped();
    }

    /// Ends all connections at once.
    fn abort(&self) {
        self.for_each(|conn| {
            conn.fail_with(CloseReason::Stopped);
            conn.update_state();
        });
    }

    fn check_stopped(&self) {
        if self.is_stopping.get()
            && self.connections.borrow().is_empty()
            && let Some(on_stopped) = self.on_stopped.take()
        {
            on_stopped();
        }
    }

    /// Calls `f` for all connections; those that it ends leave the table meanwhile.
    fn for_each(&self, f: impl Fn(&Rc<Connection>)) {
        let connections: Vec<_> = self.connections.borrow().values().cloned().collect();
        connections.iter().for_each(f);
    }
}

impl Drop for WorkerOwner {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl WorkerHandle {
    /// Hands a new connection over to the worker's thread.
    ///
    /// # Errors
    ///
    /// [`LoopEnded`] when the worker's loop has ended; the connection is closed.
    pub(crate) fn serve(&self, socket: Socket, peer_addr: InetAddr) -> Result<(), LoopEnded> {
        self.counters.accepted.add(1);
        let in_transit = InTransit {
            is_connection: true,
            bytes: 0,
            counters: Arc::clone(&self.counters),
        };
        self.remote.run(move |worker| {
            in_transit.arrived();
            worker.serve(socket, peer_addr);
        })
    }
}
