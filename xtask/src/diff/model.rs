//! The difference between two days, as data.

use std::collections::BTreeMap;
use std::ops::Range;

use similar::{Algorithm, Change, ChangeTag, DiffOp};

use crate::course::{Course, Day};

/// How many unchanged lines stand around a change.
const CONTEXT: usize = 3;

/// A day against the day before.
pub(crate) struct DayDiff<'c> {
    pub(crate) day: &'c Day,
    /// The first day has none: all of it is new.
    pub(crate) before: Option<&'c Day>,
    /// In the order of their paths.
    pub(crate) files: Vec<FileDiff>,
}

/// One file of the two days.
pub(crate) struct FileDiff {
    pub(crate) path: String,
    /// What the day before has, with the name of its crate replaced.
    pub(crate) old: Option<String>,
    pub(crate) new: Option<String>,
    pub(crate) hunks: Vec<Hunk>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Added,
    Changed,
    Removed,
    Unchanged,
}

/// Changes that stand close together, with the lines around them.
pub(crate) struct Hunk {
    /// Where its lines are in the old and in the new file, counted from 0.
    pub(crate) old: Range<usize>,
    pub(crate) new: Range<usize>,
    pub(crate) lines: Vec<Line>,
}

/// One line of a hunk, with its line end if the file has one there.
pub(crate) type Line = (ChangeTag, String);

impl<'c> DayDiff<'c> {
    pub(crate) fn new(course: &'c Course, day: &'c Day) -> Self {
        let before = course.before(day);
        let mut old = before.map_or_else(BTreeMap::new, |before| before.files_renamed(day));
        let mut files = Vec::new();
        for (path, new) in &day.files {
            files.push(FileDiff::new(path, old.remove(path), Some(new.clone())));
        }
        for (path, old) in old {
            files.push(FileDiff::new(&path, Some(old), None));
        }
        files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Self { day, before, files }
    }

    pub(crate) fn title(&self) -> String {
        let title = |word: &str, day: &Day| format!("{word} {} ({})", day.number, day.name);
        let own = title("Day", self.day);
        match self.before {
            Some(before) => format!("{own} against {}", title("day", before)),
            None => format!("{own}: everything is new"),
        }
    }

    /// The files with this status.
    pub(crate) fn with(&self, status: Status) -> impl Iterator<Item = &FileDiff> {
        let has_it = move |file: &&FileDiff| file.status() == status;
        self.files.iter().filter(has_it)
    }

    /// The files that are not as they were.
    pub(crate) fn touched(&self) -> impl Iterator<Item = &FileDiff> {
        let is_touched = |file: &&FileDiff| file.status() != Status::Unchanged;
        self.files.iter().filter(is_touched)
    }
}

impl FileDiff {
    pub(crate) fn new(path: &str, old: Option<String>, new: Option<String>) -> Self {
        let hunks = hunks(old.as_deref().unwrap_or(""), new.as_deref().unwrap_or(""));
        Self {
            path: path.to_owned(),
            old,
            new,
            hunks,
        }
    }

    pub(crate) fn status(&self) -> Status {
        match (&self.old, &self.new) {
            (None, _) => Status::Added,
            (_, None) => Status::Removed,
            (Some(old), Some(new)) if old == new => Status::Unchanged,
            _ => Status::Changed,
        }
    }

    /// How many lines the file has, or had if it is gone.
    pub(crate) fn line_count(&self) -> usize {
        let text = self.new.as_ref().or(self.old.as_ref());
        text.map_or(0, |text| text.lines().count())
    }

    pub(crate) fn added(&self) -> usize {
        self.count(ChangeTag::Insert)
    }

    pub(crate) fn removed(&self) -> usize {
        self.count(ChangeTag::Delete)
    }

    fn count(&self, tag: ChangeTag) -> usize {
        let lines = self.hunks.iter().flat_map(|hunk| &hunk.lines);
        lines.filter(|line| line.0 == tag).count()
    }
}

impl Hunk {
    /// Whether a text stands in one of the lines that are new or gone.
    pub(crate) fn changes(&self, text: &str) -> bool {
        let has_it = |(tag, line): &Line| *tag != ChangeTag::Equal && line.contains(text);
        self.lines.iter().any(has_it)
    }

    /// The first line of the new file that differs, counted from 1.
    pub(crate) fn first_change(&self) -> usize {
        let lines = self.lines.iter();
        let same = lines.take_while(|line| line.0 == ChangeTag::Equal);
        self.new.start + same.count() + 1
    }
}

fn hunks(old: &str, new: &str) -> Vec<Hunk> {
    // Lines end at `\n` and nowhere else: to `patch` a lone `\r` is a byte like any.
    let split = |text| str::split_inclusive(text, '\n').collect::<Vec<_>>();
    let (old, new) = (split(old), split(new));
    let ops = similar::capture_diff_slices(Algorithm::Histogram, &old, &new);
    let hunk = |ops: Vec<DiffOp>| {
        let (first, last) = (ops.first()?, ops.last()?);
        let changes = ops.iter().flat_map(|op| op.iter_changes(&old, &new));
        let line = |change: Change<&str>| (change.tag(), change.value().to_owned());
        Some(Hunk {
            old: first.old_range().start..last.old_range().end,
            new: first.new_range().start..last.new_range().end,
            lines: changes.map(line).collect(),
        })
    };
    let groups = similar::group_diff_ops(ops, CONTEXT).into_iter();
    groups.filter_map(hunk).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(old: Option<&str>, new: Option<&str>) -> FileDiff {
        FileDiff::new("src/lib.rs", old.map(str::to_owned), new.map(str::to_owned))
    }

    #[test]
    fn the_status_follows_from_the_two_texts() {
        assert_eq!(file(None, Some("a\n")).status(), Status::Added);
        assert_eq!(file(Some("a\n"), None).status(), Status::Removed);
        assert_eq!(file(Some("a\n"), Some("a\n")).status(), Status::Unchanged);
        assert_eq!(file(Some("a\n"), Some("a")).status(), Status::Changed);
    }

    #[test]
    fn lines_are_counted_and_an_unchanged_file_has_no_hunk() {
        let changed = file(Some("a\nb\nc\n"), Some("a\nB\nc\nd\n"));
        assert_eq!(
            (changed.added(), changed.removed(), changed.line_count()),
            (2, 1, 4)
        );
        assert!(file(Some("a\n"), Some("a\n")).hunks.is_empty());
        assert_eq!(file(Some("a\nb"), None).line_count(), 2);
    }

    #[test]
    fn distant_changes_are_hunks_of_their_own() {
        let old: String = (0..30).map(|n| format!("{n}\n")).collect();
        let new = old
            .replace("2\n3\n", "2\nnew\n3\n")
            .replace("25\n", "five\n");
        let file = file(Some(&old), Some(&new));
        assert_eq!(file.hunks.len(), 2);
        assert_eq!(file.hunks[0].first_change(), 4);
        assert!(file.hunks[0].changes("ne") && !file.hunks[0].changes("3"));
        assert_eq!(
            (file.hunks[1].old.clone(), file.hunks[1].new.clone()),
            (22..29, 23..30)
        );
    }
}
