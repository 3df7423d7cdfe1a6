//! The writer thread, its side of the double buffer, and how callers wait for it.

use std::cell::Cell;
use std::io;
use std::mem;
use std::ptr;
use std::thread;
use std::time::Duration;

use crate::base::signal_mask::SignalSet;
use crate::base::sync::wait_while;
use crate::elog::buffer::{DoubleBuffer, MIN_INTERVAL, Phase, Request, State};
use crate::elog::file::LogFile;
use crate::elog::line::loss_notice;
use crate::elog::stats::Reporter;

/// How long the thread waits after a failed write: doubled from the first to the last.
const BACKOFF_MIN: Duration = Duration::from_millis(5);
const BACKOFF_MAX: Duration = Duration::from_millis(500);

/// A shutdown without time to wait still lets the writer thread try once, which on a healthy
/// disk is done long before this.
const ONE_TRY: Duration = Duration::from_millis(500);

/// In addition to a buffer's capacity, so that the line about lost lines makes none grow.
const NOTICE_SIZE: usize = 256;

/// Starts the thread that writes the lines of `buffer`. No other thread joins it; that it has
/// left the buffer says enough.
///
/// # Errors
///
/// Fails when the thread cannot be started.
pub(crate) fn start(buffer: &'static DoubleBuffer, reporter: &'static Reporter) -> io::Result<()> {
    let Some(file) = buffer.start_buffering() else {
        return Ok(());
    };
    let writer = Writer {
        buffer,
        reporter,
        file,
    };
    // A signal handler belongs to the program's own threads, and a signal that ends the
    // program must not be answered here first.
    let before = SignalSet::all()?.block()?;
    let builder = thread::Builder::new().name("elog".into());
    let started = builder.spawn(move || writer.run());
    before.restore()?;
    if started.is_err() {
        buffer.end_buffering();
    }
    started.map(drop)
}

thread_local! {
    /// The buffer that this thread writes; null if it is no writer thread.
    static OWN_BUFFER: Cell<*const DoubleBuffer> = const { Cell::new(ptr::null()) };
}

struct Writer {
    buffer: &'static DoubleBuffer,
    reporter: &'static Reporter,
    file: LogFile,
}

impl Writer {
    fn run(mut self) {
        OWN_BUFFER.set(self.buffer);
        let mut back = self.buffer.allocate();
        while let Some(batch) = self.buffer.take(&mut back) {
            if batch.reopen {
                self.file.reopen_if_moved();
            }
            if !self.write(&back) {
                break;
            }
            self.buffer.mark_written(batch);
            self.reporter.report(self.file.take_error());
        }
        drop(self.file);
        self.buffer.end_buffering();
    }

    /// Writes until everything is written: a disk may be freed again, and the lines are safe
    /// in memory. False if a shutdown has abandoned them.
    fn write(&mut self, lines: &[u8]) -> bool {
        let mut at = 0;
        let mut backoff = BACKOFF_MIN;
        loop {
            let result = self.file.append(lines, &mut at);
            if result.is_ok() {
                return true;
            }
            self.reporter.report(result);
            if !self.buffer.pause(backoff) {
                return false;
            }
            backoff = (backoff * 2).min(BACKOFF_MAX);
        }
    }
}

/// What the writer thread takes away at once, beside the bytes.
#[derive(Clone, Copy)]
pub(crate) struct Batch {
    pub(crate) lines: u64,
    /// How many lost lines the last line of the bytes reports; 0 if it is another line.
    pub(crate) reported: u64,
    /// Whether to look at the path.
    pub(crate) reopen: bool,
}

impl DoubleBuffer {
    /// From now on lines wait in the buffer, and the caller writes them to the file.
    pub(crate) fn start_buffering(&self) -> Option<LogFile> {
        let mut state = self.lock();
        state.phase = Phase::Running;
        state.front = self.allocate();
        state.file.take()
    }

    pub(crate) fn allocate(&self) -> Vec<u8> {
        Vec::with_capacity(self.capacity + NOTICE_SIZE)
    }

    /// Waits until there is something worth writing, or the flush interval has passed, and
    /// exchanges the front buffer for `back`, whose content is done with. `None` says that there is no
    /// more to come.
    pub(crate) fn take(&self, back: &mut Vec<u8>) -> Option<Batch> {
        let interval = if self.flush_interval < MIN_INTERVAL {
            Duration::MAX
        } else {
            self.flush_interval
        };
        let mut state = wait_while(&self.work, self.lock(), interval, |state| {
            state.request == Request::Nothing && state.phase == Phase::Running
        });
        if state.has_left() {
            return None;
        }
        let batch = Batch {
            lines: mem::take(&mut state.front_lines),
            reported: state.unreported,
            reopen: mem::take(&mut state.reopen),
        };
        back.clear();
        mem::swap(&mut state.front, back);
        if batch.reported > 0 {
            back.extend(loss_notice(batch.reported, "buffer full"));
        }
        state.request = Request::Nothing;
        state.congested = false;
        let goes_on = state.phase == Phase::Running || !back.is_empty() || batch.reopen;
        drop(state);
        self.room.notify_all();
        goes_on.then_some(batch)
    }

    /// The batch is in the kernel's hands.
    pub(crate) fn mark_written(&self, batch: Batch) {
        let mut state = self.lock();
        state.has_failed = false;
        state.unreported -= batch.reported;
        // The lines of an abandoned batch are counted as lost already, and none is queued.
        let lines = batch.lines.min(state.stats.queued);
        state.stats.written += lines;
        state.stats.queued -= lines;
        drop(state);
        self.progress.notify_all();
    }

    /// Waits before a failed write is tried again, but not if a caller waits for that write:
    /// a new line is no reason to try again, a flush is. False if the lines are abandoned, or
    /// if the thread goes on in a child that an error callback has forked.
    pub(crate) fn pause(&self, delay: Duration) -> bool {
        let mut state = self.lock();
        state.has_failed = true;
        self.progress.notify_all();
        let mut state = wait_while(&self.work, state, delay, |state| {
            state.request < Request::Retry && !state.has_left()
        });
        // What came meanwhile has waited long enough.
        state.request = Request::Write;
        !state.has_left()
    }

    /// The file is closed. Callers write their lines themselves from now on.
    pub(crate) fn end_buffering(&self) {
        self.leave(self.lock(), Phase::Direct);
    }
}

impl DoubleBuffer {
    /// Waits until every line that was queued before the call is written or lost.
    ///
    /// # Errors
    ///
    /// After `timeout`, returns how many of them were neither.
    pub(crate) fn flush(&self, timeout: Duration) -> Result<(), u64> {
        let mut state = self.lock();
        let done = |state: &State| state.stats.written + state.stats.dropped_io;
        let target = done(&state) + state.stats.queued;
        if done(&state) < target {
            self.notify_writer(state, Request::Retry);
            let is_behind = |state: &mut State| done(state) < target;
            state = wait_while(&self.progress, self.lock(), timeout, is_behind);
        }
        match target.saturating_sub(done(&state)) {
            0 => Ok(()),
            left => Err(left),
        }
    }

    /// Asks the writer thread to write what there is and leave, and waits until it has. On the
    /// writer thread, which runs error callbacks, there is nothing to wait for.
    ///
    /// # Errors
    ///
    /// After `timeout`, but not before the lines were tried once, abandons those that are left,
    /// counts them as lost and returns how many they are.
    pub(crate) fn stop(&self, timeout: Duration) -> Result<(), u64> {
        let mut state = self.lock();
        state.has_failed = false;
        if state.phase == Phase::Running {
            state.phase = Phase::Stopping;
        }
        self.notify_writer(state, Request::Retry);
        let (timeout, one_try) = if ptr::eq(OWN_BUFFER.get(), self) {
            (Duration::ZERO, Duration::ZERO)
        } else {
            (timeout, ONE_TRY.saturating_sub(timeout))
        };
        let is_behind = |state: &mut State| !state.has_left();
        let state = wait_while(&self.progress, self.lock(), timeout, is_behind);
        let is_untried = |state: &mut State| !state.has_left() && !state.has_failed;
        let mut state = wait_while(&self.progress, state, one_try, is_untried);
        if state.has_left() {
            return Ok(());
        }
        let lost = mem::take(&mut state.stats.queued);
        state.stats.dropped_io += lost;
        state.unreported += lost;
        self.leave(state, Phase::Abandoned);
        if lost == 0 { Ok(()) } else { Err(lost) }
    }
}
