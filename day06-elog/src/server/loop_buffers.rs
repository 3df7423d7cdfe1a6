//! What the connections of a loop share.

use std::cell::{Cell, Ref, RefCell};
use std::io::{self, Read};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::{Callback, Service};
use crate::stats::WorkerCounters;
use crate::{Buffer, Connection, ServerOptions, error};

/// How much one read may bring. All connections of a loop share one buffer of this size,
/// as only one of them is read from at a time: it stays in the processor's cache, and
/// thousands of idle connections cost nothing.
const INPUT_SIZE: usize = 256 * 1024;

/// How much room there is at least for one read, after what was kept.
const MIN_READ: usize = 64 * 1024;

/// The buffers that a callback works with, which are lent to one connection after the
/// other, and what else all connections of a loop need.
pub(crate) struct Context {
    service: Arc<Service>,
    counters: Arc<WorkerCounters>,
    input: RefCell<Buffer>,
    keep_from: Cell<Option<usize>>,
    send_buf: RefCell<SendBuf>,
    is_stopping: Cell<bool>,
}

/// What the next [`Connection::write`] sends.
#[derive(Debug, Default)]
pub(crate) enum SendBuf {
    #[default]
    Empty,
    /// Bytes of the input, where they are: an echo copies nothing.
    Input(Range<usize>),
    Own(Vec<u8>),
}

impl Context {
    pub(super) fn new(service: Arc<Service>, counters: Arc<WorkerCounters>) -> Self {
        Self {
            service,
            counters,
            input: RefCell::new(Buffer::with_capacity(INPUT_SIZE)),
            keep_from: Cell::default(),
            send_buf: RefCell::default(),
            is_stopping: Cell::default(),
        }
    }

    /// Has the server's code deal with a new connection.
    pub(super) fn on_open(&self, conn: &Connection) {
        if let Some(callback) = &self.service.on_open {
            self.run(callback, conn);
        }
    }

    /// Has the server's code deal with a connection.
    pub(crate) fn on_connect(&self, conn: &Connection) {
        self.run(&self.service.on_connect, conn);
    }

    /// Runs a piece of the server's code. If it panics, the connection is lost, and only
    /// that.
    fn run(&self, callback: &Callback, conn: &Connection) {
        self.begin(conn.take_kept());
        if catch_unwind(AssertUnwindSafe(|| callback(conn))).is_err() {
            let peer = conn.peer_addr();
            error!("a callback panicked: {peer} is disconnected");
            self.counters.callback_panics.add(1);
            conn.panicked();
        }
        if let Some(from) = self.keep_from.take() {
            let input = self.input.borrow();
            conn.keep(input.get(from..).unwrap_or_default().into());
        }
    }

    /// Empties the buffers for the next connection, but for what that one has kept.
    pub(crate) fn begin(&self, kept: Option<Box<[u8]>>) {
        self.send_buf.take();
        let mut input = self.input.borrow_mut();
        if input.capacity() > INPUT_SIZE {
            // It has grown for a connection that keeps a lot, which the others do not.
            *input = Buffer::with_capacity(INPUT_SIZE);
        }
        input.clear();
        if let Some(kept) = kept {
            input.append(&kept);
        }
    }

    /// Reads once.
    pub(crate) fn fill(&self, reader: impl Read) -> io::Result<usize> {
        let mut input = self.input.borrow_mut();
        input.reserve(MIN_READ);
        input.read_from(reader)
    }

    /// Whether the last read has brought as much as there was room for.
    pub(crate) fn is_full(&self) -> bool {
        self.input.borrow().spare() == 0
    }

    pub(crate) fn input(&self) -> Ref<'_, Buffer> {
        self.input.borrow()
    }

    pub(crate) fn keep_from(&self, offset: usize) {
        self.keep_from.set(Some(offset));
    }

    pub(crate) fn set_send_buf(&self, bytes: &[u8]) {
        let send_buf = match range_within(&self.input.borrow(), bytes) {
            Some(range) => SendBuf::Input(range),
            None => SendBuf::Own(bytes.to_vec()),
        };
        self.send_buf.replace(send_buf);
    }

    pub(crate) fn take_send_buf(&self) -> SendBuf {
        self.send_buf.take()
    }

    pub(crate) fn options(&self) -> &ServerOptions {
        &self.service.options
    }

    pub(crate) fn counters(&self) -> &WorkerCounters {
        &self.counters
    }

    pub(super) fn stop(&self) {
        self.is_stopping.set(true);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.is_stopping.get()
    }
}

/// Where `part` is in `whole`, if it is a part of that very memory.
fn range_within(whole: &[u8], part: &[u8]) -> Option<Range<usize>> {
    let start = part.as_ptr().addr().checked_sub(whole.as_ptr().addr())?;
    let end = start.checked_add(part.len())?;
    (end <= whole.len()).then_some(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_known_by_its_place_and_not_by_its_bytes() {
        let whole = *b"abcabc";
        let copy = whole;
        assert_eq!(range_within(&whole, &whole[3..5]), Some(3..5));
        assert_eq!(range_within(&whole, &whole), Some(0..6));
        assert_eq!(range_within(&whole, &copy), None);
        assert_eq!(range_within(&whole[..2], &whole[1..3]), None);
        assert_eq!(range_within(&whole[2..], &whole[..3]), None);
    }
}
