//! What a lesson says about the files of its day.

use anyhow::{Result, ensure};

use crate::course::{Course, Day};
use crate::diff::{self, DayDiff, FileDiff, Status};
use crate::markdown::{Document, Language};
use crate::terminal::Paint;
use crate::why::Whys;

/// The files that are not as they were the day before.
pub(super) fn table(course: &Course, document: &Document, day: &Day) -> Result<String> {
    let diff = DayDiff::new(course, day);
    let whys = Whys::of(course, day)?.unwrap_or_default();
    let language = document.language();
    let head = language.of("| File | | Lines | Why |", "| 文件 | | 行数 | 原因 |");
    let mut text = format!("{head}\n|---|---|---|---|\n");
    for file in diff.touched() {
        let about = whys.about(file);
        let why: Vec<_> = about.iter().map(|why| why.sentence(language)).collect();
        // A bar would end the cell early.
        let why = why.join(language.of(" ", "")).replace('|', "\\|");
        let (link, word) = (link(document, day, file), word(file, language));
        text += &format!("| {link} | {word} | {} | {why} |\n", diff::sizes(file));
    }
    let unchanged = diff.with(Status::Unchanged).count();
    Ok(text
        + &match (unchanged, language) {
            (0, _) => String::new(),
            (1, Language::English) => "\nOne file is as it was the day before.\n".to_owned(),
            (count, Language::English) => {
                format!("\n{count} files are as they were the day before.\n")
            }
            (count, Language::Chinese) => format!("\n其余 {count} 个文件与前一天相同。\n"),
        })
}

/// The lines that were removed and added in the files of the day before. New files are
/// read whole, behind the links of the table.
pub(super) fn diff(course: &Course, document: &Document, day: &Day) -> Result<String> {
    let diff = DayDiff::new(course, day);
    let whys = Whys::of(course, day)?.unwrap_or_default();
    let changed = diff.touched().filter(|file| file.status() != Status::Added);
    let patch = diff::patch(changed, &whys, document.language(), Paint::PLAIN);
    let number = day.number;
    let has_changes = !patch.is_empty();
    ensure!(
        has_changes,
        "day {number} changes no file of the day before"
    );
    // Inside a `<summary>`, Markdown is not read.
    let command = format!("<code>cargo xtask diff {number}</code>");
    let summary = document.language().of(
        format!("The lines that changed in these files; {command} also prints the new ones"),
        format!("这些文件中改动的行（{command} 还会打印新文件）"),
    );
    let (fence, patch) = (fence_around(&patch), patch.trim_matches('\n'));
    Ok(format!(
        "<details>\n<summary>{summary}</summary>\n\n{fence}diff\n{patch}\n{fence}\n\n</details>"
    ))
}

fn link(document: &Document, day: &Day, file: &FileDiff) -> String {
    let path = &file.path;
    match file.status() {
        Status::Removed => format!("`{path}`"),
        _ if document.dir() == day.name => format!("[`{path}`]({path})"),
        _ => format!("[`{path}`]({}{}/{path})", document.to_root(), day.name),
    }
}

fn word(file: &FileDiff, language: Language) -> &'static str {
    match file.status() {
        Status::Added => language.of("new", "新增"),
        Status::Changed => language.of("changed", "改动"),
        Status::Removed => language.of("gone", "删除"),
        Status::Unchanged => language.of("as it was", "不变"),
    }
}

/// A fence longer than any that the text holds.
fn fence_around(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fence_is_longer_than_those_inside() {
        assert_eq!(fence_around("no fence"), "```");
        assert_eq!(fence_around("+/// ```\n+/// ````x"), "`````");
    }

    #[test]
    fn links_start_where_the_document_is() {
        let day = Day::new("day01-one");
        let file = FileDiff::new("src/a.rs", None, Some(String::new()));
        let link_from = |path: &str| link(&Document::new(path, String::new()), &day, &file);
        assert_eq!(link_from("day01-one/README.md"), "[`src/a.rs`](src/a.rs)");
        assert_eq!(link_from("README.md"), "[`src/a.rs`](day01-one/src/a.rs)");
        assert_eq!(
            link_from("docs/x.md"),
            "[`src/a.rs`](../day01-one/src/a.rs)"
        );
    }
}
