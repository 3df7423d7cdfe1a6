//! How bytes go in and out of a connection.

use std::io::{self, Write};
use std::time::Instant;

use super::{Connection, Phase, SendBuf, WriteEnd};
use crate::stats::{Counter, WorkerCounters};
use crate::{Buffer, CloseReason, EpollFlags};

/// How much room there is at least for one read, after what was kept.
const MIN_READ: usize = 64 * 1024;

/// What an event says when nothing will come after what has come.
const ENDED: EpollFlags = EpollFlags::RDHUP
    .union(EpollFlags::HUP)
    .union(EpollFlags::ERR);

impl Connection {
    /// Lends the connection the loop's large buffer, which begins with what was kept.
    pub(crate) fn lend(&self, mut scratch: Buffer) {
        let mut input = self.input.borrow_mut();
        scratch.append(&input);
        *input = scratch;
    }

    /// Takes the loop's buffer back. What is still needed of it is copied first.
    pub(crate) fn give_back(&self) -> Buffer {
        let mut scratch = self.input.take();
        let mut send_buf = self.send_buf.borrow_mut();
        if let SendBuf::Read(range) = &*send_buf {
            *send_buf = SendBuf::Own(scratch[range.clone()].to_vec());
        }
        if let Some(kept) = self.keep_from.take().and_then(|from| scratch.get(from..)) {
            self.input.borrow_mut().append(kept);
        }
        scratch.clear();
        scratch
    }

    /// Reads once, be it level- or edge-triggered, and returns how many bytes that
    /// brought. A second read, only to hear that there is no more, would cost more than
    /// all that an echo does in user space.
    pub(super) fn receive(&self) -> usize {
        let mut input = self.input.borrow_mut();
        input.reserve(MIN_READ);
        let room = input.spare();
        let count = match input.read_from(&*self.socket) {
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
        if count == room || self.channel.ready_events().intersects(ENDED) {
            self.rearm_if_edge_triggered();
        }
        count
    }

    /// Reads once what nobody wants to have.
    pub(super) fn discard_input(&self) {
        let Some(worker) = self.worker.upgrade() else {
            return;
        };
        let count = worker.with_scratch(self, Self::receive);
        self.count(|counters| &counters.bytes_discarded, count);
    }

    /// Sends what the socket takes now, and keeps the rest for later.
    pub(crate) fn send(&self, bytes: &[u8]) {
        let is_over = matches!(
            self.phase.get(),
            Phase::Lingering | Phase::Done | Phase::Gone
        );
        if is_over || self.write_end.get() != WriteEnd::Open {
            return self.count(|counters| &counters.bytes_discarded, bytes.len());
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
        let high_water = self.worker.upgrade().map(|w| w.options().high_water);
        if high_water.is_some_and(|high_water| self.output.borrow().len() >= high_water) {
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
        self.count(|counters| &counters.bytes_out, count);
        self.touch();
        count
    }

    pub(super) fn count(&self, counter: impl Fn(&WorkerCounters) -> &Counter, count: usize) {
        if let Some(worker) = self.worker.upgrade() {
            counter(worker.counters()).add(count as u64);
        }
    }

    /// Notes that the connection is alive, if anybody wants to know.
    fn touch(&self) {
        if self.last_active.get().is_some() {
            self.last_active.set(Some(Instant::now()));
        }
    }
}
