//! The thread that moves lines from the double buffer to the file.

use std::io;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use crate::elog::double_buffer::{BUFFER_SIZE, Batch, DoubleBuffer};
use crate::elog::logger::Core;
use crate::elog::notice::with_notice;
use crate::elog::signal_mask::with_signals_blocked;
use crate::elog::sink::Sink;

/// How long a failed write is left alone: doubled from the first to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LAST_PAUSE: Duration = Duration::from_millis(500);

/// Starts the writer of `core`. Nobody waits for the thread itself to end; that
/// it has closed the buffer says enough.
pub(crate) fn start(
    core: &'static Core,
    buffer: &'static DoubleBuffer,
    sink: Sink,
) -> io::Result<()> {
    let writer = Writer { core, buffer, sink };
    // A signal handler belongs to the program's own threads, and a signal that
    // ends the program must not be answered here first.
    with_signals_blocked(|| {
        thread::Builder::new()
            .name("elog".into())
            .spawn(|| writer.run())
    })?;
    Ok(())
}

struct Writer {
    core: &'static Core,
    buffer: &'static DoubleBuffer,
    sink: Sink,
}

impl Writer {
    fn run(mut self) {
        let mut batch = Batch::with_capacity(BUFFER_SIZE);
        while self.buffer.take(&mut batch, self.core.flush_interval) {
            if self.core.reopen.swap(false, Ordering::Relaxed) {
                self.sink.follow_path();
            }
            if self.write(&batch.bytes) {
                self.buffer.settle(batch.lines);
            }
            if batch.dropped > 0 {
                with_notice(batch.dropped, "buffer full", |notice| self.write(notice));
            }
        }
        drop(self.sink);
        self.core.direct.give_back();
        self.buffer.close();
    }

    /// Writes until everything is written: a disk may be freed again, and the
    /// lines are safe in memory. False says that a shutdown gave them up.
    fn write(&mut self, lines: &[u8]) -> bool {
        let mut at = 0;
        let mut pause = FIRST_PAUSE;
        loop {
            let result = self.sink.append(lines, &mut at);
            if let Some(trouble) = self.sink.take_trouble() {
                self.core.reporter.report(&trouble);
            }
            let Err(error) = result else { return true };
            self.core.reporter.report(&error);
            if !self.buffer.pause(pause) {
                return false;
            }
            pause = (pause * 2).min(LAST_PAUSE);
        }
    }
}
