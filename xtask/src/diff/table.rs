//! Which files a day adds, changes and leaves alone.

use super::model::{DayDiff, FileDiff, Status};

/// The files in groups, and how much of each is new.
pub(crate) fn files(diff: &DayDiff) -> String {
    let row = |name: &str, word: &str, counts: [usize; 3]| {
        // A zero says nothing that an empty cell does not.
        let counts = counts.map(|count| match count {
            0 => String::new(),
            count => count.to_string(),
        });
        let [lines, added, removed] = counts;
        [name.to_owned(), word.to_owned(), lines, added, removed]
    };
    let counts = |file: &FileDiff| [file.line_count(), file.added(), file.removed()];
    let mut rows = vec![["file", "", "lines", "+", "-"].map(str::to_owned)];
    for (status, word) in [
        (Status::Added, "added"),
        (Status::Changed, "changed"),
        (Status::Removed, "removed"),
        (Status::Unchanged, "unchanged"),
    ] {
        for file in diff.with(status) {
            rows.push(row(&file.path, word, counts(file)));
        }
    }
    let all = diff.files.iter().map(counts);
    let sums = all.fold([0; 3], |sums, counts| {
        [0, 1, 2].map(|at| sums[at] + counts[at])
    });
    rows.push(row(&format!("{} files", diff.files.len()), "", sums));
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let [file, word, lines, added, removed] = [0, 1, 2, 3, 4].map(width);
    let mut text = String::new();
    for [a, b, c, d, e] in &rows {
        let row = format!("{a:file$}  {b:word$}  {c:>lines$}  {d:>added$}  {e:>removed$}");
        text += row.trim_end();
        text.push('\n');
    }
    text
}

/// `+12 −3`, as the lessons say it.
pub(crate) fn sizes(file: &FileDiff) -> String {
    let parts = [('+', file.added()), ('−', file.removed())];
    let parts = parts.iter().filter(|(_, count)| *count > 0);
    let parts = parts.map(|(sign, count)| format!("{sign}{count}"));
    parts.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::Day;

    #[test]
    fn files_stand_in_groups_with_their_sums() {
        let day = Day::new("day02-b");
        let file = |path, old: Option<&str>, new: Option<&str>| {
            FileDiff::new(path, old.map(str::to_owned), new.map(str::to_owned))
        };
        let diff = DayDiff {
            day: &day,
            before: None,
            files: vec![
                file("a.rs", Some("x\n"), Some("x\n")),
                file("b.rs", Some("x\ny\n"), Some("x\nz\nz\n")),
                file("c.rs", None, Some("n\n")),
                file("d.rs", Some("o\n"), None),
            ],
        };
        let expected = "\
file                lines  +  -
c.rs     added          1  1
b.rs     changed        3  2  1
d.rs     removed        1     1
a.rs     unchanged      1
4 files                 6  3  2
";
        assert_eq!(files(&diff), expected);
        assert_eq!(sizes(&diff.files[1]), "+2 −1");
        assert_eq!(sizes(&diff.files[0]), "");
    }
}
