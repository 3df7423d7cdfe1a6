//! Lines that the calling thread writes itself.
//!
//! This is the synchronous logger, as LevelDB has it: each line is in the
//! kernel's hands when the call returns. It is also what is left when the writer
//! thread has gone: after shutdown, and in a forked child.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::elog::notice::with_notice;
use crate::elog::sink::{Sink, Target};
use crate::elog::stats::Stats;

/// The file behind a lock, with its own count of lines.
#[derive(Debug)]
pub(crate) struct Direct {
    state: Mutex<State>,
}

#[derive(Debug)]
pub(crate) struct State {
    target: Target,
    output: Output,
    stats: Stats,
    /// Of the lost lines, those the log does not mention yet.
    untold: u64,
}

#[derive(Debug)]
enum Output {
    Open(Sink),
    /// To be opened by the first line that comes.
    Closed,
    /// The writer thread has it.
    Elsewhere,
}

impl Direct {
    /// A synchronous logger.
    pub(crate) fn open(target: Target, sink: Sink) -> Self {
        Self::new(target, Output::Open(sink))
    }

    /// Loses every line until [`give_back`](Self::give_back).
    pub(crate) fn elsewhere(target: Target) -> Self {
        Self::new(target, Output::Elsewhere)
    }

    fn new(target: Target, output: Output) -> Self {
        Self {
            state: Mutex::new(State {
                target,
                output,
                stats: Stats::default(),
                untold: 0,
            }),
        }
    }

    /// Writes a line now, or counts it as lost. A synchronous logger cannot keep
    /// it for later: its caller would have to wait for the disk to be freed.
    ///
    /// # Errors
    ///
    /// What the caller is to report, without the lock.
    pub(crate) fn write(&self, line: &[u8]) -> io::Result<()> {
        let mut state = self.lock();
        state.stats.accepted += 1;
        let result = state.append(line);
        if result.is_ok() {
            state.stats.written += 1;
        } else {
            state.stats.dropped_io += 1;
            state.untold += 1;
        }
        result.and_then(|()| state.trouble())
    }

    /// Goes on in the file that is at the path now.
    pub(crate) fn reopen(&self) -> io::Result<()> {
        let mut state = self.lock();
        if let Output::Open(sink) = &mut state.output {
            sink.follow_path();
        }
        state.trouble()
    }

    /// The log is to mention these losses too, which are counted elsewhere.
    pub(crate) fn adopt_losses(&self, lines: u64) {
        self.lock().untold += lines;
    }

    /// Closes the file; a line that comes later opens it again.
    pub(crate) fn release(&self) -> io::Result<()> {
        let mut state = self.lock();
        let result = state.tell_losses();
        if let Output::Open(_) = state.output {
            state.output = Output::Closed;
        }
        result
    }

    /// The writer thread is done with the file.
    pub(crate) fn give_back(&self) {
        self.lock().output = Output::Closed;
    }

    /// How many lines came in, and what became of them.
    pub(crate) fn stats(&self) -> Stats {
        self.lock().stats
    }

    /// Nothing under this lock can panic half way, so poison means nothing.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        self.tell_losses()?;
        self.sink()?.append(line, &mut 0)
    }

    fn tell_losses(&mut self) -> io::Result<()> {
        if self.untold > 0 {
            let lost = self.untold;
            let sink = self.sink()?;
            with_notice(lost, "not written", |notice| sink.append(notice, &mut 0))?;
            self.untold = 0;
        }
        Ok(())
    }

    fn sink(&mut self) -> io::Result<&mut Sink> {
        if let Output::Closed = self.output {
            self.output = Output::Open(Sink::open(self.target.clone())?);
        }
        match &mut self.output {
            Output::Open(sink) => Ok(sink),
            Output::Closed | Output::Elsewhere => Err(io::Error::other(
                "the writer thread was given up and still has the file",
            )),
        }
    }

    fn trouble(&mut self) -> io::Result<()> {
        match &mut self.output {
            Output::Open(sink) => sink.take_trouble().map_or(Ok(()), Err),
            Output::Closed | Output::Elsewhere => Ok(()),
        }
    }

    /// In a forked child: the counts are the parent's, and so is the writer
    /// thread that has the file. A file that was open here is shared, which
    /// `O_APPEND` makes safe.
    pub(crate) fn start_again(&mut self) {
        if let Output::Elsewhere = self.output {
            self.output = Output::Closed;
        }
        self.stats = Stats::default();
        self.untold = 0;
    }
}
