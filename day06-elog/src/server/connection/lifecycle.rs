//! A connection from its accepted socket to its removal.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::Shutdown;
use std::rc::Rc;
use std::time::Duration;

use super::Connection;
use super::halves::{Change, Halves, ReadHalf, WriteHalf};
use crate::base::deadline::Deadline;
use crate::net::{InetAddr, Socket};
use crate::reactor::{Channel, EventLoop, Token};
use crate::server::CloseReason;
use crate::server::worker::Worker;
use crate::warn;

/// How long a closed connection waits for the peer to close its half.
const LINGER: Duration = Duration::from_secs(1);

impl Connection {
    /// Registers an accepted socket with the worker's loop.
    pub(crate) fn open(
        worker: &Rc<Worker>,
        event_loop: &Rc<EventLoop>,
        socket: Socket,
        peer_addr: InetAddr,
    ) -> io::Result<Rc<Self>> {
        let socket = Rc::new(socket);
        let conn = Rc::new(Self {
            channel: Channel::new(event_loop, Rc::clone(&socket)),
            socket,
            worker: Rc::clone(worker),
            peer_addr,
            kept: Cell::default(),
            output: RefCell::default(),
            sent_by_handles: Cell::default(),
            halves: Cell::new(Halves::OPEN),
            has_changed: Cell::default(),
            close_notified: Cell::default(),
            close_reason: Cell::default(),
            deadline: Cell::default(),
            timer: Cell::default(),
        });
        // A failure needs no callback of its own: the read or the write that is of interest
        // returns its error.
        conn.set_read_callback();
        conn.set_write_callback();
        if worker.options.edge_triggered {
            conn.channel.use_et()?;
        }
        conn.channel.enable_reading()?;
        if let Some(timeout) = worker.options.idle_timeout {
            conn.set_deadline(timeout);
        }
        Ok(conn)
    }

    /// Calls `on_open`, once.
    pub(crate) fn opened(self: &Rc<Self>) {
        if let Some(on_open) = &self.worker.callbacks.on_open {
            self.call(&**on_open);
        }
        self.update_state();
    }

    /// Brings the state, the interest and the socket up to date after an event, a callback or
    /// a handle has changed something.
    #[inline]
    pub(crate) fn update_state(self: &Rc<Self>) {
        if self.has_changed.take() || self.worker.is_stopping.get() {
            self.update_changed_state();
        }
    }

    fn update_changed_state(self: &Rc<Self>) {
        if self.halves.get().read == ReadHalf::Ended {
            self.close_with(CloseReason::Peer);
        } else if self.worker.is_stopping.get() && !self.is_in_flight() {
            self.close_with(CloseReason::Stopped);
        }
        let pending = self.output.borrow().len();
        if pending == 0 && self.halves.get().write == WriteHalf::Closing {
            self.on_output_drained();
        }
        let options = &self.worker.options;
        // Two marks: with one, a slow peer would pause and resume reading with each byte.
        if pending > 0 && pending >= options.high_water {
            self.change(Change::Pause);
        } else if pending <= options.low_water.min(options.high_water) {
            self.change(Change::Resume);
        }
        if !self.halves.get().is_done()
            && let Err(error) = self.set_interest(pending > 0)
        {
            self.fail_with(CloseReason::Failed(error));
        }
        if self.halves.get().is_done() {
            self.finish();
        }
    }

    /// Whether bytes of an open connection are still to be sent or to be answered.
    fn is_in_flight(&self) -> bool {
        !self.halves.get().is_readable()
            || !self.output.borrow().is_empty()
            || self.socket.has_input()
    }

    /// Shuts down the write half. A connection that this side closes lingers then.
    fn on_output_drained(self: &Rc<Self>) {
        if self.halves.get().read != ReadHalf::Ended
            && let Err(error) = self.socket.shutdown(Shutdown::Write)
        {
            return self.fail_with(CloseReason::Failed(error));
        }
        self.change(Change::Flushed);
        if self.halves.get().is_lingering() {
            self.set_deadline(LINGER);
        }
    }

    fn set_interest(&self, has_output: bool) -> io::Result<()> {
        if has_output {
            self.channel.enable_writing()?;
        } else {
            self.channel.disable_writing()?;
        }
        match self.halves.get().read {
            ReadHalf::Open | ReadHalf::Draining => self.channel.enable_reading(),
            ReadHalf::Paused | ReadHalf::Ended => self.channel.disable_reading(),
        }
    }

    /// Removes the connection, once. A callback that has not seen the end sees it now.
    fn finish(self: &Rc<Self>) {
        let Some(token) = self.channel.token() else {
            return;
        };
        if !self.close_notified.get() {
            self.call(&*self.worker.callbacks.on_connect);
        }
        self.discard(self.output.take().len());
        let reason = self
            .close_reason
            .take()
            .unwrap_or(Box::new(CloseReason::Peer));
        if let CloseReason::Failed(error) = &*reason {
            warn!("client {}: {error}", self.peer_addr);
        }
        if let Some(on_close) = &self.worker.callbacks.on_close {
            self.call(&|conn| on_close(conn, &reason));
        }
        if let Err(error) = self.channel.remove() {
            warn!("client {}: {error}", self.peer_addr);
        }
        if let (Some(timer), Some(event_loop)) =
            (self.timer.take(), self.worker.event_loop.upgrade())
        {
            event_loop.cancel(timer);
        }
        self.worker.remove(token, &reason);
    }

    /// The connection's key in the worker's table, until it is removed.
    pub(crate) fn token(&self) -> Option<Token> {
        self.channel.token()
    }

    pub(super) fn change(&self, change: Change) {
        self.halves.set(self.halves.get().after(change));
        self.has_changed.set(true);
    }

    /// Closes the connection after its output has been sent.
    pub(crate) fn close_with(&self, reason: CloseReason) {
        self.change(Change::Close);
        self.set_reason(reason);
    }

    /// Ends the connection at once, whatever output is left.
    pub(crate) fn fail_with(&self, reason: CloseReason) {
        self.change(Change::Abort);
        self.set_reason(reason);
    }

    /// The first cause of the end is its reason.
    pub(super) fn set_reason(&self, reason: CloseReason) {
        let first = self.close_reason.take();
        let first = first.unwrap_or_else(|| Box::new(reason));
        self.close_reason.set(Some(first));
    }

    /// Restarts the idle timeout; `None` means that none is configured. The timer itself is
    /// not set again: when it expires, it looks at the deadline.
    pub(super) fn reset_idle_timer(&self) {
        if let Some(timeout) = self.worker.options.idle_timeout
            && !self.halves.get().is_lingering()
        {
            self.deadline.set(Some(Deadline::after(timeout)));
        }
    }

    fn set_deadline(self: &Rc<Self>, timeout: Duration) {
        self.deadline.set(Some(Deadline::after(timeout)));
        self.start_timer(timeout);
    }

    fn start_timer(self: &Rc<Self>, delay: Duration) {
        let Some(event_loop) = self.worker.event_loop.upgrade() else {
            return;
        };
        let weak = Rc::downgrade(self);
        let timer = event_loop.run_after(delay, move |_| {
            if let Some(conn) = weak.upgrade() {
                conn.timer.take();
                conn.check_deadline();
            }
        });
        if let Some(earlier) = self.timer.replace(Some(timer)) {
            event_loop.cancel(earlier);
        }
    }

    fn check_deadline(self: &Rc<Self>) {
        match self.deadline.get().and_then(Deadline::left) {
            Some(left) => self.start_timer(left),
            None => {
                self.fail_with(CloseReason::Idle);
                self.update_state();
            }
        }
    }
}
