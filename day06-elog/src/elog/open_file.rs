//! An open log file: appending to it, and lines that were written in part.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, fchown};
use std::path::Path;

use crate::base::syscall::check;

/// The first line of a new file: which clock, and what the columns are.
const FIRST_LINE: &[u8] = b"# UTC date-time.microseconds thread level place] text\n";

/// An open log file, at its end.
pub(crate) struct OpenFile {
    file: File,
    /// And not a pipe or a device, which have neither a size nor a beginning.
    pub(crate) is_regular: bool,
    /// Where this process believes the end to be, in bytes; another one may append too.
    pub(crate) size: u64,
    /// Whether the last line has no line feed yet.
    partial_line: bool,
}

impl OpenFile {
    /// Opens a file to append to, or creates it (`O_APPEND | O_CREAT | O_CLOEXEC`,
    /// [open(2)](https://man7.org/linux/man-pages/man2/open.2.html)). Never truncates: what
    /// an earlier run wrote may be all there is to explain its end.
    ///
    /// Never waits: `O_NONBLOCK` makes a named pipe without a reader an error, ENXIO. The
    /// writes that follow do wait, on the writer thread.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        let file = options.custom_flags(libc::O_NONBLOCK).open(path)?;
        let flags = libc::O_APPEND;
        // SAFETY: the descriptor is open for as long as `file` lives.
        check(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETFL, flags) })?;
        let metadata = file.metadata()?;
        let (is_regular, size) = (metadata.is_file(), metadata.len());
        // A partial line may be one that another process is writing now. If no other process
        // has the log open, it was killed while it did.
        let is_alone = lock(&file, libc::LOCK_EX);
        let partial_line = is_regular && is_alone && ends_in_mid_line(path, size);
        lock(&file, libc::LOCK_SH);
        let mut open = Self {
            file,
            is_regular,
            size,
            partial_line,
        };
        open.begin_if_empty();
        Ok(open)
    }

    /// Appends `lines` from byte `at` on. After an error, `at` is where to go on: the call
    /// may be repeated with the same arguments.
    ///
    /// If the last call stopped in the middle of a line, that line is completed, or, when the
    /// file is another one by now or has changed, written again as a whole, on a line of its
    /// own.
    pub(crate) fn append(&mut self, lines: &[u8], at: &mut usize) -> io::Result<()> {
        let start = line_start(lines, *at);
        let in_mid_line = start < *at;
        if !(self.partial_line && in_mid_line && self.is_unchanged()) {
            if self.partial_line {
                self.write_all(b"\n", &mut 0)?;
            }
            *at = start;
        }
        self.write_all(lines, at)
    }

    /// Whether there is anything worth keeping.
    pub(crate) fn has_lines(&self) -> bool {
        self.size > FIRST_LINE.len() as u64
    }

    /// Whether the path leads to this very file (the same device and inode,
    /// [stat(2)](https://man7.org/linux/man-pages/man2/stat.2.html)).
    pub(crate) fn is_at(&self, path: &Path) -> bool {
        let identity = |metadata: Metadata| (metadata.dev(), metadata.ino());
        match (self.file.metadata(), fs::metadata(path)) {
            (Ok(open), Ok(named)) => identity(open) == identity(named),
            _ => false,
        }
    }

    /// Creates the next file, with the mode of this one and, if that is allowed, its owner. A
    /// failure leaves it to [`open`](Self::open), which reports why.
    pub(crate) fn create_like(&self, path: &Path) {
        let mut options = OpenOptions::new();
        options.append(true).create_new(true);
        if let Ok(old) = self.file.metadata()
            && let Ok(file) = options.mode(old.mode() & 0o777).open(path)
        {
            let _ = fchown(&file, Some(old.uid()), Some(old.gid()));
            // What umask(2) has taken away.
            let _ = file.set_permissions(old.permissions());
        }
    }

    /// Finds out where the end is, after others may have appended or truncated.
    pub(crate) fn update_size(&mut self) {
        // A partial line can be completed only at the size that it was left at.
        if !self.partial_line
            && let Ok(metadata) = self.file.metadata()
        {
            self.size = metadata.len();
            self.begin_if_empty();
        }
    }

    fn begin_if_empty(&mut self) {
        if self.is_regular && self.size == 0 {
            // On a full disk there is no first line, and the next ones will report why.
            let _ = self.write_all(FIRST_LINE, &mut 0);
        }
    }

    fn is_unchanged(&self) -> bool {
        let metadata = self.file.metadata();
        metadata.is_ok_and(|metadata| metadata.len() == self.size)
    }

    fn write_all(&mut self, bytes: &[u8], at: &mut usize) -> io::Result<()> {
        while *at < bytes.len() {
            match (&self.file).write(&bytes[*at..]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => {
                    *at += written;
                    self.size += written as u64;
                    self.partial_line = bytes[*at - 1] != b'\n';
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Where the line begins that byte `at` belongs to.
pub(crate) fn line_start(lines: &[u8], at: usize) -> usize {
    let line_feed = lines[..at].iter().rposition(|&byte| byte == b'\n');
    line_feed.map_or(0, |line_feed| line_feed + 1)
}

/// Takes a lock that hinders no writing and only shows which files are open
/// ([flock(2)](https://man7.org/linux/man-pages/man2/flock.2.html)). False if another logger
/// has this one open.
fn lock(file: &File, kind: libc::c_int) -> bool {
    // SAFETY: the descriptor is open for as long as `file` is borrowed.
    let result = unsafe { libc::flock(file.as_raw_fd(), kind | libc::LOCK_NB) };
    result == 0
}

/// A file that cannot be read is taken to be whole.
fn ends_in_mid_line(path: &Path, size: u64) -> bool {
    let mut last = *b"\n";
    let read = |file: File| file.read_at(&mut last, size.saturating_sub(1));
    File::open(path).and_then(read).is_ok() && last != *b"\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open_in(dir: &tempfile::TempDir) -> (std::path::PathBuf, OpenFile) {
        let path = dir.path().join("log");
        let log = OpenFile::open(&path).unwrap();
        (path, log)
    }

    fn content(path: &Path) -> String {
        let all = fs::read_to_string(path).unwrap();
        let first = str::from_utf8(FIRST_LINE).unwrap();
        all.strip_prefix(first).unwrap().to_owned()
    }

    #[test]
    fn a_file_is_appended_to_and_has_one_first_line() {
        let dir = tempfile::tempdir().unwrap();
        for line in ["one\n", "two\n"] {
            let (_, mut log) = open_in(&dir);
            log.append(line.as_bytes(), &mut 0).unwrap();
        }
        assert_eq!(content(&dir.path().join("log")), "one\ntwo\n");
    }

    #[test]
    fn a_partial_line_of_an_earlier_run_is_ended() {
        let dir = tempfile::tempdir().unwrap();
        let (path, mut log) = open_in(&dir);
        log.append(b"half a li", &mut 0).unwrap();
        drop(log);
        let (_, mut next_run) = open_in(&dir);
        next_run.append(b"whole\n", &mut 0).unwrap();
        assert_eq!(content(&path), "half a li\nwhole\n");
    }

    #[test]
    fn a_line_that_another_process_may_be_writing_is_not_ended() {
        let dir = tempfile::tempdir().unwrap();
        let (path, mut other) = open_in(&dir);
        other.append(b"half a li", &mut 0).unwrap();
        let (_, mut log) = open_in(&dir);
        other.append(b"half a line\n", &mut 9).unwrap();
        log.append(b"whole\n", &mut 0).unwrap();
        assert_eq!(content(&path), "half a line\nwhole\n");
    }

    #[test]
    fn a_line_goes_on_where_it_stopped_if_nothing_happened_between() {
        let dir = tempfile::tempdir().unwrap();
        let (path, mut log) = open_in(&dir);
        log.append(b"one\ntw", &mut 0).unwrap();
        let mut at = 6;
        log.append(b"one\ntwo\n", &mut at).unwrap();
        assert_eq!(at, 8);
        assert_eq!(content(&path), "one\ntwo\n");
    }

    #[test]
    fn a_line_starts_again_if_another_process_wrote_between() {
        let dir = tempfile::tempdir().unwrap();
        let (path, mut log) = open_in(&dir);
        log.append(b"one\ntw", &mut 0).unwrap();
        let mut other = OpenOptions::new().append(true).open(&path).unwrap();
        other.write_all(b"\nother\n").unwrap();
        log.append(b"one\ntwo\n", &mut 6).unwrap();
        assert_eq!(content(&path), "one\ntw\nother\n\ntwo\n");
    }

    #[test]
    fn a_line_starts_again_in_another_file() {
        let dir = tempfile::tempdir().unwrap();
        let (path, mut log) = open_in(&dir);
        let mut at = 6;
        log.append(b"one\ntwo\n", &mut at).unwrap();
        assert_eq!(content(&path), "two\n");
    }

    #[test]
    fn errors_are_passed_on_with_the_place_to_go_on_from() {
        let mut log = OpenFile::open(Path::new("/dev/full")).unwrap();
        let mut at = 0;
        let error = log.append(b"one\n", &mut at).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::ENOSPC));
        assert_eq!(at, 0);
    }
}
