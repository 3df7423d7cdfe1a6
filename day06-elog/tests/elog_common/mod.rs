//! What the tests of Elog share: a log in a directory of its own, and lines with a checksum.

#![allow(dead_code, reason = "not every test needs all of it")]

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::Duration;

use day06_elog as reactor;

use reactor::elog::{Builder, Elog, Stats, WhenFull};
use tempfile::TempDir;

/// What Elog may hold in memory: two buffers of 1 MiB.
pub(crate) const MEMORY: u64 = 2 * 1024 * 1024;

/// A log in a directory of its own.
pub(crate) struct Log {
    pub(crate) path: PathBuf,
    dir: TempDir,
}

impl Log {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        Self { path, dir }
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The path of the `number`th rotated file.
    pub(crate) fn rotated(&self, number: usize) -> PathBuf {
        self.dir.path().join(format!("log.{number}"))
    }

    /// All files of the log that exist, the oldest first.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        files_at(&self.path)
    }

    /// What was logged to the file, without headers.
    pub(crate) fn texts(&self) -> Vec<String> {
        texts_in(&self.path)
    }

    /// What was logged to all files, in order.
    pub(crate) fn all_texts(&self) -> Vec<String> {
        let files = self.files();
        files.iter().flat_map(|path| texts_in(path)).collect()
    }
}

/// All files of the log at the path, the oldest first. A process that was killed in the
/// middle of a rotation leaves a gap in the numbers.
pub(crate) fn files_at(path: &Path) -> Vec<PathBuf> {
    let number = |path: &PathBuf| path.extension().map(|number| number.to_str()?.parse().ok());
    let entries = fs::read_dir(path.parent().unwrap()).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.file_stem() == path.file_stem());
    // The file without a number is the newest.
    files.sort_by_key(|file| Reverse(number(file).unwrap_or(Some(0_u32))));
    files
}

/// The lines of a file that begins as it should, without headers.
pub(crate) fn texts_in(path: &Path) -> Vec<String> {
    let content = fs::read_to_string(path).unwrap();
    assert!(content.starts_with("# UTC "), "{content:.100}");
    assert!(content.ends_with('\n'), "the last line is a partial one");
    texts_of(&content)
}

/// The lines, without headers and without the lines about the file itself.
pub(crate) fn texts_of(content: &str) -> Vec<String> {
    content
        .lines()
        .filter(|line| !line.starts_with("# UTC "))
        .map(|line| line.split_once("] ").unwrap_or(("", line)).1.to_owned())
        .collect()
}

/// Takes the lines "lost N lines: …" out, and returns the sum of the numbers.
pub(crate) fn take_lost(texts: &mut Vec<String>) -> u64 {
    let mut lost = 0;
    texts.retain(|text| match text.strip_prefix("lost ") {
        None => true,
        Some(rest) => {
            lost += rest.split(' ').next().unwrap().parse::<u64>().unwrap();
            false
        }
    });
    lost
}

pub(crate) fn assert_adds_up(stats: Stats) {
    assert_eq!(
        stats.accepted,
        stats.written + stats.dropped_full + stats.dropped_io + stats.queued,
        "{stats:?}"
    );
}

/// A logger that waits for as long as it takes: where nothing goes wrong, nothing
/// may be lost, however slow the machine is.
pub(crate) fn lossless(path: &Path) -> Builder {
    Elog::builder(path)
        .when_full(WhenFull::Block(Duration::MAX))
        .shutdown_timeout(Duration::MAX)
}

/// Runs a test with a synchronous logger and with one that has a writer thread.
pub(crate) fn in_both_modes(test: impl Fn(&Log, Builder)) {
    for synchronous in [false, true] {
        let log = Log::new();
        test(&log, lossless(&log.path).synchronous(synchronous));
    }
}

/// A text with its writer, its number and a checksum over all of it.
pub(crate) fn checked(writer: usize, number: usize, payload: &str) -> String {
    let sum = checksum(writer, number, payload);
    format!("{writer} {number} {payload} {sum:016x}")
}

/// Asserts that no text is damaged, and that each writer's numbers are complete
/// and in order. Returns how many each has written.
pub(crate) fn verify(texts: &[String]) -> HashMap<usize, usize> {
    let mut next = HashMap::new();
    for text in texts {
        let (writer, number) = verify_one(text);
        let expected = next.entry(writer).or_insert(0);
        assert_eq!(number, *expected, "writer {writer}");
        *expected += 1;
    }
    next
}

/// Asserts that the text is not damaged, and returns its writer and number.
pub(crate) fn verify_one(text: &str) -> (usize, usize) {
    parse(text).unwrap_or_else(|| panic!("damaged: {text:.200}"))
}

/// The writer and the number of a text, unless it is damaged.
pub(crate) fn parse(text: &str) -> Option<(usize, usize)> {
    let (rest, sum) = text.rsplit_once(' ')?;
    let mut fields = rest.splitn(3, ' ');
    let writer = fields.next()?.parse().ok()?;
    let number = fields.next()?.parse().ok()?;
    let sum = u64::from_str_radix(sum, 16).ok()?;
    (checksum(writer, number, fields.next()?) == sum).then_some((writer, number))
}

fn checksum(writer: usize, number: usize, payload: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (writer, number, payload).hash(&mut hasher);
    hasher.finish()
}
