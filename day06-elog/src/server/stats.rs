//! What a server has done, in numbers.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// Why a connection has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// The peer had sent everything and got everything.
    Peer,
    /// The callback, or a handle, asked for it.
    Local,
    /// The connection failed: reset by the peer, timed out, unreachable.
    Failed,
    /// Nothing was sent or received for longer than the idle timeout.
    Idle,
    /// What other threads sent came faster than the peer read it.
    Overflow,
    /// The callback panicked.
    Panicked,
    /// The server stopped, and the grace period was over.
    Stopped,
}

impl CloseReason {
    const ALL: [(Self, &str); 7] = [
        (Self::Peer, "by the peer"),
        (Self::Local, "by the server"),
        (Self::Failed, "failed"),
        (Self::Idle, "idle"),
        (Self::Overflow, "overflow"),
        (Self::Panicked, "panicked"),
        (Self::Stopped, "stopped"),
    ];
}

/// A number that one thread counts and others may look at. One writer needs no
/// locked instruction, which would cost more than all else that an echo does in
/// user space.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, count: u64) {
        self.set(self.load() + count);
    }

    pub(crate) fn set(&self, count: u64) {
        self.0.store(count, Ordering::Relaxed);
    }

    pub(crate) fn load(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What the acceptor's thread counts.
#[derive(Debug, Default)]
pub(crate) struct AcceptCounters {
    pub(crate) accepted: Counter,
    pub(crate) turned_away: Counter,
    pub(crate) errors: Counter,
}

/// What the thread of one loop counts.
#[derive(Debug, Default)]
pub(crate) struct WorkerCounters {
    pub(crate) bytes_in: Counter,
    pub(crate) bytes_out: Counter,
    pub(crate) bytes_discarded: Counter,
    pub(crate) callback_panics: Counter,
    pub(crate) stale_events: Counter,
    closed: [Counter; CloseReason::ALL.len()],
}

impl WorkerCounters {
    pub(crate) fn closed(&self, reason: CloseReason) {
        self.closed[reason as usize].add(1);
    }

    pub(crate) fn closed_in_all(&self) -> u64 {
        self.closed.iter().map(Counter::load).sum()
    }
}

/// What a server has done since its start, at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Connections that were served, those that still are included.
    pub accepted: u64,
    /// Connections that were accepted and closed at once: too many, or no
    /// descriptor left for them.
    pub turned_away: u64,
    /// Failures of accept(2).
    pub accept_errors: u64,
    /// Bytes read and given to the callback.
    pub bytes_in: u64,
    /// Bytes that the kernel has taken to send.
    pub bytes_out: u64,
    /// Bytes that no callback saw, because they came after the end, and bytes of
    /// output that a failed connection could not send.
    pub bytes_discarded: u64,
    /// Callbacks that panicked.
    pub callback_panics: u64,
    /// Events for connections that had gone, up to the last end of a connection.
    pub stale_events: u64,
    closed: [u64; CloseReason::ALL.len()],
}

impl Stats {
    pub(crate) fn collect<'a>(
        acceptor: &AcceptCounters,
        workers: impl Iterator<Item = &'a WorkerCounters>,
    ) -> Self {
        let mut stats = Self {
            accepted: acceptor.accepted.load(),
            turned_away: acceptor.turned_away.load(),
            accept_errors: acceptor.errors.load(),
            ..Self::default()
        };
        for worker in workers {
            stats.bytes_in += worker.bytes_in.load();
            stats.bytes_out += worker.bytes_out.load();
            stats.bytes_discarded += worker.bytes_discarded.load();
            stats.callback_panics += worker.callback_panics.load();
            stats.stale_events += worker.stale_events.load();
            for (sum, counter) in stats.closed.iter_mut().zip(&worker.closed) {
                *sum += counter.load();
            }
        }
        stats
    }

    /// How many connections ended for that reason.
    pub fn closed(&self, reason: CloseReason) -> u64 {
        self.closed[reason as usize]
    }

    /// Connections that are being served.
    pub fn active(&self) -> u64 {
        // The counters are read one after the other while they move on.
        self.accepted.saturating_sub(self.closed.iter().sum())
    }
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "connections: {} accepted, {} active, {} turned away, {} accept errors; closed:",
            self.accepted,
            self.active(),
            self.turned_away,
            self.accept_errors,
        )?;
        for (reason, name) in CloseReason::ALL {
            write!(f, " {} {name},", self.closed(reason))?;
        }
        write!(
            f,
            " bytes: {} in, {} out, {} discarded; {} stale events, {} callback panics",
            self.bytes_in,
            self.bytes_out,
            self.bytes_discarded,
            self.stale_events,
            self.callback_panics,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_several_threads_count_adds_up() {
        let acceptor = AcceptCounters::default();
        acceptor.accepted.add(5);
        let workers = [WorkerCounters::default(), WorkerCounters::default()];
        for (worker, bytes) in workers.iter().zip([10, 20]) {
            worker.bytes_in.add(bytes);
            worker.closed(CloseReason::Peer);
        }
        workers[1].closed(CloseReason::Stopped);

        let stats = Stats::collect(&acceptor, workers.iter());
        assert_eq!((stats.accepted, stats.active()), (5, 2));
        assert_eq!(stats.bytes_in, 30);
        assert_eq!(stats.closed(CloseReason::Peer), 2);
        assert_eq!(stats.closed(CloseReason::Stopped), 1);
        assert_eq!(stats.closed(CloseReason::Idle), 0);
        let shown = stats.to_string();
        assert!(shown.contains("5 accepted, 2 active"), "{shown}");
        assert!(shown.contains("2 by the peer"), "{shown}");
    }
}
