//! Where bytes arrive: the read callback, and what the server's code reads.

use std::io::{self, Read};
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use super::halves::{Change, ReadHalf};
use super::{Connection, ReadBuf};
use crate::base::log_stderr;
use crate::server::CloseReason;

impl Connection {
    /// Reads what has arrived into the read buffer, some hundred kilobytes at most, and
    /// returns the number of bytes: 0 if the connection has ended or nothing has arrived
    /// ([recv(2)](https://man7.org/linux/man-pages/man2/recv.2.html)).
    ///
    /// As long as the socket has unread input, the loop calls the callback again. Every
    /// callback reads: input that it leaves without having read at all is discarded. The read
    /// buffer is empty at the start of each callback, except for what the last one has
    /// [kept](Self::keep_from).
    ///
    /// # Panics
    ///
    /// Panics when a [`ReadBuf`] is still in use.
    pub fn read(&self) -> usize {
        if !self.halves.get().is_readable() {
            return 0;
        }
        let count = self.receive();
        self.worker.counters.bytes_in.add(count as u64);
        count
    }

    /// The bytes that were read, behind those that were kept.
    pub fn read_buf(&self) -> ReadBuf<'_> {
        ReadBuf(self.worker.buffers.input())
    }

    /// Keeps the read buffer from `offset` on for the next callback, where it comes before
    /// the bytes that are read then: for a message that has arrived in part. An offset behind
    /// the end keeps nothing. There is no limit: close a connection whose message is too long.
    pub fn keep_from(&self, offset: usize) {
        self.worker.buffers.keep_from(offset);
    }

    pub(super) fn set_read_callback(self: &Rc<Self>) {
        let weak = Rc::downgrade(self);
        self.channel.set_read_callback(move |_| {
            let Some(conn) = weak.upgrade() else { return };
            match conn.halves.get().read {
                ReadHalf::Open => {
                    conn.call(&*conn.worker.callbacks.on_connect);
                    // Left in the socket, the input would call the callback in a busy loop.
                    if !conn.worker.buffers.has_read() {
                        conn.discard_input();
                    }
                }
                ReadHalf::Draining => conn.discard_input(),
                ReadHalf::Paused | ReadHalf::Ended => {}
            }
            // Reports input that is left once more. The size of a read does not tell whether there
            // is any: a read stops at urgent data, for instance.
            if conn.worker.options.edge_triggered
                && let Err(error) = conn.channel.rearm()
            {
                conn.fail_with(CloseReason::Failed(error));
            }
            conn.update_state();
        });
    }

    /// Calls the server's code with this connection. If it panics, this connection is lost,
    /// and no other.
    pub(super) fn call(&self, callback: &dyn Fn(&Connection)) {
        let worker = &self.worker;
        worker.buffers.lend(self.kept.take());
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| callback(self))) {
            // Dropping the payload could panic once more.
            mem::forget(payload);
            let peer = self.peer_addr;
            log_stderr(format_args!("a callback panicked: {peer} is disconnected"));
            worker.counters.callback_panics.add(1);
            self.close_notified.set(true);
            self.fail_with(CloseReason::Panicked);
        }
        self.kept.set(worker.buffers.take_kept());
    }

    /// Reads once, edge-triggered or not, and returns the number of bytes. A second read that
    /// only finds the socket empty would cost more than all of an echo's code in user space.
    fn receive(&self) -> usize {
        let mut input = self.worker.buffers.input_mut();
        let count = match (&*self.socket).read(input.spare_mut()) {
            Ok(0) => {
                self.change(Change::EndOfStream);
                self.set_reason(CloseReason::Peer);
                return 0;
            }
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return 0,
            Err(error) => {
                self.fail_with(CloseReason::Failed(error));
                return 0;
            }
        };
        input.commit(count);
        self.reset_idle_timer();
        count
    }

    fn discard_input(&self) {
        self.worker.buffers.lend(None);
        self.discard(self.receive());
    }
}
