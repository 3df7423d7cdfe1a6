//! `Send` handles to a connection and to a server.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use crate::net::InetAddr;
use crate::reactor::{LoopEnded, Remote, Token};
use crate::server::server_inner::ServerInner;
use crate::server::stats::{Counters, InTransit, Stats};
use crate::server::worker::WorkerHandle;
use crate::server::{CloseReason, Connection};

/// A `Send` handle to a [`Connection`], for other threads, other connections and later times.
/// Its calls take effect in the connection's thread, in the order in which each thread has
/// made them. After the connection has ended they have no effect, and bytes count as
/// discarded.
#[derive(Clone, Debug)]
pub struct ConnHandle {
    pub(super) worker: WorkerHandle,
    /// `None` after the connection has been removed.
    pub(super) token: Option<Token>,
}

impl ConnHandle {
    /// Sends `bytes`. To send the same bytes to many connections, clone an `Arc<[u8]>` for
    /// each. A peer that has the high-water mark of output waiting is disconnected.
    ///
    /// # Errors
    ///
    /// [`LoopEnded`] when the connection's loop has ended; the bytes count as discarded.
    pub fn send(&self, bytes: impl Into<Arc<[u8]>>) -> Result<(), LoopEnded> {
        let bytes = bytes.into();
        let in_transit = InTransit {
            is_connection: false,
            bytes: bytes.len(),
            counters: Arc::clone(&self.worker.counters),
        };
        self.run(move |conn| {
            in_transit.arrived();
            conn.send_in_loop(&bytes);
        })
    }

    /// Sends the end of the stream, as
    /// [`Connection::shutdown`](crate::Connection::shutdown) does.
    ///
    /// # Errors
    ///
    /// [`LoopEnded`] when the connection's loop has ended.
    pub fn shutdown(&self) -> Result<(), LoopEnded> {
        self.run(|conn| conn.shutdown())
    }

    /// Closes the connection after its output has been sent, as
    /// [`Connection::close`](crate::Connection::close) does. Its callback sees the end.
    ///
    /// # Errors
    ///
    /// [`LoopEnded`] when the connection's loop has ended.
    pub fn close(&self) -> Result<(), LoopEnded> {
        self.run(|conn| conn.close_with(CloseReason::Local))
    }

    fn run(&self, task: impl FnOnce(&Rc<Connection>) + Send + 'static) -> Result<(), LoopEnded> {
        let token = self.token;
        self.worker.remote.run(move |worker| {
            if let Some(conn) = token.and_then(|token| worker.connection(token)) {
                task(&conn);
                conn.update_state();
            }
        })
    }
}

/// A `Send` handle to a running [`TcpServer`](crate::TcpServer). It may outlive the server;
/// its numbers do not change any more then.
#[derive(Clone, Debug)]
pub struct ServerHandle {
    pub(super) local_addr: InetAddr,
    pub(super) server: Remote<ServerInner>,
    /// What each thread counts.
    pub(super) threads: Arc<[Arc<Counters>]>,
}

impl ServerHandle {
    /// The address that the server listens on, with the port that the kernel chose if it
    /// was 0.
    pub fn local_addr(&self) -> InetAddr {
        self.local_addr
    }

    /// Stops the server. It accepts the connections that are in the listener's queue and no
    /// others, answers what clients have sent, sends its output, and closes each connection
    /// that has nothing in flight. Connections that are left after `grace` are cut off; a
    /// second call may shorten the time. The [`on_stop`](crate::TcpServer::on_stop) callback
    /// reports the end.
    ///
    /// # Errors
    ///
    /// [`LoopEnded`] when the server's loop has ended.
    pub fn stop(&self, grace: Duration) -> Result<(), LoopEnded> {
        self.server.run(move |server| server.stop(grace))
    }

    /// What the server has done so far. The threads go on counting while their numbers are
    /// read one after the other; the sums are exact when the server is idle.
    pub fn stats(&self) -> Stats {
        Stats::sum(self.threads.iter().map(|counters| &**counters))
    }
}
