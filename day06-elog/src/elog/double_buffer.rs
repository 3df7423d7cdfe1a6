//! Where lines wait for the writer: one buffer fills while the other is written.
//!
//! ```text
//! callers ── push ──▶ front ──┐
//!                             ├─ swapped in `take`
//! disk ◀── write ──── back ◀──┘   (the writer's own, written without the lock)
//! ```
//!
//! The memory is fixed: a caller that finds no room waits, and then drops its
//! line and counts it. The tests are in `tests/elog_loom.rs`.

mod drain;
mod state;

use std::mem;
use std::sync::PoisonError;
use std::time::Duration;

use crate::elog::deadline::Deadline;
use crate::elog::stats::Stats;
use crate::elog::sync::{Condvar, Mutex, MutexGuard};

use state::Phase;
pub(crate) use state::State;

/// The bytes in each of the two buffers. Together they bound what a crash of the
/// process can lose, and what a disk that stands still can make it hold.
pub(crate) const BUFFER_SIZE: usize = 1024 * 1024;

/// The buffer that callers fill, and who waits for what.
#[derive(Debug)]
pub(crate) struct DoubleBuffer {
    state: Mutex<State>,
    /// The writer waits here for enough lines, or for somebody in a hurry.
    work: Condvar,
    /// Callers wait here for room.
    room: Condvar,
    /// `flush` and `stop` wait here for the writer.
    settled: Condvar,
    capacity: usize,
    /// How many bytes are worth waking the writer for.
    wake_at: usize,
}

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Push {
    Queued,
    Dropped,
    /// There is no writer: the caller must write the line itself.
    Closed,
}

/// What the writer takes away at once, in a buffer that it gives back empty.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) bytes: Vec<u8>,
    pub(crate) lines: u64,
    /// Lines that were dropped after these, which the log must mention.
    pub(crate) dropped: u64,
}

impl Batch {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(capacity),
            lines: 0,
            dropped: 0,
        }
    }

    fn is_empty(&self) -> bool {
        self.lines == 0 && self.dropped == 0
    }
}

impl DoubleBuffer {
    /// A buffer that refuses lines beyond `capacity` bytes, and wakes the writer
    /// at `wake_at`.
    pub(crate) fn new(capacity: usize, wake_at: usize) -> Self {
        Self {
            state: Mutex::new(State::new(capacity)),
            work: Condvar::new(),
            room: Condvar::new(),
            settled: Condvar::new(),
            capacity,
            wake_at,
        }
    }

    /// Copies a line into the buffer. While it is full, waits for room, but no
    /// longer than `patience`. `urgent` wakes the writer at once.
    pub(crate) fn push(&self, line: &[u8], urgent: bool, patience: Duration) -> Push {
        let mut state = self.lock();
        let mut deadline = None;
        loop {
            match state.phase {
                Phase::Closed => return Push::Closed,
                Phase::Open if state.front.len() + line.len() <= self.capacity => break,
                Phase::Open | Phase::Stopping => {}
            }
            let deadline = *deadline.get_or_insert_with(|| Deadline::after(patience));
            match deadline.left() {
                Some(left) if !state.congested => {
                    state = wait_timeout(&self.room, state, left);
                }
                _ => {
                    // Who has no patience has not waited.
                    state.congested |= !patience.is_zero();
                    state.dropped_full += 1;
                    state.untold += 1;
                    return Push::Dropped;
                }
            }
        }
        state.front.extend_from_slice(line);
        state.front_lines += 1;
        state.queued += 1;
        state.urgent |= urgent;
        if state.urgent || state.front.len() >= self.wake_at {
            self.wake_writer(state);
        }
        Push::Queued
    }

    /// Waits until there is something worth writing, or `tick` has passed, and
    /// exchanges the front buffer for the one in `batch`, whose content is done
    /// with. False says that this was the last of it: the writer writes the
    /// batch, calls [`settle`](Self::settle) and then [`close`](Self::close).
    pub(crate) fn take(&self, batch: &mut Batch, tick: Duration) -> bool {
        let mut state = self.lock();
        let deadline = Deadline::after(tick);
        while !state.urgent && state.phase == Phase::Open && state.front.len() < self.wake_at {
            let Some(left) = deadline.left() else { break };
            state.asleep = true;
            state = wait_timeout(&self.work, state, left);
            state.asleep = false;
        }
        batch.bytes.clear();
        mem::swap(&mut state.front, &mut batch.bytes);
        batch.lines = mem::take(&mut state.front_lines);
        batch.dropped = mem::take(&mut state.untold);
        state.urgent = false;
        state.congested = false;
        let goes_on = state.phase == Phase::Open;
        drop(state);
        self.room.notify_all();
        goes_on || !batch.is_empty()
    }

    /// The writer has written that many of the lines that it took.
    pub(crate) fn settle(&self, lines: u64) {
        let mut state = self.lock();
        // After `stop` gave up, these lines are counted as lost already.
        if state.phase != Phase::Closed {
            state.done += lines;
        }
        drop(state);
        self.settled.notify_all();
    }

    /// Lets the writer wait before it tries a failed write again, but not if
    /// somebody waits for that write: a new line is no reason to try again, a
    /// flush is. False says that nobody waits for the lines any more.
    pub(crate) fn pause(&self, delay: Duration) -> bool {
        let mut state = self.lock();
        let deadline = Deadline::after(delay);
        while state.phase != Phase::Closed && !state.awaited {
            let Some(left) = deadline.left() else { break };
            state = wait_timeout(&self.work, state, left);
        }
        state.awaited = false;
        state.phase != Phase::Closed
    }

    /// The writer leaves. Callers write their lines themselves from now on.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.close();
        drop(state);
        self.settled.notify_all();
        self.room.notify_all();
    }

    /// Makes the writer look at once, for a request that is not a line.
    pub(crate) fn hurry(&self) {
        self.call_writer(self.lock());
    }

    /// The lines that were dropped after the writer has left, which the log does
    /// not mention yet.
    pub(crate) fn take_untold(&self) -> u64 {
        mem::take(&mut self.lock().untold)
    }

    /// How many lines came in, and where they are.
    pub(crate) fn stats(&self) -> Stats {
        self.lock().stats()
    }

    /// Nothing under this lock can panic half way, so poison means nothing.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the writer for lines, if it sleeps for want of them. Unlocks first,
    /// or it would wake only to wait for the lock.
    fn wake_writer(&self, mut state: MutexGuard<'_, State>) {
        let asleep = mem::take(&mut state.asleep);
        drop(state);
        if asleep {
            self.work.notify_all();
        }
    }

    /// Wakes the writer for somebody who waits for it, whatever it sleeps for.
    fn call_writer(&self, mut state: MutexGuard<'_, State>) {
        state.urgent = true;
        state.awaited = true;
        drop(state);
        self.work.notify_all();
    }
}

/// Waits for a notice, or a while, or neither: condition variables wake for no
/// reason at times, so every caller looks at what it waits for again.
fn wait_timeout<'a>(
    condvar: &Condvar,
    state: MutexGuard<'a, State>,
    at_most: Duration,
) -> MutexGuard<'a, State> {
    condvar
        .wait_timeout(state, at_most)
        .unwrap_or_else(PoisonError::into_inner)
        .0
}
