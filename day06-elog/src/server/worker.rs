//! The connections of one loop: a sub-reactor's business.

mod context;

use std::cell::{Cell, OnceCell, RefCell};
use std::io;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::Duration;

use crate::mailbox::Mailbox;
use crate::stats::WorkerCounters;
use crate::token_map::TokenMap;
use crate::{
    Channel, CloseReason, Connection, EventLoop, InetAddr, ServerOptions, Socket, Token, warn,
};

pub(crate) use context::{Context, SendBuf};

/// A piece of the server's code, for any connection in any thread.
pub(crate) type Callback = Arc<dyn Fn(&Connection) + Send + Sync>;

/// What all workers of a server have in common.
pub(crate) struct Service {
    pub(crate) on_connect: Callback,
    pub(crate) on_open: Option<Callback>,
    pub(crate) options: ServerOptions,
}

/// What a worker can be told from any thread.
pub(crate) enum Message {
    Serve(Socket, InetAddr),
    Send(Token, Arc<[u8]>),
    Shutdown(Token),
    Close(Token),
    /// End all connections at once.
    Abort,
    /// Close all connections as soon as nothing is in flight, and after the time given
    /// in any case.
    Stop(Duration),
}

/// The part of a worker that other threads may have.
#[derive(Clone)]
pub(crate) struct WorkerHandle {
    pub(crate) mailbox: Arc<Mailbox<Message>>,
    pub(crate) counters: Arc<WorkerCounters>,
}

/// Owns the connections of one loop, and runs the server's code for them.
pub(crate) struct Worker {
    event_loop: Weak<EventLoop>,
    handle: WorkerHandle,
    context: Rc<Context>,
    /// The loop owns it, and it owns the worker: that must not become a ring.
    door: OnceCell<Weak<Channel>>,
    connections: RefCell<TokenMap<Rc<Connection>>>,
    has_stopped: Cell<bool>,
    on_stopped: Box<dyn Fn()>,
}

impl Worker {
    /// Opens a worker's mailbox. The loop keeps the worker alive from now on.
    pub(crate) fn start(
        event_loop: &Rc<EventLoop>,
        service: Arc<Service>,
        on_stopped: impl Fn() + 'static,
    ) -> io::Result<Rc<Self>> {
        let handle = WorkerHandle {
            mailbox: Arc::new(Mailbox::new()?),
            counters: Arc::default(),
        };
        let worker = Rc::new(Self {
            event_loop: Rc::downgrade(event_loop),
            context: Rc::new(Context::new(service, Arc::clone(&handle.counters))),
            handle: handle.clone(),
            door: OnceCell::new(),
            connections: RefCell::new(TokenMap::new()),
            has_stopped: Cell::default(),
            on_stopped: Box::new(on_stopped),
        });
        let this = Rc::clone(&worker);
        let door = handle
            .mailbox
            .deliver_to(event_loop, move |message| this.receive(message))?;
        worker.door.get_or_init(|| Rc::downgrade(&door));
        Ok(worker)
    }

    fn receive(self: &Rc<Self>, message: Message) {
        match message {
            Message::Serve(socket, peer) => self.serve(socket, peer),
            Message::Send(token, bytes) => match self.connection(token) {
                Some(conn) => {
                    conn.send_from_afar(&bytes);
                    conn.settle();
                }
                None => self.counters().bytes_discarded.add(bytes.len() as u64),
            },
            Message::Shutdown(token) => {
                if let Some(conn) = self.connection(token) {
                    conn.shutdown();
                    conn.settle();
                }
            }
            Message::Close(token) => {
                if let Some(conn) = self.connection(token) {
                    conn.close_for(CloseReason::Local);
                    conn.settle();
                }
            }
            Message::Abort => self.abort(),
            Message::Stop(grace) => self.stop(grace),
        }
    }

    /// Takes over a connection.
    pub(crate) fn serve(self: &Rc<Self>, socket: Socket, peer_addr: InetAddr) {
        let Some(event_loop) = self.event_loop() else {
            return;
        };
        match Connection::open(self, &event_loop, socket, peer_addr) {
            Ok(conn) => {
                if let Some(token) = conn.token() {
                    let conn = Rc::clone(&conn);
                    self.connections.borrow_mut().insert(token, conn);
                }
                self.context.on_open(&conn);
                conn.settle();
            }
            Err(error) => {
                warn!("cannot serve {peer_addr}: {error}");
                self.counters().closed(CloseReason::Failed);
            }
        }
    }

    /// Forgets a connection that has ended.
    pub(crate) fn remove(&self, token: Option<Token>, reason: CloseReason) {
        let counters = self.counters();
        counters.closed(reason);
        if let Some(event_loop) = self.event_loop() {
            counters.stale_events.set(event_loop.stale_events());
        }
        let removed = token.and_then(|token| self.connections.borrow_mut().remove(token));
        drop(removed);
        self.check_stopped();
    }

    fn stop(self: &Rc<Self>, grace: Duration) {
        self.context.stop();
        if let Some(event_loop) = self.event_loop() {
            let this = Rc::downgrade(self);
            event_loop.run_after(grace, move |_| {
                if let Some(worker) = this.upgrade() {
                    worker.for_each(|conn| conn.abort(CloseReason::Stopped));
                }
            });
        }
        self.for_each(Connection::settle);
        self.check_stopped();
    }

    /// Ends everything at once.
    pub(crate) fn abort(&self) {
        self.for_each(|conn| conn.abort(CloseReason::Stopped));
        if let Some(door) = self.door.get().and_then(Weak::upgrade)
            && let Err(error) = door.remove()
        {
            warn!("cannot close a worker's mailbox: {error}");
        }
    }

    fn check_stopped(&self) {
        let is_empty = self.connections.borrow().is_empty();
        if self.context.is_stopping() && is_empty && !self.has_stopped.replace(true) {
            (self.on_stopped)();
        }
    }

    /// Calls `f` for all connections; those that it ends may leave the table meanwhile.
    fn for_each(&self, f: impl Fn(&Rc<Connection>)) {
        let connections: Vec<_> = self.connections.borrow().values().cloned().collect();
        connections.iter().for_each(f);
    }

    fn connection(&self, token: Token) -> Option<Rc<Connection>> {
        self.connections.borrow().get(token).cloned()
    }

    pub(crate) fn event_loop(&self) -> Option<Rc<EventLoop>> {
        self.event_loop.upgrade()
    }

    pub(crate) fn context(&self) -> &Rc<Context> {
        &self.context
    }

    pub(crate) fn handle(&self) -> WorkerHandle {
        self.handle.clone()
    }

    fn counters(&self) -> &WorkerCounters {
        &self.handle.counters
    }
}

/// Handles may outlive the worker: what they say must not pile up where nobody reads it.
impl Drop for Worker {
    fn drop(&mut self) {
        for message in self.handle.mailbox.close() {
            if let Message::Send(_, bytes) = message {
                self.counters().bytes_discarded.add(bytes.len() as u64);
            }
        }
    }
}
