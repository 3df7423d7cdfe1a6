//! How bytes go in and out of a connection.

use std::io::{self, Write};
use std::time::Instant;

use super::{Connection, Phase, WriteEnd};
use crate::{CloseReason, EpollFlags};

/// What an event says when nothing will come after what has come.
const ENDED: EpollFlags = EpollFlags::RDHUP
    .union(EpollFlags::HUP)
    .union(EpollFlags::ERR);

impl Connection {
    /// Reads once, be it level- or edge-triggered, and returns how many bytes that
    /// brought. A second read, only to hear that there is no more, would cost more than
    /// all that an echo does in user space.
    pub(super) fn receive(&self) -> usize {
        let count = match self.context.fill(&*self.socket) {
            Ok(0) => {
                self.peer_is_done.set(true);
                self.end_for(CloseReason::Peer);
                return 0;
            }
            Ok(count) => count,
            Err(error) => {
                self.fail(&error);
                return 0;
            }
        };
        self.touch();
        // A stream that gave less than there was room for has no more, and what comes
        // next makes a new edge. An end that has come already does not make another.
        if self.context.is_full() || self.channel.ready_events().intersects(ENDED) {
            self.rearm_if_edge_triggered();
        }
        count
    }

    /// Reads once what nobody wants to have.
    pub(super) fn discard_input(&self) {
        self.context.begin(None);
        self.discard(self.receive());
    }

    /// What the last callback has kept of the input.
    pub(crate) fn take_kept(&self) -> Option<Box<[u8]>> {
        self.kept.take()
    }

    pub(crate) fn keep(&self, input: Box<[u8]>) {
        self.kept.set(Some(input));
    }

    /// Sends what the socket takes now, and keeps the rest for later.
    pub(crate) fn send(&self, bytes: &[u8]) {
        let is_over = matches!(
            self.phase.get(),
            Phase::Lingering | Phase::Done | Phase::Gone
        );
        if is_over || self.write_end.get() != WriteEnd::Open {
            return self.discard(bytes.len());
        }
        let mut output = self.output.borrow_mut();
        let mut sent = 0;
        if output.is_empty() {
            sent = self.sent((&*self.socket).write(bytes));
        }
        if sent < bytes.len() {
            output.append(&bytes[sent..]);
        }
    }

    /// Sends what another thread has to say. What a callback sends is bounded, as reading
    /// pauses when there is too much of it; other threads notice nothing of that, and a
    /// peer that falls behind them is given up.
    pub(crate) fn send_from_afar(&self, bytes: &[u8]) {
        if self.output.borrow().len() >= self.context.options().high_water {
            self.fail_for(CloseReason::Overflow);
        }
        self.send(bytes);
    }

    /// Sends what had to wait for room.
    pub(super) fn flush(&self) {
        let mut output = self.output.borrow_mut();
        self.sent(output.write_to(&*self.socket));
    }

    /// Books the result of a write, and returns how much was written.
    fn sent(&self, written: io::Result<usize>) -> usize {
        let count = written.unwrap_or_else(|error| {
            self.fail(&error);
            0
        });
        self.context.counters().bytes_out.add(count as u64);
        self.touch();
        count
    }

    /// Counts bytes that reach nobody.
    pub(super) fn discard(&self, count: usize) {
        self.context.counters().bytes_discarded.add(count as u64);
    }

    /// Notes that the connection is alive, if anybody wants to know.
    fn touch(&self) {
        if self.last_active.get().is_some() {
            self.last_active.set(Some(Instant::now()));
        }
    }
}
