//! What the lock of the double buffer guards.

use crate::elog::stats::Stats;

/// Counts are of lines.
#[derive(Debug)]
pub(crate) struct State {
    pub(super) front: Vec<u8>,
    pub(super) front_lines: u64,
    /// Ever put into a buffer.
    pub(super) queued: u64,
    /// Of the queued, those that are written or lost.
    pub(super) done: u64,
    pub(super) dropped_io: u64,
    pub(super) dropped_full: u64,
    /// Of `dropped_full`, those the log does not mention yet.
    pub(super) untold: u64,
    /// A caller has waited in vain. Until the writer comes back, the next ones
    /// need not: a server must not crawl from one time limit to the next.
    pub(super) congested: bool,
    /// Somebody does not want to wait until there is enough to write.
    pub(super) urgent: bool,
    /// Somebody waits for the writer to succeed, and has not seen it try again.
    pub(super) awaited: bool,
    /// Saves callers the system call that wakes a writer who is awake.
    pub(super) asleep: bool,
    pub(super) phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Open,
    /// The writer empties the buffers; callers wait until it has.
    Stopping,
    /// Nobody empties the buffers any more.
    Closed,
}

impl State {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            front: Vec::with_capacity(capacity),
            front_lines: 0,
            queued: 0,
            done: 0,
            dropped_io: 0,
            dropped_full: 0,
            untold: 0,
            congested: false,
            urgent: false,
            awaited: false,
            asleep: false,
            phase: Phase::Open,
        }
    }

    pub(super) fn close(&mut self) {
        self.phase = Phase::Closed;
        self.front = Vec::new();
        self.front_lines = 0;
    }

    /// Counts what is left as lost, and says how much that is.
    pub(super) fn give_up(&mut self) -> u64 {
        let lost = self.queued - self.done;
        self.dropped_io += lost;
        self.done = self.queued;
        self.close();
        lost
    }

    pub(super) fn stats(&self) -> Stats {
        Stats {
            accepted: self.queued + self.dropped_full,
            written: self.done - self.dropped_io,
            dropped_full: self.dropped_full,
            dropped_io: self.dropped_io,
            queued: self.queued - self.done,
            ..Stats::default()
        }
    }

    /// In a forked child: the lines are the parent's, who writes them, and there
    /// is no writer thread here.
    pub(crate) fn start_again_without_writer(&mut self) {
        *self = Self::new(0);
        self.close();
    }
}
