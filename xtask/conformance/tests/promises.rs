//! No promise is forgotten: every test of the echo contract is some day's, and a day keeps
//! what the day before promised.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The days, in order.
fn days() -> Vec<PathBuf> {
    let entries = fs::read_dir(ROOT).expect("the course");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let is_day = |path: &PathBuf| path.join("tests/echo.rs").exists();
    let mut days: Vec<_> = paths.filter(is_day).collect();
    days.sort();
    assert!(days.len() >= 6, "{days:?}");
    days
}

/// The `group::test` names in the `conformance::tests!` of a day's file.
fn named(path: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(path).expect("a file of every day");
    let start = text.find("conformance::tests! {");
    let lines = text[start.unwrap_or(text.len())..].lines().skip(1);
    let (mut group, mut names) = (String::new(), BTreeSet::new());
    for line in lines.take_while(|line| *line != "}").map(str::trim) {
        if let Some(name) = line.strip_suffix(": [") {
            group = name.to_owned();
        } else if let Some(name) = line.strip_suffix(',').filter(|name| *name != "]") {
            names.insert(format!("{group}::{name}"));
        }
    }
    names
}

/// The `group::test` names of the functions that take a day.
fn written() -> BTreeSet<String> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/echo");
    let entries = fs::read_dir(dir).expect("the contract");
    let mut names = BTreeSet::new();
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        let text = fs::read_to_string(&path).expect("a source");
        let group = path.file_stem().expect("a name").display();
        for line in text.lines() {
            let name = line.strip_prefix("pub fn ");
            let name = name.and_then(|line| line.strip_suffix("(day: Day) {"));
            names.extend(name.map(|name| format!("{group}::{name}")));
        }
    }
    names
}

#[test]
fn every_test_is_named_by_a_day() {
    let files = days()
        .into_iter()
        .flat_map(|day| ["tests/echo.rs", "tests/known_limits.rs"].map(|file| day.join(file)));
    let named: BTreeSet<_> = files.flat_map(|file| named(&file)).collect();
    assert_eq!(named, written());
}

#[test]
fn a_day_keeps_the_promises_of_the_day_before() {
    let promises: Vec<_> = days()
        .iter()
        .map(|day| named(&day.join("tests/echo.rs")))
        .collect();
    assert!(!promises[0].is_empty());
    for (day, pair) in (2..).zip(promises.windows(2)) {
        let lost: Vec<_> = pair[0].difference(&pair[1]).collect();
        assert!(lost.is_empty(), "day {day} does not promise {lost:?}");
    }
}
