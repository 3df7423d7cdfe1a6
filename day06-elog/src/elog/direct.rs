//! Lines that the calling thread writes itself.
//!
//! This is the synchronous logger, as LevelDB has it: each line is in the
//! kernel's hands when the call returns. It is also what is left when the writer
//! thread has gone: after shutdown, and in a forked child.

use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::elog::double_buffer::Tally;
use crate::elog::level::Level;
use crate::elog::line::with_line;
use crate::elog::log_file::LogFile;

/// The file behind a lock, with its own count of lines.
#[derive(Debug)]
pub(crate) struct Direct {
    state: Mutex<State>,
}

#[derive(Debug)]
pub(crate) struct State {
    path: PathBuf,
    output: Output,
    tally: Tally,
    /// Of the lost lines, those the log does not mention yet.
    untold: u64,
}

#[derive(Debug)]
enum Output {
    Open(LogFile),
    /// To be opened by the first line that comes.
    Closed,
    /// The writer thread has it.
    Elsewhere,
}

impl Direct {
    /// A synchronous logger.
    pub(crate) fn open(path: PathBuf, file: LogFile) -> Self {
        Self::new(path, Output::Open(file))
    }

    /// Drops every line until [`release`](Self::release).
    pub(crate) fn elsewhere(path: PathBuf) -> Self {
        Self::new(path, Output::Elsewhere)
    }

    fn new(path: PathBuf, output: Output) -> Self {
        Self {
            state: Mutex::new(State {
                path,
                output,
                tally: Tally::default(),
                untold: 0,
            }),
        }
    }

    /// Writes a line now, or counts it as lost. A synchronous logger cannot keep
    /// it for later: its caller would have to wait for the disk to be freed.
    pub(crate) fn write(&self, line: &[u8]) -> io::Result<()> {
        let mut state = self.lock();
        state.tally.accepted += 1;
        let result = state.append(line);
        match result {
            Ok(()) => state.tally.written += 1,
            Err(_) => {
                state.tally.dropped_io += 1;
                state.untold += 1;
            }
        }
        result
    }

    /// Closes the file; a line that comes later opens it again.
    pub(crate) fn release(&self) -> io::Result<()> {
        let mut state = self.lock();
        let result = state.tell_losses();
        state.output = Output::Closed;
        result
    }

    /// How many lines came in, and what became of them.
    pub(crate) fn tally(&self) -> Tally {
        self.lock().tally
    }

    /// Nothing under this lock can panic half way, so poison means nothing.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        self.tell_losses()?;
        self.file()?.append(line, &mut 0)
    }

    fn tell_losses(&mut self) -> io::Result<()> {
        if self.untold > 0 {
            let lost = self.untold;
            let file = self.file()?;
            write_notice(lost, "not written", |notice| file.append(notice, &mut 0))?;
            self.untold = 0;
        }
        Ok(())
    }

    fn file(&mut self) -> io::Result<&mut LogFile> {
        if let Output::Closed = self.output {
            self.output = Output::Open(LogFile::open(&self.path)?);
        }
        match &mut self.output {
            Output::Open(file) => Ok(file),
            Output::Closed | Output::Elsewhere => Err(io::Error::other(
                "the writer thread was given up and still has the file",
            )),
        }
    }
}

/// The line that stands in the log for lines that do not.
pub(crate) fn write_notice<R>(lines: u64, reason: &str, append: impl FnOnce(&[u8]) -> R) -> R {
    with_line(
        Level::Warn,
        "elog",
        format_args!("lost {lines} lines: {reason}"),
        |line| append(line.bytes),
    )
}
