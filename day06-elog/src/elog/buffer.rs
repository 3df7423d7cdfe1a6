//! Where lines wait for the writer thread: one buffer fills while the other is written.
//!
//! ```text
//! callers ── push ──▶ front ──┐
//!                             ├─ swapped in `take`
//! disk ◀── write ──── back ◀──┘   (the writer thread's own, written without the lock)
//! ```
//!
//! The memory is fixed: a caller that finds no room waits, then drops its line and counts it.
//! Without a writer thread (synchronous, after shutdown, in a forked child) the caller writes
//! to the file itself, under the lock. `writer` is the other side; tests: `elog_loom.rs`.

use std::io;
use std::mem;
use std::time::Duration;

use crate::base::sync::{Condvar, Mutex, MutexGuard, lock, wait_while};
use crate::elog::file::{LogFile, Target};
use crate::elog::level::Level;
use crate::elog::line::{Line, loss_notice};
use crate::elog::stats::Stats;

/// The buffer that callers fill, and what threads wait for.
pub(crate) struct DoubleBuffer {
    state: Mutex<State>,
    /// The writer thread waits here for a request.
    pub(super) work: Condvar,
    /// Callers wait here for room.
    pub(super) room: Condvar,
    /// `flush` and `stop` wait here for the writer thread.
    pub(super) progress: Condvar,
    /// In bytes; a quarter wakes the writer thread.
    pub(super) capacity: usize,
    /// How long a line may wait: less than `MIN_INTERVAL` is not at all.
    pub(super) flush_interval: Duration,
    target: Target,
}

/// What the lock guards.
#[derive(Default)]
pub(crate) struct State {
    pub(super) phase: Phase,
    pub(super) request: Request,
    /// The writer thread is to look at the path.
    pub(super) reopen: bool,
    pub(super) front: Vec<u8>,
    pub(super) front_lines: u64,
    pub(super) stats: Stats,
    /// Of the lost lines, those that the log does not mention yet.
    pub(super) unreported: u64,
    /// The writer thread's last attempt has failed.
    pub(super) has_failed: bool,
    /// A caller has waited in vain: the next ones do not wait until the writer thread is back.
    pub(super) congested: bool,
    /// What callers write to without a writer thread; if it is closed, a line opens it.
    pub(super) file: Option<LogFile>,
}

/// Instead of looking for lines more often, the writer thread is woken by each of them.
pub(super) const MIN_INTERVAL: Duration = Duration::from_millis(1);

/// Which thread writes.
#[derive(Clone, Copy, Default, PartialEq)]
pub(super) enum Phase {
    /// The writer thread does.
    Running,
    /// The writer thread empties the buffers and leaves; callers wait until it has.
    Stopping,
    /// No thread: the writer thread did not leave in time, and still has the file.
    Abandoned,
    /// Each caller writes its own lines.
    #[default]
    Direct,
}

/// What callers want of the writer thread, the least first.
#[derive(Clone, Copy, Default, PartialEq, PartialOrd)]
pub(super) enum Request {
    /// To write what there is when the flush interval is over.
    #[default]
    Nothing,
    /// To write now.
    Write,
    /// To write now, even if the last attempt has just failed: a caller waits for it.
    Retry,
}

impl DoubleBuffer {
    /// Callers write to `file`, until a writer thread takes it and `capacity` bytes of memory
    /// stand in between, for up to `flush_interval`.
    pub(crate) fn new(
        target: Target,
        file: LogFile,
        capacity: usize,
        flush_interval: Duration,
    ) -> Self {
        let file = Some(file);
        Self {
            state: Mutex::new(State {
                file,
                ..State::default()
            }),
            work: Condvar::new(),
            room: Condvar::new(),
            progress: Condvar::new(),
            capacity,
            flush_interval,
            target,
        }
    }

    /// Copies a line into the buffer, or writes it if there is no writer thread. While the
    /// buffer is full, waits for room, but no longer than `timeout`, and then drops the line.
    ///
    /// # Errors
    ///
    /// What the caller is to report, now that the lock is free.
    pub(crate) fn push(&self, line: &Line<'_>, timeout: Duration) -> io::Result<()> {
        let mut state = self.lock();
        let must_wait = |state: &State| match state.phase {
            Phase::Running => state.front.len() + line.bytes.len() > self.capacity,
            phase => phase == Phase::Stopping,
        };
        if must_wait(&state) {
            let goes_on = |state: &mut State| must_wait(state) && !state.congested;
            state = wait_while(&self.room, state, timeout, goes_on);
        }
        state.stats.accepted += 1;
        state.stats.cut += u64::from(line.is_cut);
        if must_wait(&state) {
            // A caller without time has not waited.
            state.congested |= !timeout.is_zero();
            state.stats.dropped_full += 1;
            state.unreported += 1;
        } else if state.has_left() {
            let result = state.append(line.bytes, &self.target);
            if result.is_err() {
                // To try again later, the caller would have to wait for the disk.
                state.stats.dropped_io += 1;
                state.unreported += 1;
                return result;
            }
            state.stats.written += 1;
            return state.file.as_mut().map_or(Ok(()), LogFile::take_error);
        } else {
            state.stats.queued += 1;
            state.front.extend_from_slice(line.bytes);
            state.front_lines += 1;
            let is_urgent = line.level == Level::Error || self.flush_interval < MIN_INTERVAL;
            if is_urgent || state.front.len() >= self.capacity / 4 {
                self.notify_writer(state, Request::Write);
            }
        }
        Ok(())
    }

    /// Goes on in the file that is at the path now.
    ///
    /// # Errors
    ///
    /// As for [`push`](Self::push).
    pub(crate) fn reopen(&self) -> io::Result<()> {
        let mut state = self.lock();
        if let Some(file) = &mut state.file {
            file.reopen_if_moved();
            return file.take_error();
        }
        state.reopen = true;
        self.notify_writer(state, Request::Retry);
        Ok(())
    }

    /// Closes the file of a logger that has stopped, after the line about lost lines, and after
    /// it has created the file at the path if the writer thread left before it could reopen.
    ///
    /// # Errors
    ///
    /// As for [`push`](Self::push).
    pub(crate) fn close_file(&self) -> io::Result<()> {
        let mut state = self.lock();
        let must_open = mem::take(&mut state.reopen) || state.unreported > 0;
        let result = match state.phase {
            Phase::Direct if must_open => state.append(b"", &self.target),
            _ => Ok(()),
        };
        state.file = None;
        result
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Unlocks before it wakes the writer thread, which would have to wait for the lock. A
    /// request that was made before has woken it already, so this spares a system call.
    pub(super) fn notify_writer(&self, mut state: MutexGuard<'_, State>, request: Request) {
        let is_new = state.request < request;
        if is_new {
            state.request = request;
        }
        drop(state);
        if is_new {
            self.work.notify_one();
        }
    }

    /// Without a writer thread, there is no use for the buffer, and nothing to wait for.
    pub(super) fn leave(&self, mut state: MutexGuard<'_, State>, phase: Phase) {
        state.phase = phase;
        state.front = Vec::new();
        state.front_lines = 0;
        drop(state);
        self.work.notify_all();
        self.room.notify_all();
        self.progress.notify_all();
    }
}

impl State {
    /// Whether the writer thread writes no more, or never has.
    pub(super) fn has_left(&self) -> bool {
        matches!(self.phase, Phase::Abandoned | Phase::Direct)
    }

    /// Appends a line, after the one about lines that the log does not have.
    fn append(&mut self, line: &[u8], target: &Target) -> io::Result<()> {
        if self.phase == Phase::Abandoned {
            return Err(io::Error::other("an abandoned writer thread has the file"));
        }
        let file = match &mut self.file {
            Some(file) => file,
            closed => closed.insert(LogFile::open(target)?),
        };
        if self.unreported > 0 {
            file.append(&loss_notice(self.unreported, "not written"), &mut 0)?;
            self.unreported = 0;
        }
        file.append(line, &mut 0)
    }

    /// In a forked child: the lines and the counts are the parent's, and there is no writer
    /// thread. A file that was open here is shared, which `O_APPEND` makes safe.
    pub(crate) fn reset_in_child(&mut self) {
        let file = self.file.take();
        *self = State {
            file,
            ..State::default()
        };
    }
}
