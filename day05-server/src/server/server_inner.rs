//! A server that has been started: who accepts, who serves, and how it all ends.

use std::cell::{Cell, OnceCell, RefCell};
use std::io;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::OnStop;
use crate::acceptor::send_away;
use crate::mailbox::Mailbox;
use crate::server_handle::ServerMessage;
use crate::stats::AcceptCounters;
use crate::worker::{Message, Service, Worker, WorkerHandle};
use crate::{
    Acceptor, Channel, EventLoop, EventLoopThreadPool, InetAddr, ServerHandle, Socket, report,
};

/// How much longer than the grace period the threads may take to end.
const PATIENCE: Duration = Duration::from_millis(500);

pub(super) struct Running {
    event_loop: Weak<EventLoop>,
    acceptor: RefCell<Option<Rc<Acceptor>>>,
    pool: RefCell<Option<EventLoopThreadPool>>,
    /// The worker of the accepting loop, if that loop serves connections itself.
    local_worker: Option<Rc<Worker>>,
    workers: Arc<[WorkerHandle]>,
    next_worker: Cell<usize>,
    still_working: Cell<usize>,
    accept_counters: Arc<AcceptCounters>,
    max_connections: Option<u64>,
    door: OnceCell<Rc<Channel>>,
    on_stop: RefCell<Option<OnStop>>,
}

impl Running {
    pub(super) fn start(
        event_loop: &Rc<EventLoop>,
        addr: &InetAddr,
        service: Service,
        on_stop: Option<OnStop>,
    ) -> io::Result<(Rc<Self>, ServerHandle)> {
        let thread_num = service.options.thread_num;
        let max_connections = service.options.max_connections;
        let reuse_port = service.options.reuse_port;
        let service = Arc::new(service);
        let mailbox = Arc::new(Mailbox::new()?);
        let accept_counters = Arc::<AcceptCounters>::default();

        let start_worker = {
            let mailbox = Arc::clone(&mailbox);
            move |event_loop: &Rc<EventLoop>| {
                let mailbox = Arc::clone(&mailbox);
                Worker::start(event_loop, Arc::clone(&service), move || {
                    // A server that does not read this any more is not waiting for it.
                    let _ = mailbox.push(ServerMessage::WorkerHasStopped);
                })
            }
        };
        let (pool, local_worker, workers) = match thread_num.unwrap_or_else(one_for_each_core) {
            0 => {
                let worker = start_worker(event_loop)?;
                let handle = worker.handle();
                (None, Some(worker), vec![handle])
            }
            count => {
                let (pool, workers) = EventLoopThreadPool::start(count, "worker", move |l| {
                    start_worker(l).map(|worker| worker.handle())
                })?;
                (Some(pool), None, workers)
            }
        };
        let running = Rc::new(Self {
            event_loop: Rc::downgrade(event_loop),
            acceptor: RefCell::default(),
            pool: RefCell::new(pool),
            local_worker,
            still_working: Cell::new(workers.len()),
            workers: workers.into(),
            next_worker: Cell::default(),
            accept_counters: Arc::clone(&accept_counters),
            max_connections,
            door: OnceCell::new(),
            on_stop: RefCell::new(on_stop),
        });
        let this = Rc::downgrade(&running);
        let door = mailbox.deliver_to(event_loop, move |message| {
            if let Some(running) = this.upgrade() {
                running.receive(message);
            }
        })?;
        running.door.get_or_init(|| door);
        let this = Rc::downgrade(&running);
        let dispatch = move |socket, peer| {
            if let Some(running) = this.upgrade() {
                running.dispatch(socket, peer);
            }
        };
        let counters = Arc::clone(&accept_counters);
        let acceptor = Acceptor::new(event_loop, addr, reuse_port, counters, dispatch)
            .inspect_err(|_| running.abort())?;
        let local_addr = acceptor.local_addr()?;
        running.acceptor.replace(Some(acceptor));
        let workers = Arc::clone(&running.workers);
        let handle = ServerHandle::new(local_addr, mailbox, accept_counters, workers);
        Ok((running, handle))
    }

    /// Gives a connection to the worker whose turn it is.
    fn dispatch(&self, socket: Socket, peer: InetAddr) {
        if self.is_full() {
            return send_away(&socket, &self.accept_counters);
        }
        self.accept_counters.accepted.add(1);
        if let Some(worker) = &self.local_worker {
            return worker.serve(socket, peer);
        }
        let turn = self.next_worker.get();
        self.next_worker.set((turn + 1) % self.workers.len());
        let worker = &self.workers[turn];
        if worker.mailbox.push(Message::Serve(socket, peer)).is_err() {
            report(format_args!("a worker has ended: {peer} is disconnected"));
        }
    }

    fn is_full(&self) -> bool {
        self.max_connections.is_some_and(|max| {
            let closed = |worker: &WorkerHandle| worker.counters.closed_in_all();
            let closed: u64 = self.workers.iter().map(closed).sum();
            self.accept_counters.accepted.load() - closed >= max
        })
    }

    fn receive(self: &Rc<Self>, message: ServerMessage) {
        match message {
            ServerMessage::Stop(grace) => self.stop(grace),
            ServerMessage::WorkerHasStopped => {
                self.still_working.set(self.still_working.get() - 1);
                if self.still_working.get() == 0 {
                    drop(self.pool.take());
                    self.has_stopped();
                }
            }
        }
    }

    fn stop(self: &Rc<Self>, grace: Duration) {
        let Some(acceptor) = self.acceptor.take() else {
            return;
        };
        acceptor.close();
        // Who comes between the last accept and the end of the listener is reset: the
        // moment should be short.
        drop(acceptor);
        for worker in &*self.workers {
            if worker.mailbox.push(Message::Stop(grace)).is_err() {
                report(format_args!("a worker has ended before it was stopped"));
            }
        }
        if let Some(event_loop) = self.event_loop.upgrade() {
            let this = Rc::downgrade(self);
            event_loop.run_after(grace.saturating_add(PATIENCE), move |_| {
                let Some(running) = this.upgrade() else {
                    return;
                };
                if running.pool.borrow().is_some() {
                    running.end_pool(Duration::ZERO);
                    running.has_stopped();
                }
            });
        }
    }

    fn has_stopped(&self) {
        if let (Some(on_stop), Some(event_loop)) = (self.on_stop.take(), self.event_loop.upgrade())
        {
            on_stop(&event_loop);
        }
    }

    /// Only the end of the process ends a callback that never returns.
    fn end_pool(&self, patience: Duration) {
        if let Some(pool) = self.pool.take()
            && !pool.end_within(patience)
        {
            report(format_args!(
                "a callback does not return: its thread is left behind"
            ));
        }
    }

    /// Ends everything at once.
    pub(super) fn abort(&self) {
        if let Some(acceptor) = self.acceptor.take() {
            acceptor.abort();
        }
        if let Some(worker) = &self.local_worker {
            worker.abort();
        }
        for worker in &*self.workers {
            // A worker that has ended has no connections left.
            let _ = worker.mailbox.push(Message::Abort);
        }
        self.end_pool(PATIENCE);
        if let Some(door) = self.door.get()
            && let Err(error) = door.remove()
        {
            report(format_args!("cannot close the server's mailbox: {error}"));
        }
    }
}

fn one_for_each_core() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}
