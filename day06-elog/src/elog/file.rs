//! A log file that stays where its path says, and does not grow without limit.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::time::Duration;

use crate::base::deadline::Deadline;
use crate::elog::open_file::{OpenFile, line_start};

/// How long lines may go to a file that was moved or deleted.
const CHECK_INTERVAL: Duration = Duration::from_millis(200);

/// How long a rotation that failed is not tried again.
const ROTATION_PAUSE: Duration = Duration::from_secs(1);

/// Where the lines go.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) path: PathBuf,
    /// In bytes; a file of `u64::MAX` is never full.
    pub(crate) max_size: u64,
    /// How many full files are kept besides the one that is written; 0 deletes it when it is
    /// full.
    pub(crate) keep: u32,
}

/// The open file, and when to exchange it for another.
pub(crate) struct LogFile {
    target: Target,
    file: OpenFile,
    next_check: Deadline,
    /// Until then, the file grows beyond its size, since a rotation has failed.
    next_rotation: Deadline,
    /// The last write failed, and a new file would fare no better.
    is_failing: bool,
    /// Of checks and rotations, whose errors keep no line from being written.
    pending_error: Option<io::Error>,
}

impl LogFile {
    /// Opens the file at the path, or creates it.
    pub(crate) fn open(target: &Target) -> io::Result<Self> {
        Ok(Self {
            file: OpenFile::open(&target.path)?,
            target: target.clone(),
            next_check: Deadline::after(CHECK_INTERVAL),
            next_rotation: Deadline::now(),
            is_failing: false,
            pending_error: None,
        })
    }

    /// Appends `lines` from byte `at` on, to as many files as it takes. After an error, `at`
    /// is where to go on: the call may be repeated with the same arguments.
    pub(crate) fn append(&mut self, lines: &[u8], at: &mut usize) -> io::Result<()> {
        if self.next_check.left().is_none() {
            self.reopen_if_moved();
        }
        while *at < lines.len() {
            let end = *at + self.make_room(&lines[*at..]);
            let result = self.file.append(&lines[..end], at);
            self.is_failing = result.is_err();
            result?;
        }
        Ok(())
    }

    /// Goes on in the file that is at the path now, or creates it: another program may have
    /// moved or deleted the old one, or cut it short. If that fails, stays with the file that
    /// is open.
    pub(crate) fn reopen_if_moved(&mut self) {
        self.next_check = Deadline::after(CHECK_INTERVAL);
        if self.file.is_at(&self.target.path) {
            self.file.update_size();
            return;
        }
        match OpenFile::open(&self.target.path) {
            Ok(file) => self.file = file,
            Err(error) => self.pending_error = Some(explain("cannot open the path again", &error)),
        }
    }

    /// Fails with what went wrong since the last call and kept no line from being written. It
    /// is not reported here: the caller may hold a lock.
    pub(crate) fn take_error(&mut self) -> io::Result<()> {
        self.pending_error.take().map_or(Ok(()), Err)
    }

    /// Returns how many of the bytes may go to the file, after rotation if need be. At least
    /// one line may: it could be longer than any file.
    fn make_room(&mut self, lines: &[u8]) -> usize {
        let mut len = self.whole_lines_that_fit(lines);
        if len == 0 && (!self.file.is_regular || self.next_rotation.left().is_some()) {
            return lines.len();
        }
        if len == 0 && !self.is_failing && self.file.has_lines() {
            self.rotate();
            len = self.whole_lines_that_fit(lines);
        }
        let first_line = || lines.iter().position(|&byte| byte == b'\n');
        if len > 0 {
            len
        } else {
            first_line().map_or(lines.len(), |line_feed| line_feed + 1)
        }
    }

    fn whole_lines_that_fit(&self, lines: &[u8]) -> usize {
        let room = self.target.max_size.saturating_sub(self.file.size);
        match usize::try_from(room) {
            Ok(room) if room < lines.len() => line_start(lines, room),
            _ => lines.len(),
        }
    }

    fn rotate(&mut self) {
        // Another program may have moved this file already, and the new one is not to be
        // moved away because the old one is full.
        let resolved = self.target.resolve_links();
        if let Some(target) = &resolved
            && self.file.is_at(&target.path)
        {
            match target.shift() {
                Ok(()) => self.file.create_like(&target.path),
                Err(error) => self.pending_error = Some(explain("cannot rotate", &error)),
            }
        }
        self.reopen_if_moved();
        if resolved.is_none() || self.pending_error.is_some() {
            self.next_rotation = Deadline::after(ROTATION_PAUSE);
        }
    }
}

impl Target {
    /// Where the path leads to: a symbolic link stays, and the file behind it is rotated.
    /// `None` if it leads to the descriptor of a process, as `/dev/stdout` does: that file is
    /// another program's, such as a shell's, and is never renamed.
    fn resolve_links(&self) -> Option<Self> {
        let mut target = self.clone();
        // The kernel follows 40 links and not one more, and has followed these.
        for _ in 0..40 {
            if ["/proc", "/dev/fd"]
                .iter()
                .any(|dir| target.path.starts_with(dir))
            {
                return None;
            }
            let Ok(link) = fs::read_link(&target.path) else {
                break;
            };
            // A relative link starts where it is; an absolute one replaces the path.
            target.path.pop();
            target.path.push(link);
        }
        Some(target)
    }

    /// Moves the file at the path out of the way, and deletes what is too old: `log` becomes
    /// `log.1`, `log.1` becomes `log.2`. LevelDB renames `LOG` to `LOG.old` when it starts,
    /// and keeps that one.
    ///
    /// Each step is one rename(2), so a process killed between two of them leaves a gap in
    /// the numbers and loses nothing; the next rotation moves files up to the first gap only.
    fn shift(&self) -> io::Result<()> {
        if self.keep == 0 {
            fs::remove_file(&self.path)?;
        } else {
            // A dangling symbolic link is in the way like any other file.
            let is_free = |&number: &u32| fs::symlink_metadata(self.numbered(number)).is_err();
            let last = (1..self.keep).find(is_free).unwrap_or(self.keep);
            for number in (1..last).rev() {
                fs::rename(self.numbered(number), self.numbered(number + 1))?;
            }
            fs::rename(&self.path, self.numbered(1))?;
        }
        // More files than are kept exist if an earlier run kept more.
        for number in self.keep.saturating_add(1)..u32::MAX {
            match fs::remove_file(self.numbered(number)) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::NotFound => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn numbered(&self, number: u32) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{number}"));
        name.into()
    }
}

/// Checks and rotations fail with the same errors as writes; the text says which it was.
fn explain(what: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{what}: {error}"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// The names in the directory with their content, in order.
    fn files(dir: &Path) -> Vec<(String, String)> {
        let mut files: Vec<_> = fs::read_dir(dir)
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                let name = entry.file_name().into_string().unwrap();
                (name, fs::read_to_string(entry.path()).unwrap())
            })
            .collect();
        files.sort();
        files
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected
            .iter()
            .map(|&(name, content)| (name.to_owned(), content.to_owned()))
            .collect()
    }

    /// Rotates `count` files that contain their own numbers.
    fn target(dir: &Path, keep: u32) -> Target {
        Target {
            path: dir.join("log"),
            max_size: 0,
            keep,
        }
    }

    fn rotate(dir: &Path, keep: u32, contents: std::ops::Range<u32>) {
        let target = target(dir, keep);
        for content in contents {
            fs::write(&target.path, content.to_string()).unwrap();
            target.shift().unwrap();
        }
    }

    #[test]
    fn the_newest_files_are_kept_in_order() {
        let dir = tempfile::tempdir().unwrap();
        rotate(dir.path(), 3, 0..7);
        let expected = pairs(&[("log.1", "6"), ("log.2", "5"), ("log.3", "4")]);
        assert_eq!(files(dir.path()), expected);
    }

    #[test]
    fn a_smaller_number_to_keep_deletes_what_an_earlier_run_kept() {
        let dir = tempfile::tempdir().unwrap();
        rotate(dir.path(), 5, 0..5);
        rotate(dir.path(), 2, 5..6);
        let expected = pairs(&[("log.1", "5"), ("log.2", "4")]);
        assert_eq!(files(dir.path()), expected);
        rotate(dir.path(), 0, 6..7);
        assert_eq!(files(dir.path()), []);
    }

    #[test]
    fn a_gap_that_a_killed_process_left_is_filled_before_anything_is_deleted() {
        let dir = tempfile::tempdir().unwrap();
        rotate(dir.path(), 3, 0..3);
        fs::remove_file(dir.path().join("log.2")).unwrap();
        rotate(dir.path(), 3, 3..4);
        let expected = pairs(&[("log.1", "3"), ("log.2", "2"), ("log.3", "0")]);
        assert_eq!(files(dir.path()), expected);
    }

    #[test]
    fn a_name_that_cannot_be_taken_is_an_error_and_keeps_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let target = target(dir.path(), 1);
        fs::write(&target.path, "content").unwrap();
        fs::create_dir(dir.path().join("log.1")).unwrap();
        assert!(target.shift().is_err());
        assert_eq!(fs::read_to_string(&target.path).unwrap(), "content");
    }
}
