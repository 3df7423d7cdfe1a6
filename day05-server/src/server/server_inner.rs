//! A running server: it distributes connections to its workers, and stops them.

use std::cell::{Cell, OnceCell, RefCell};
use std::io;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::base::log_stderr;
use crate::net::{InetAddr, Socket};
use crate::reactor::{EventLoop, Remote};
use crate::server::acceptor::{Acceptor, reject};
use crate::server::stats::{Counters, Stats};
use crate::server::worker::{Callbacks, WorkerHandle, WorkerOwner};
use crate::server::{EventLoopThreadPool, ServerHandle, ServerOptions};

/// How much longer than the grace period the threads may take to end.
const TIMEOUT: Duration = Duration::from_millis(500);

pub(super) type OnStop = Box<dyn FnOnce(&Rc<EventLoop>)>;

#[derive(Default)]
pub(crate) struct ServerInner {
    event_loop: Weak<EventLoop>,
    options: ServerOptions,
    counters: Arc<Counters>,
    /// `None` once the server has been stopped.
    acceptor: RefCell<Option<Rc<Acceptor>>>,
    workers: OnceCell<Vec<WorkerHandle>>,
    /// The threads of the workers, or the worker of the accepting loop.
    pool: Cell<Option<EventLoopThreadPool>>,
    local_worker: RefCell<Option<WorkerOwner>>,
    next_worker: Cell<usize>,
    running_workers: Cell<usize>,
    pub(super) on_stop: Cell<Option<OnStop>>,
}

impl ServerInner {
    /// Starts the workers, and then to accept.
    pub(super) fn start(
        event_loop: &Rc<EventLoop>,
        addr: &InetAddr,
        callbacks: Callbacks,
        options: ServerOptions,
    ) -> io::Result<(Rc<Self>, ServerHandle)> {
        let inner = Rc::new(Self {
            event_loop: Rc::downgrade(event_loop),
            options,
            ..Self::default()
        });
        let weak = Rc::downgrade(&inner);
        let server = Remote::new(event_loop, &weak);
        let workers = inner.start_workers(event_loop, &server, callbacks)?;
        inner.running_workers.set(workers.len());
        let workers = inner.workers.get_or_init(|| workers);
        let workers = workers.iter().map(|worker| &worker.counters);
        let threads = workers.chain([&inner.counters]).map(Arc::clone).collect();

        let counters = Arc::clone(&inner.counters);
        let acceptor = Acceptor::new(event_loop, addr, &options, counters, move |socket, peer| {
            if let Some(inner) = weak.upgrade() {
                inner.dispatch(socket, peer);
            }
        })?;
        let local_addr = acceptor.listener.local_addr()?;
        inner.acceptor.replace(Some(acceptor));
        let handle = ServerHandle {
            local_addr,
            server,
            threads,
        };
        Ok((inner, handle))
    }

    fn start_workers(
        &self,
        event_loop: &Rc<EventLoop>,
        server: &Remote<Self>,
        callbacks: Callbacks,
    ) -> io::Result<Vec<WorkerHandle>> {
        let (server, options) = (server.clone(), self.options);
        let start = move |event_loop: &Rc<EventLoop>| {
            let server = server.clone();
            let worker = WorkerOwner::new(event_loop, callbacks.clone(), options, move || {
                // A server whose loop has ended does not wait for its workers.
                let _ = server.run(|inner| inner.worker_stopped());
            });
            Ok((worker.0.handle(), worker))
        };
        let one_for_each_core = || thread::available_parallelism().map_or(1, usize::from);
        let count = options.thread_num.unwrap_or_else(one_for_each_core);
        if count == 0 {
            let (handle, worker) = start(event_loop)?;
            self.local_worker.replace(Some(worker));
            return Ok(vec![handle]);
        }
        let (pool, workers) = EventLoopThreadPool::start(count, "worker", start)?;
        self.pool.set(Some(pool));
        Ok(workers)
    }

    /// Gives a connection to the next worker, round robin.
    fn dispatch(&self, socket: Socket, peer: InetAddr) {
        let workers = self.workers.get().map_or(&[][..], Vec::as_slice);
        if self.options.max_connections.is_some_and(|max| {
            Stats::sum(workers.iter().map(|worker| &*worker.counters)).active() >= max
        }) {
            return reject(&socket, &self.counters);
        }
        if let Some(worker) = &*self.local_worker.borrow() {
            worker.0.counters.accepted.add(1);
            return worker.0.serve(socket, peer);
        }
        let next = self.next_worker.get();
        self.next_worker.set((next + 1) % workers.len());
        if workers[next].serve(socket, peer).is_err() {
            log_stderr(format_args!("a worker has ended: {peer} is disconnected"));
        }
    }

    pub(super) fn stop(self: &Rc<Self>, grace: Duration) {
        let acceptor = self.acceptor.take();
        let is_first = acceptor.is_some();
        if let Some(acceptor) = acceptor {
            // The listener is closed right afterwards. A client that connects in between is
            // reset.
            acceptor.accept_queued();
        }
        for worker in self.workers.get().into_iter().flatten() {
            let stopping = worker.remote.run(move |worker| worker.stop(grace));
            if stopping.is_err() && is_first {
                self.worker_stopped();
            }
        }
        if let Some(event_loop) = self.event_loop.upgrade() {
            let weak = Rc::downgrade(self);
            event_loop.run_after(grace.saturating_add(TIMEOUT), move |_| {
                if let Some(inner) = weak.upgrade() {
                    inner.stopped(Duration::ZERO);
                }
            });
        }
    }

    fn worker_stopped(&self) {
        self.running_workers.set(self.running_workers.get() - 1);
        if self.running_workers.get() == 0 {
            self.stopped(TIMEOUT);
        }
    }

    fn stopped(&self, timeout: Duration) {
        self.end_threads(timeout);
        if let (Some(on_stop), Some(event_loop)) = (self.on_stop.take(), self.event_loop.upgrade())
        {
            on_stop(&event_loop);
        }
    }

    /// Ends the threads. One whose callback never returns ends with the process only.
    fn end_threads(&self, timeout: Duration) {
        if let Some(pool) = self.pool.take()
            && !pool.end_within(timeout)
        {
            log_stderr(format_args!(
                "a callback does not return: its thread runs on"
            ));
        }
    }

    /// Ends everything at once.
    pub(super) fn abort(&self) {
        self.acceptor.take();
        self.local_worker.take();
        self.end_threads(TIMEOUT);
    }
}
