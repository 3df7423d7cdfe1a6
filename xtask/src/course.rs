//! The course as it lies on the disk: its days in order, and their files.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::git;
use crate::markdown::Document;

/// Exercises belong to a day's lesson: the next day has its own, and that the
/// old ones are gone is no step of the code.
const EXERCISES: &str = "tests/exercises.rs";

/// The days and every file around them.
pub(crate) struct Course {
    pub(crate) root: PathBuf,
    /// Paths below the root, in order.
    pub(crate) files: Vec<String>,
    days: Vec<Day>,
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
        let root = here
            .ancestors()
            .find(|dir| is_workspace(dir))
            .with_context(|| format!("{} is not inside the course", here.display()))?;
        Self::at(root)
    }

    pub(crate) fn at(root: &Path) -> Result<Self> {
        let mut files = if root.join(".git").exists() {
            git::files(root)?
        } else {
            let mut found = Vec::new();
            walk(root, "", &mut found)?;
            found
        };
        // git also lists what was deleted but not yet committed.
        files.retain(|path| root.join(path).is_file());
        files.sort_unstable();
        let mut course = Self {
            root: root.to_owned(),
            files,
            days: Vec::new(),
        };
        for path in &course.files {
            let Some((name, path)) = path.split_once('/') else {
                continue;
            };
            let Some(number) = day_number(name) else {
                continue;
            };
            if course.days.last().is_none_or(|day| day.name != name) {
                course.days.push(Day {
                    number,
                    name: name.to_owned(),
                    files: BTreeMap::new(),
                });
            }
            if takes_part(path) {
                let text = read(&root.join(name).join(path))?;
                let day = course.days.last_mut().context("a day was just added")?;
                day.files.insert(path.to_owned(), text);
            }
        }
        course
            .days
            .retain(|day| day.files.contains_key("Cargo.toml"));
        if course.days.is_empty() {
            bail!("{} holds no day (dayNN-name/Cargo.toml)", root.display());
        }
        Ok(course)
    }

    pub(crate) fn days(&self) -> &[Day] {
        &self.days
    }

    pub(crate) fn day(&self, number: usize) -> Result<&Day> {
        let found = self.days.iter().find(|day| day.number == number);
        found.with_context(|| {
            let (first, last) = (&self.days[0], &self.days[self.days.len() - 1]);
            format!(
                "there is no day {number}: the course has days {} to {}",
                first.number, last.number
            )
        })
    }

    /// The day that `day` grew out of.
    pub(crate) fn before(&self, day: &Day) -> Option<&Day> {
        self.days
            .iter()
            .rev()
            .find(|other| other.number < day.number)
    }

    /// The days that grew out of `day`.
    pub(crate) fn after(&self, day: &Day) -> impl Iterator<Item = &Day> {
        self.days.iter().filter(|other| other.number > day.number)
    }

    /// The day that a path below the root is in, and the path within the day.
    pub(crate) fn day_of<'p>(&self, path: &'p str) -> Option<(&Day, &'p str)> {
        let (name, path) = path.split_once('/')?;
        let day = self.days.iter().find(|day| day.name == name)?;
        Some((day, path))
    }

    /// A file's text, if the file is there.
    pub(crate) fn text(&self, path: &str) -> Result<Option<String>> {
        let path = self.root.join(path);
        if path.is_file() {
            read(&path).map(Some)
        } else {
            Ok(None)
        }
    }

    /// The course's texts. The courses that the tools' own tests are tried on
    /// are not part of this one.
    pub(crate) fn documents(&self) -> Result<Vec<Document>> {
        self.files
            .iter()
            .filter(|path| path.ends_with(".md") && !path.starts_with("xtask/tests/"))
            .map(|path| Ok(Document::new(path, read(&self.root.join(path))?)))
            .collect()
    }
}

impl Day {
    /// The crate's name where Rust wants an identifier: `day03_channel`.
    pub(crate) fn crate_name(&self) -> String {
        self.name.replace('-', "_")
    }

    /// A text of this day as `other` would have it: with its own name in it.
    pub(crate) fn renamed(&self, text: &str, other: &Day) -> String {
        text.replace(&self.name, &other.name)
            .replace(&self.crate_name(), &other.crate_name())
    }

    /// All of the day's files as `other` would have them.
    pub(crate) fn files_renamed(&self, other: &Day) -> BTreeMap<String, String> {
        self.files
            .iter()
            .map(|(path, text)| (self.renamed(path, other), self.renamed(text, other)))
            .collect()
    }

    /// The library's own sources: what other programs can use of the day.
    pub(crate) fn library(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .filter(|(path, _)| is_library(path))
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }
}

/// Whether a file within a day is one of those in which the days are compared:
/// the code and its manifest. Lessons, samples in other languages, pictures,
/// answers and exercises are each day's own.
pub(crate) fn takes_part(path: &str) -> bool {
    let code = ["src/", "tests/", "examples/"];
    path == "Cargo.toml" || path != EXERCISES && code.iter().any(|dir| path.starts_with(dir))
}

/// Whether a file within a day is part of its library, and not a program's.
pub(crate) fn is_library(path: &str) -> bool {
    path.starts_with("src/")
        && path.ends_with(".rs")
        && !path.starts_with("src/bin/")
        && path != "src/main.rs"
}

fn day_number(name: &str) -> Option<usize> {
    let (number, _) = name.strip_prefix("day")?.split_once('-')?;
    number.parse().ok()
}

fn is_workspace(dir: &Path) -> bool {
    fs::read_to_string(dir.join("Cargo.toml"))
        .is_ok_and(|text| text.lines().any(|line| line.trim() == "[workspace]"))
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Collects the files below a directory that is no checkout. Hidden entries are
/// left out, and so is what cargo builds.
fn walk(root: &Path, below: &str, found: &mut Vec<String>) -> Result<()> {
    for entry in fs::read_dir(root.join(below))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') || name == "target" {
            continue;
        }
        let path = if below.is_empty() {
            name
        } else {
            format!("{below}/{name}")
        };
        if entry.file_type()?.is_dir() {
            walk(root, &path, found)?;
        } else {
            found.push(path);
        }
    }
    Ok(())
}

/// A course of these files, for tests; the directory goes with the first value.
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
            ("day01-one/tests/exercises.rs", ""),
            ("day01-one/README.md", ""),
            ("day01-one/python/client.py", ""),
            ("day01-one/target/debug/build.rs", ""),
            ("daybreak/Cargo.toml", ""),
        ]);
        let numbers: Vec<_> = course.days().iter().map(|day| day.number).collect();
        assert_eq!(numbers, [1, 2, 10]);
        let (one, two) = (course.day(1).unwrap(), course.day(2).unwrap());
        assert_eq!(
            one.files.keys().collect::<Vec<_>>(),
            ["Cargo.toml", "src/lib.rs"]
        );
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
