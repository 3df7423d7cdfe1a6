//! Making room for a new file: `log` becomes `log.1`, `log.1` becomes `log.2`.
//!
//! LevelDB renames `LOG` to `LOG.old` when it starts, and keeps that one. This is
//! the same for any number, and at any time.

use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// When a file is full, and how many full ones are kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rotation {
    /// In bytes.
    pub(crate) max_size: u64,
    /// Besides the file that is written; 0 deletes it when it is full.
    pub(crate) keep: u32,
}

impl Rotation {
    /// Moves the file at `path` out of the way, and deletes what is too old.
    ///
    /// Each step is one rename(2), so a process killed between two of them
    /// leaves a gap in the numbers and loses nothing; the next rotation moves
    /// files up to the first gap only.
    pub(crate) fn shift(self, path: &Path) -> io::Result<()> {
        if self.keep == 0 {
            fs::remove_file(path)?;
        } else {
            let last = (1..self.keep)
                .find(|&number| !exists(&numbered(path, number)))
                .unwrap_or(self.keep);
            for number in (1..last).rev() {
                fs::rename(numbered(path, number), numbered(path, number + 1))?;
            }
            fs::rename(path, numbered(path, 1))?;
        }
        self.delete_surplus(path)
    }

    /// More files than are kept exist if an earlier run kept more.
    fn delete_surplus(self, path: &Path) -> io::Result<()> {
        for number in self.keep.saturating_add(1)..u32::MAX {
            match fs::remove_file(numbered(path, number)) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::NotFound => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(format!(".{number}"));
    name.into()
}

/// A dangling symbolic link is in the way like any other file.
fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

#[cfg(test)]
mod tests {
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
    fn rotate(dir: &Path, keep: u32, contents: std::ops::Range<u32>) {
        let path = dir.join("log");
        for content in contents {
            fs::write(&path, content.to_string()).unwrap();
            let max_size = 0;
            Rotation { max_size, keep }.shift(&path).unwrap();
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
        let path = dir.path().join("log");
        fs::write(&path, "content").unwrap();
        fs::create_dir(dir.path().join("log.1")).unwrap();
        let rotation = Rotation {
            max_size: 0,
            keep: 1,
        };
        assert!(rotation.shift(&path).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "content");
    }
}
