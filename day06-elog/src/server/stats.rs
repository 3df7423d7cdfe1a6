//! What a server has done, in numbers.

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::base::counter::Counter;

/// Why a connection has ended.
#[derive(Debug)]
pub enum CloseReason {
    /// The peer sent everything and received everything.
    Peer,
    /// The callback or a handle closed it.
    Local,
    /// A system call failed: reset by the peer, timed out, unreachable.
    Failed(io::Error),
    /// No bytes went in or out for longer than the idle timeout.
    Idle,
    /// A handle sent faster than the peer read.
    Overflow,
    /// A callback panicked.
    Panicked,
    /// The server stopped.
    Stopped,
}

/// Names every number once: the count of one thread, the sum over all threads, its display.
macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What one thread of a server counts.
        #[derive(Debug, Default)]
        pub(crate) struct Counters {
            $(pub(crate) $name: Counter,)*
        }

        /// What a server has done since its start, at one moment.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Stats {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl Stats {
            fn add(&mut self, counters: &Counters) {
                $(self.$name += counters.$name.get();)*
            }
        }

        impl fmt::Display for Stats {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "active {}", self.active())?;
                $(write!(f, ", {} {}", stringify!($name), self.$name)?;)*
                Ok(())
            }
        }
    };
}

counters! {
    /// Connections that were given to a worker, those that it still serves included.
    accepted,
    /// Connections that were closed at once: `max_connections` was reached, or no
    /// descriptor was left.
    rejected,
    /// Failures of accept(2).
    accept_errors,
    /// Bytes that callbacks have read.
    bytes_in,
    /// Bytes that the kernel has taken to send.
    bytes_out,
    /// Bytes that a peer sent after this side had closed, and bytes to be sent that a
    /// connection could not send.
    bytes_discarded,
    /// Callbacks that panicked.
    callback_panics,
    /// Events whose connection had been removed, up to the last end of a connection.
    stale_events,
    /// Connections that have ended.
    closed,
    /// Connections that ended for [`CloseReason::Peer`].
    closed_by_peer,
    /// Connections that ended for [`CloseReason::Local`].
    closed_by_server,
    /// Connections that ended for [`CloseReason::Failed`].
    closed_failed,
    /// Connections that ended for [`CloseReason::Idle`].
    closed_idle,
    /// Connections that ended for [`CloseReason::Overflow`].
    closed_overflow,
    /// Connections that ended for [`CloseReason::Panicked`].
    closed_panicked,
    /// Connections that ended for [`CloseReason::Stopped`].
    closed_stopped,
}

impl Counters {
    pub(crate) fn count_closed(&self, reason: &CloseReason) {
        self.closed.add(1);
        let counter = match reason {
            CloseReason::Peer => &self.closed_by_peer,
            CloseReason::Local => &self.closed_by_server,
            CloseReason::Failed(_) => &self.closed_failed,
            CloseReason::Idle => &self.closed_idle,
            CloseReason::Overflow => &self.closed_overflow,
            CloseReason::Panicked => &self.closed_panicked,
            CloseReason::Stopped => &self.closed_stopped,
        };
        counter.add(1);
    }
}

impl Stats {
    pub(crate) fn sum<'a>(threads: impl IntoIterator<Item = &'a Counters>) -> Self {
        let mut stats = Self::default();
        for counters in threads {
            stats.add(counters);
        }
        stats
    }

    /// Connections that are being served.
    pub fn active(&self) -> u64 {
        // The threads go on counting while their numbers are read one after the other.
        self.accepted.saturating_sub(self.closed)
    }
}

/// Counts what a task carries to another thread, unless the task runs.
pub(crate) struct InTransit {
    pub(crate) is_connection: bool,
    pub(crate) bytes: usize,
    pub(crate) counters: Arc<Counters>,
}

impl InTransit {
    pub(crate) fn arrived(mut self) {
        (self.is_connection, self.bytes) = (false, 0);
    }
}

impl Drop for InTransit {
    fn drop(&mut self) {
        if self.is_connection {
            self.counters.count_closed(&CloseReason::Stopped);
        }
        self.counters.bytes_discarded.add(self.bytes as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counts_of_several_threads_add_up() {
        let threads = [Counters::default(), Counters::default()];
        for (counters, bytes) in threads.iter().zip([10, 20]) {
            counters.accepted.add(2);
            counters.bytes_in.add(bytes);
            counters.count_closed(&CloseReason::Peer);
        }
        threads[1].count_closed(&CloseReason::Stopped);

        let stats = Stats::sum(&threads);
        assert_eq!((stats.accepted, stats.closed, stats.active()), (4, 3, 1));
        assert_eq!(stats.bytes_in, 30);
        assert_eq!((stats.closed_by_peer, stats.closed_stopped), (2, 1));
        let shown = stats.to_string();
        assert!(shown.starts_with("active 1, accepted 4, "), "{shown}");
        assert!(shown.contains(", closed_by_peer 2, "), "{shown}");
    }
}
