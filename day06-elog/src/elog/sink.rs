//! A log file that stays where its path says, and does not grow without limit.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::elog::deadline::Deadline;
use crate::elog::log_file::LogFile;
use crate::elog::rotation::Rotation;

/// How long lines may go to a file that was moved or deleted.
const CHECK_INTERVAL: Duration = Duration::from_millis(200);

/// How long a rotation that failed is left alone.
const ROTATION_PAUSE: Duration = Duration::from_secs(1);

/// Where the lines go, and what is known about it beyond the open file.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) path: PathBuf,
    pub(crate) rotation: Option<Rotation>,
}

/// The open file, and when to exchange it for another.
#[derive(Debug)]
pub(crate) struct Sink {
    target: Target,
    file: LogFile,
    /// While this has time left, the path is not looked at.
    checked: Deadline,
    /// While this has time left, the last rotation has failed not long ago, and
    /// the file grows beyond its size.
    rotation_pause: Deadline,
    /// The last write failed, and a new file would fare no better.
    failing: bool,
    /// What went wrong beside the writing.
    trouble: Option<io::Error>,
}

impl Sink {
    pub(crate) fn open(target: Target) -> io::Result<Self> {
        Ok(Self {
            file: LogFile::open(&target.path)?,
            target,
            checked: Deadline::after(CHECK_INTERVAL),
            rotation_pause: Deadline::after(Duration::ZERO),
            failing: false,
            trouble: None,
        })
    }

    /// Appends `lines` from byte `at` on, to as many files as it takes. After an
    /// error, `at` is where to go on: the call may be repeated with the same
    /// arguments.
    pub(crate) fn append(&mut self, lines: &[u8], at: &mut usize) -> io::Result<()> {
        if self.checked.left().is_none() {
            self.follow_path();
        }
        while *at < lines.len() {
            let end = *at + self.prepare(&lines[*at..]);
            let result = self.file.append(&lines[..end], at);
            self.failing = result.is_err();
            result?;
        }
        Ok(())
    }

    /// Goes on in the file that is at the path now, or creates it: somebody may
    /// have moved or deleted the old one, or cut it short. If that fails, stays
    /// with the file that is open.
    pub(crate) fn follow_path(&mut self) {
        self.checked = Deadline::after(CHECK_INTERVAL);
        if self.file.is_at(&self.target.path) {
            self.file.update_size();
            return;
        }
        match LogFile::open(&self.target.path) {
            Ok(file) => self.file = file,
            Err(error) => self.trouble = Some(explain("cannot open the path again", &error)),
        }
    }

    /// What went wrong since the last call and kept no line from being written.
    /// For the caller to report, who may hold a lock now.
    pub(crate) fn take_trouble(&mut self) -> Option<io::Error> {
        self.trouble.take()
    }

    /// Says how many of the bytes may go to the file, after rotation if need be.
    /// At least one line may: it could be longer than any file.
    fn prepare(&mut self, lines: &[u8]) -> usize {
        let Some(rotation) = self.target.rotation else {
            return lines.len();
        };
        if !self.file.is_regular() || self.rotation_failed() {
            return lines.len();
        }
        let is_full = self.whole_lines_within(lines, rotation.max_size).is_none();
        if is_full && !self.failing && self.file.has_lines() {
            self.rotate(rotation);
        }
        self.whole_lines_within(lines, rotation.max_size)
            .unwrap_or_else(|| first_line(lines))
    }

    fn rotation_failed(&self) -> bool {
        self.rotation_pause.left().is_some()
    }

    fn whole_lines_within(&self, lines: &[u8], max_size: u64) -> Option<usize> {
        let room = usize::try_from(max_size.saturating_sub(self.file.size())).unwrap_or(usize::MAX);
        if lines.len() <= room {
            return Some(lines.len());
        }
        let line_feed = lines[..room].iter().rposition(|&byte| byte == b'\n')?;
        Some(line_feed + 1)
    }

    fn rotate(&mut self, rotation: Rotation) {
        // Somebody may have moved this file already, and the new one is not to be
        // moved away because the old one is full.
        if self.file.is_at(&self.target.path)
            && let Err(error) = rotation.shift(&self.target.path)
        {
            self.trouble = Some(explain("cannot rotate", &error));
        }
        self.follow_path();
        if self.trouble.is_some() {
            self.rotation_pause = Deadline::after(ROTATION_PAUSE);
        }
    }
}

/// Two of the steps beside the writing fail with the same errors as the writing.
fn explain(what: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{what}: {error}"))
}

fn first_line(lines: &[u8]) -> usize {
    lines
        .iter()
        .position(|&byte| byte == b'\n')
        .map_or(lines.len(), |line_feed| line_feed + 1)
}
