//! What a connection does between its acceptance and its end.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::{Connection, Phase, WriteEnd};
use crate::channel::READING;
use crate::worker::Worker;
use crate::{Channel, CloseReason, EpollFlags, EventLoop, InetAddr, Socket, Token};

impl Connection {
    /// Makes a connection of a socket, and registers it with the worker's loop.
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
            worker: Rc::downgrade(worker),
            context: Rc::clone(worker.context()),
            peer_addr,
            kept: Cell::default(),
            output: RefCell::default(),
            phase: Cell::new(Phase::Open),
            reason: Cell::default(),
            write_end: Cell::new(WriteEnd::Open),
            peer_is_done: Cell::default(),
            reading_is_paused: Cell::default(),
            end_is_known: Cell::default(),
            last_active: Cell::default(),
            timer: Cell::default(),
        });
        let channel = &conn.channel;
        channel.set_read_callback(conn.on_event(|conn| conn.on_readable()));
        channel.set_write_callback(conn.on_event(|conn| conn.flush()));
        channel.set_close_callback(conn.on_event(|conn| conn.fail_for(CloseReason::Failed)));
        let options = conn.context.options();
        if options.edge_triggered {
            conn.channel.use_et()?;
        }
        conn.channel.enable_reading()?;
        if let Some(timeout) = options.idle_timeout {
            conn.last_active.set(Some(Instant::now()));
            conn.set_timer(event_loop, timeout, Self::end_if_idle);
        }
        Ok(conn)
    }

    /// A callback for the channel. The loop owns the channel, and the worker the
    /// connection: if the channel owned the connection too, the two would keep each other
    /// alive for ever.
    fn on_event(
        self: &Rc<Self>,
        handle: impl Fn(&Rc<Self>) + 'static,
    ) -> impl Fn(&Rc<Channel>) + 'static {
        let this = Rc::downgrade(self);
        move |_| {
            if let Some(conn) = this.upgrade() {
                handle(&conn);
                conn.settle();
            }
        }
    }

    fn on_readable(&self) {
        match self.phase.get() {
            Phase::Open => self.context.on_connect(self),
            Phase::Lingering => self.discard_input(),
            Phase::Flushing | Phase::Done | Phase::Gone => {}
        }
    }

    /// Brings everything up to date with what a callback, an event or a message has
    /// changed: whoever changes something calls this when it is done.
    pub(crate) fn settle(self: &Rc<Self>) {
        if !self.is_at_rest() {
            self.settle_changes();
        }
    }

    fn settle_changes(self: &Rc<Self>) {
        if self.peer_is_done.get() {
            self.close_for(CloseReason::Peer);
        } else if self.context.is_stopping() && !self.socket.has_input() {
            self.close_for(CloseReason::Stopped);
        }
        if self.output.borrow().is_empty() {
            self.settle_drained();
        }
        if self.phase.get() == Phase::Done || !self.listen() {
            self.finish();
        }
    }

    /// Open and reading, with nothing left to send: how nearly every event leaves a
    /// connection.
    fn is_at_rest(&self) -> bool {
        self.is_open()
            && self.write_end.get() == WriteEnd::Open
            && self.output.borrow().is_empty()
            && self.channel.listen_events() & !EpollFlags::ET == READING
            && !self.context.is_stopping()
    }

    /// Takes the step that had to wait until all output was sent.
    fn settle_drained(self: &Rc<Self>) {
        match self.phase.get() {
            Phase::Flushing | Phase::Lingering if self.peer_is_done.get() => {
                self.phase.set(Phase::Done);
            }
            Phase::Flushing => {
                self.shut_down_write_end();
                self.linger();
            }
            Phase::Open if self.write_end.get() == WriteEnd::Closing => self.shut_down_write_end(),
            Phase::Open | Phase::Lingering | Phase::Done | Phase::Gone => {}
        }
    }

    /// Listens for what the connection is waiting for. Says `false` if that fails.
    fn listen(self: &Rc<Self>) -> bool {
        let options = self.context.options();
        let pending = self.output.borrow().len();
        // Two marks instead of one: a peer that takes a little at a time would otherwise
        // switch reading on and off with each of its reads.
        let is_paused = if self.reading_is_paused.get() {
            pending > options.low_water
        } else {
            pending >= options.high_water
        };
        self.reading_is_paused.set(is_paused);
        let is_reading = match self.phase.get() {
            Phase::Open => !is_paused,
            Phase::Lingering => true,
            Phase::Flushing | Phase::Done => false,
            Phase::Gone => return true,
        };
        let updated = if pending > 0 {
            self.channel.enable_writing()
        } else {
            self.channel.disable_writing()
        }
        .and_then(|()| {
            if is_reading {
                self.channel.enable_reading()
            } else {
                self.channel.disable_reading()
            }
        });
        updated.inspect_err(|error| self.fail(error)).is_ok()
    }

    /// The connection's name, until it is removed.
    pub(crate) fn token(&self) -> Option<Token> {
        self.channel.token()
    }

    pub(super) fn is_open(&self) -> bool {
        self.phase.get() == Phase::Open && !self.peer_is_done.get()
    }

    /// An edge that has passed would not come again by itself.
    pub(super) fn rearm_if_edge_triggered(&self) {
        if self.context.options().edge_triggered
            && let Err(error) = self.channel.rearm()
        {
            self.fail(&error);
        }
    }

    pub(super) fn set_timer(
        self: &Rc<Self>,
        event_loop: &Rc<EventLoop>,
        delay: Duration,
        action: fn(&Rc<Self>, &Rc<EventLoop>),
    ) {
        let this = Rc::downgrade(self);
        let timer = event_loop.run_after(delay, move |event_loop| {
            if let Some(conn) = this.upgrade() {
                conn.timer.take();
                action(&conn, event_loop);
            }
        });
        if let Some(earlier) = self.timer.replace(Some(timer)) {
            event_loop.cancel(earlier);
        }
    }
}
