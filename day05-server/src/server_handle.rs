//! A server seen from afar.

use std::sync::Arc;
use std::time::Duration;

use crate::InetAddr;
use crate::mailbox::Mailbox;
use crate::stats::{AcceptCounters, Stats};
use crate::worker::WorkerHandle;

/// What a server can be told from any thread, and by its workers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ServerMessage {
    Stop(Duration),
    WorkerHasStopped,
}

/// A way to a running [`TcpServer`](crate::TcpServer) that may be sent to other threads.
/// It may outlive the server: there is nothing to stop then, and the numbers stand still.
#[derive(Clone)]
pub struct ServerHandle {
    local_addr: InetAddr,
    mailbox: Arc<Mailbox<ServerMessage>>,
    accept_counters: Arc<AcceptCounters>,
    workers: Arc<[WorkerHandle]>,
}

impl ServerHandle {
    pub(crate) fn new(
        local_addr: InetAddr,
        mailbox: Arc<Mailbox<ServerMessage>>,
        accept_counters: Arc<AcceptCounters>,
        workers: Arc<[WorkerHandle]>,
    ) -> Self {
        Self {
            local_addr,
            mailbox,
            accept_counters,
            workers,
        }
    }

    /// Where the server listens, with the port that the kernel chose if it was 0.
    pub fn local_addr(&self) -> InetAddr {
        self.local_addr
    }

    /// Stops the server: no new connections, but those in the queue; what clients have
    /// sent is still answered, and what is to be sent still sent. Connections that are not
    /// finished when `grace` is over are cut off. The server's
    /// [`on_stop`](crate::TcpServer::on_stop) callback says when it is done.
    pub fn stop(&self, grace: Duration) {
        // A server that is gone has stopped.
        let _ = self.mailbox.push(ServerMessage::Stop(grace));
    }

    /// What the server has done so far. The threads go on counting while their numbers are
    /// read one after the other: they fit together exactly only when the server is at rest.
    pub fn stats(&self) -> Stats {
        let workers = self.workers.iter().map(|worker| &*worker.counters);
        Stats::collect(&self.accept_counters, workers)
    }
}
