//! The course as it lies on the disk: its days in order, and their files.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::drift::Drift;
use crate::markdown::Document;

/// Exercises belong to a day's lesson, not to its code: the next day has its own.
const EXERCISES: &str = "tests/exercises.rs";

/// What the manifest of the course's root contains and no other does.
const MEMBERS: &str = "\"day0*\"";

/// The days and every file around them.
pub(crate) struct Course {
    pub(crate) root: PathBuf,
    /// Paths below the root, in order.
    pub(crate) files: Vec<String>,
    pub(crate) days: Vec<Day>,
}

/// One snapshot.
pub(crate) struct Day {
    pub(crate) number: usize,
    /// The package's name, which is the directory's too: `day03-channel`.
    pub(crate) name: String,
    /// The files in which the days are compared, by their path within the day.
    pub(crate) files: BTreeMap<String, String>,
}

impl Course {
    /// The course that the current directory is in.
    pub(crate) fn open() -> Result<Self> {
        let here = env::current_dir()?;
        let is_root = |dir: &&Path| {
            fs::read_to_string(dir.join("Cargo.toml")).is_ok_and(|text| text.contains(MEMBERS))
        };
        let root = here.ancestors().find(is_root);
        Self::at(root.with_context(|| format!("{} is not inside the course", here.display()))?)
    }

    pub(crate) fn at(root: &Path) -> Result<Self> {
        let mut files = Vec::new();
        walk(root, "", &mut files)?;
        files.sort_unstable();
        let mut days: Vec<Day> = Vec::new();
        for path in &files {
            let (name, within) = path.split_once('/').unwrap_or_default();
            if day_number(name).is_none() || !takes_part(within) {
                continue;
            }
            if days.last().is_none_or(|day| day.name != name) {
                days.push(Day::new(name));
            }
            if let Some(day) = days.last_mut() {
                day.files.insert(within.to_owned(), read(&root.join(path))?);
            }
        }
        days.retain(|day| day.files.contains_key("Cargo.toml"));
        let root = root.to_owned();
        ensure!(!days.is_empty(), "{} holds no day", root.display());
        Ok(Self { root, files, days })
    }

    pub(crate) fn day(&self, number: usize) -> Result<&Day> {
        let found = self.days.iter().find(|day| day.number == number);
        let (first, last) = (&self.days[0], &self.days[self.days.len() - 1]);
        let (first, last) = (first.number, last.number);
        let error = format!("there is no day {number}: the course has days {first} to {last}");
        found.context(error)
    }

    /// The day whose layer `day` adds to.
    pub(crate) fn before(&self, day: &Day) -> Option<&Day> {
        let mut earlier = self.days.iter().rev();
        earlier.find(|other| other.number < day.number)
    }

    /// The day that a path below the root is in, and the path within the day.
    pub(crate) fn day_of<'p>(&self, path: &'p str) -> Option<(&Day, &'p str)> {
        let (name, path) = path.split_once('/')?;
        let day = self.days.iter().find(|day| day.name == name)?;
        Some((day, path))
    }

    /// A file's text, if the file exists.
    pub(crate) fn text(&self, path: &str) -> Result<Option<String>> {
        let path = self.root.join(path);
        path.is_file().then(|| read(&path)).transpose()
    }

    /// The course's texts. What lies below the tools is no text: the small course of their
    /// tests, and tables to be included.
    pub(crate) fn documents(&self) -> Result<Vec<Document>> {
        let is_text = |path: &&String| path.ends_with(".md") && !path.starts_with("xtask/");
        let document = |path: &String| Ok(Document::new(path, read(&self.root.join(path))?));
        self.files.iter().filter(is_text).map(document).collect()
    }
}

impl Day {
    /// A day without files.
    pub(crate) fn new(name: &str) -> Self {
        Self {
            number: day_number(name).unwrap_or(0),
            name: name.to_owned(),
            files: BTreeMap::new(),
        }
    }

    /// The crate's name where Rust wants an identifier: `day03_channel`.
    pub(crate) fn crate_name(&self) -> String {
        self.name.replace('-', "_")
    }

    /// A text of this day with the name of `other` in place of this day's.
    pub(crate) fn renamed(&self, text: &str, other: &Day) -> String {
        let text = text.replace(&self.name, &other.name);
        text.replace(&self.crate_name(), &other.crate_name())
    }

    /// All of the day's files with the name of `other`.
    pub(crate) fn files_renamed(&self, other: &Day) -> BTreeMap<String, String> {
        let renamed = |text: &str| self.renamed(text, other);
        let file = |(path, text): (&String, &String)| (renamed(path), renamed(text));
        self.files.iter().map(file).collect()
    }

    /// A drift in one of the day's files.
    pub(crate) fn drift(
        &self,
        path: &str,
        line: usize,
        what: impl Into<String>,
        mend: impl Into<String>,
    ) -> Drift {
        Drift::new(format!("{}/{path}", self.name), line, what, mend)
    }
}

/// Whether a file within a day is one of those in which the days are compared: the code
/// and its manifest. Lessons, samples in other languages, pictures, answers and exercises
/// are each day's own.
pub(crate) fn takes_part(path: &str) -> bool {
    let code = ["src/", "tests/", "examples/"];
    path == "Cargo.toml" || path != EXERCISES && code.iter().any(|dir| path.starts_with(dir))
}

/// Whether a file within a day is part of its library, and not a program's.
pub(crate) fn is_library(path: &str) -> bool {
    let is_program = path.starts_with("src/bin/") || path == "src/main.rs";
    path.starts_with("src/") && path.ends_with(".rs") && !is_program
}

fn day_number(name: &str) -> Option<usize> {
    let (number, _) = name.strip_prefix("day")?.split_once('-')?;
    number.parse().ok()
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Collects the files below a directory, except for hidden ones, for what cargo and
/// Python build, and for what `patch` leaves behind.
fn walk(root: &Path, below: &str, found: &mut Vec<String>) -> Result<()> {
    for entry in fs::read_dir(root.join(below))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_rest = name.ends_with(".orig") || name.ends_with(".rej");
        if name.starts_with('.') || ["target", "__pycache__"].contains(&&*name) || is_rest {
            continue;
        }
        if entry.file_type()?.is_dir() {
            walk(root, &format!("{below}{name}/"), found)?;
        } else {
            found.push(format!("{below}{name}"));
        }
    }
    Ok(())
}

/// A course of these files, for tests; dropping the first value removes the directory.
#[cfg(test)]
pub(crate) fn fixture(files: &[(&str, &str)]) -> (tempfile::TempDir, Course) {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let course = Course::at(dir.path()).unwrap();
    (dir, course)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_come_in_order_with_the_files_that_take_part() {
        let (_dir, course) = fixture(&[
            ("day02-two/Cargo.toml", ""),
            ("day10-ten/Cargo.toml", ""),
            ("day01-one/Cargo.toml", "name = \"day01-one\""),
            ("day01-one/src/lib.rs", "day01_one"),
            ("day01-one/src/lib.rs.orig", ""),
            ("day01-one/tests/exercises.rs", ""),
            ("day01-one/README.md", ""),
            ("day01-one/python/client.py", ""),
            ("day01-one/target/debug/build.rs", ""),
            ("daybreak/Cargo.toml", ""),
        ]);
        let numbers: Vec<_> = course.days.iter().map(|day| day.number).collect();
        assert_eq!(numbers, [1, 2, 10]);
        let (one, two) = (course.day(1).unwrap(), course.day(2).unwrap());
        let files: Vec<_> = one.files.keys().collect();
        assert_eq!(files, ["Cargo.toml", "src/lib.rs"]);
        assert_eq!(one.files_renamed(two)["src/lib.rs"], "day02_two");
        assert_eq!(one.files_renamed(two)["Cargo.toml"], "name = \"day02-two\"");
        assert_eq!(course.before(two).unwrap().number, 1);
        assert!(course.before(one).is_none());
        let error = course.day(3).err().unwrap().to_string();
        assert_eq!(error, "there is no day 3: the course has days 1 to 10");
    }

    #[test]
    fn programs_are_not_the_library() {
        assert!(is_library("src/epoll.rs") && is_library("src/log/buf.rs"));
        assert!(!is_library("src/bin/echo.rs") && !is_library("tests/echo.rs"));
        assert!(!is_library("src/main.rs") && !is_library("src/words.txt"));
    }
}
