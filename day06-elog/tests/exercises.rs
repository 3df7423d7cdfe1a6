//! The exercises of the lesson. Each test fails until the exercise is solved.

use std::fmt;
use std::fs;
use std::path::Path;

use day06_elog as reactor;
use reactor::elog::{Builder, Elog};

const UNSOLVED: &str = "this is an exercise, which fails until you have solved it";

/// How many bytes the text has, without storing any of them.
fn length(text: fmt::Arguments<'_>) -> usize {
    let _ = text;
    0
}

#[test]
#[ignore = "an exercise"]
fn exercise_length() {
    assert_eq!(length(format_args!("{} bytes", 12345)), 11, "{UNSOLVED}");
    assert_eq!(length(format_args!("{:>1000}", "水")), 1002, "{UNSOLVED}");
}

#[test]
#[ignore = "an exercise"]
fn exercise_tabs() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let guard = Elog::builder(&path).build().unwrap();
    reactor::info!(logger: guard.logger(), "{}", "a\tb\nc\u{1b}d");
    drop(guard);
    let log = fs::read_to_string(path).unwrap();
    let line = log.lines().last().unwrap();
    assert!(line.ends_with("] a\tb\\nc\\u{1b}d"), "{UNSOLVED}: {line}");
}

/// A logger whose files are three at most, of at most 1024 bytes each.
fn three_files(path: &Path) -> Builder {
    Elog::builder(path)
}

#[test]
#[ignore = "an exercise"]
fn exercise_three_files() {
    let dir = tempfile::tempdir().unwrap();
    let guard = three_files(&dir.path().join("log")).build().unwrap();
    for number in 0..1000 {
        reactor::info!(logger: guard.logger(), "line {number}");
    }
    drop(guard);
    let files: Vec<_> = fs::read_dir(dir.path()).unwrap().collect();
    assert_eq!(files.len(), 3, "{UNSOLVED}");
    for file in files {
        let size = file.unwrap().metadata().unwrap().len();
        assert!(size <= 1024, "{UNSOLVED}: a file has {size} bytes");
    }
}
