//! Where bytes wait for the socket, and where they leave.

use std::io::{self, Write};
use std::rc::Rc;

use super::Connection;
use super::halves::WriteHalf;
use crate::server::CloseReason;

impl Connection {
    /// Sets the bytes that the next [`write`](Self::write) sends, in place of earlier ones. A
    /// part of the read buffer is sent from where it is; other bytes are copied.
    pub fn set_send_buf(&self, bytes: impl AsRef<[u8]>) {
        self.worker.buffers.set_send_buf(bytes.as_ref());
    }

    /// Sends the bytes of [`set_send_buf`](Self::set_send_buf), of the same callback. What
    /// the socket does not take at once is sent when it has room
    /// ([send(2)](https://man7.org/linux/man-pages/man2/send.2.html)).
    pub fn write(&self) {
        self.worker.buffers.send_with(|bytes| self.send(bytes));
    }

    /// Sends what the socket takes at once, and keeps the rest. After a close or a shutdown,
    /// nothing is sent.
    fn send(&self, bytes: &[u8]) {
        if self.halves.get().write != WriteHalf::Open {
            return self.discard(bytes.len());
        }
        let mut output = self.output.borrow_mut();
        let mut sent = 0;
        if output.is_empty() {
            sent = self.sent((&*self.socket).write(bytes));
        }
        if sent < bytes.len() {
            output.append(&bytes[sent..]);
            self.has_changed.set(true);
        }
    }

    /// Sends for a handle. A callback that sends is held back by the pause in reading; other
    /// threads are not, and a peer that is too slow for them is disconnected.
    pub(crate) fn send_in_loop(&self, bytes: &[u8]) {
        if self.output.borrow().is_empty() {
            self.sent_by_handles.set(0);
        }
        let waiting = self.sent_by_handles.get();
        let is_open = self.halves.get().write == WriteHalf::Open;
        if is_open && waiting > 0 && waiting as usize >= self.worker.options.high_water {
            self.fail_with(CloseReason::Overflow);
        }
        let count = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.sent_by_handles.set(waiting.saturating_add(count));
        self.send(bytes);
    }

    pub(super) fn set_write_callback(self: &Rc<Self>) {
        let weak = Rc::downgrade(self);
        self.channel.set_write_callback(move |_| {
            let Some(conn) = weak.upgrade() else { return };
            let written = conn.output.borrow_mut().write_to(&*conn.socket);
            conn.sent(written);
            conn.has_changed.set(true);
            conn.update_state();
        });
    }

    /// Handles the result of a write, and returns the number of bytes.
    fn sent(&self, written: io::Result<usize>) -> usize {
        let count = match written {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            Err(error) => {
                self.fail_with(CloseReason::Failed(error));
                0
            }
        };
        if count > 0 {
            self.worker.counters.bytes_out.add(count as u64);
            self.reset_idle_timer();
        }
        count
    }

    /// Counts bytes that reach neither a callback nor the peer.
    pub(super) fn discard(&self, count: usize) {
        self.worker.counters.bytes_discarded.add(count as u64);
    }
}
