//! Which files a day adds, changes and leaves alone.

use comfy_table::{CellAlignment, Table, presets};

use super::model::{DayDiff, FileDiff, Status};

/// The files in groups, and how much of each is new.
pub(crate) fn files(diff: &DayDiff) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["file", "", "lines", "+", "-"]);
    for (status, word) in [
        (Status::Added, "added"),
        (Status::Changed, "changed"),
        (Status::Removed, "removed"),
        (Status::Unchanged, "unchanged"),
    ] {
        for file in diff.with(status) {
            table.add_row([
                file.path.clone(),
                word.to_owned(),
                file.line_count().to_string(),
                count(file.added()),
                count(file.removed()),
            ]);
        }
    }
    let sum = |of: fn(&FileDiff) -> usize| diff.files.iter().map(of).sum::<usize>();
    table.add_row([
        format!("{} files", diff.files.len()),
        String::new(),
        sum(FileDiff::line_count).to_string(),
        count(sum(FileDiff::added)),
        count(sum(FileDiff::removed)),
    ]);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.trim_fmt() + "\n"
}

/// `+12 −3`, as the lessons say it.
pub(crate) fn sizes(file: &FileDiff) -> String {
    let parts = [('+', file.added()), ('−', file.removed())];
    let parts = parts.iter().filter(|(_, count)| *count > 0);
    let parts: Vec<_> = parts
        .map(|(sign, count)| format!("{sign}{count}"))
        .collect();
    parts.join(" ")
}

/// A zero says nothing that an empty cell does not.
fn count(count: usize) -> String {
    if count == 0 {
        String::new()
    } else {
        count.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::Day;

    #[test]
    fn files_stand_in_groups_with_their_sums() {
        let day = Day {
            number: 2,
            name: "day02-b".to_owned(),
            files: Default::default(),
        };
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
