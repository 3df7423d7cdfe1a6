//! The ways in which a connection ends.

use std::io;
use std::net::Shutdown;
use std::rc::Rc;
use std::time::Duration;

use super::{Connection, Phase, WriteEnd};
use crate::{CloseReason, EventLoop, report};

/// How long a closed connection waits for the peer to notice.
const LINGER: Duration = Duration::from_secs(1);

impl Connection {
    pub(super) fn shut_down_write_end(&self) {
        self.write_end.set(WriteEnd::Closed);
        if let Err(error) = self.socket.shutdown(Shutdown::Write) {
            self.fail(&error);
        }
    }

    pub(super) fn linger(self: &Rc<Self>) {
        let event_loop = self.worker.upgrade().and_then(|w| w.event_loop());
        if let (Phase::Flushing, Some(event_loop)) = (self.phase.get(), event_loop) {
            self.phase.set(Phase::Lingering);
            self.set_timer(&event_loop, LINGER, |conn, _| {
                conn.phase.set(Phase::Done);
                conn.settle();
            });
            self.rearm_if_edge_triggered();
        }
    }

    /// Removes the connection from everywhere. Its callback gets to know, if it does not
    /// know yet.
    pub(super) fn finish(self: &Rc<Self>) {
        self.phase.set(Phase::Gone);
        if !self.end_is_known.get() {
            self.context.on_connect(self);
        }
        self.discard(self.output.take().len());
        let token = self.token();
        if let Err(error) = self.channel.remove() {
            report(format_args!("client {}: {error}", self.peer_addr));
        }
        let Some(worker) = self.worker.upgrade() else {
            return;
        };
        if let (Some(timer), Some(event_loop)) = (self.timer.take(), worker.event_loop()) {
            event_loop.cancel(timer);
        }
        worker.remove(token, self.reason.get().unwrap_or(CloseReason::Failed));
    }

    /// Ends the connection now, whatever is still to be sent.
    pub(crate) fn abort(self: &Rc<Self>, reason: CloseReason) {
        self.fail_for(reason);
        self.settle();
    }

    /// The callback's code cannot be trusted with this connection any more, not even to
    /// be told of its end.
    pub(crate) fn panicked(&self) {
        self.end_is_known.set(true);
        self.fail_for(CloseReason::Panicked);
    }

    /// Begins to close an open connection; [`settle`](Self::settle) goes on with it.
    pub(crate) fn close_for(&self, reason: CloseReason) {
        if self.phase.get() == Phase::Open {
            self.phase.set(Phase::Flushing);
            self.end_for(reason);
        }
    }

    pub(super) fn fail(&self, error: &io::Error) {
        if error.kind() != io::ErrorKind::WouldBlock {
            self.fail_for(CloseReason::Failed);
        }
    }

    /// Gives the connection up; [`settle`](Self::settle) removes it.
    pub(super) fn fail_for(&self, reason: CloseReason) {
        if self.phase.get() != Phase::Gone {
            self.phase.set(Phase::Done);
            self.end_for(reason);
        }
    }

    /// Notes why the connection ends. The first reason is the reason.
    pub(super) fn end_for(&self, reason: CloseReason) {
        self.reason.set(self.reason.get().or(Some(reason)));
    }

    /// The timer is not set anew each time something happens, but looks, when its time has
    /// come, how much of the silence is still missing.
    pub(super) fn end_if_idle(self: &Rc<Self>, event_loop: &Rc<EventLoop>) {
        let timeout = self.context.options().idle_timeout;
        let (Some(timeout), Some(last_active)) = (timeout, self.last_active.get()) else {
            return;
        };
        match timeout.checked_sub(last_active.elapsed()) {
            Some(missing) if !missing.is_zero() => {
                self.set_timer(event_loop, missing, Self::end_if_idle);
            }
            _ => self.abort(CloseReason::Idle),
        }
    }
}
