//! What a lesson says about the files of its day.

use anyhow::{Context, Result, ensure};

use crate::course::{Course, Day};
use crate::diff::{self, DayDiff, FileDiff, Status};
use crate::markdown::{Document, Language};
use crate::paint::Paint;
use crate::why::Whys;

/// The words of a region: the number of a day.
pub(super) fn day<'c>(course: &'c Course, words: &[&str]) -> Result<&'c Day> {
    let number = match words {
        [number] => number.parse().ok(),
        _ => None,
    };
    course.day(number.context("the region names no day, as in 'changes 3'")?)
}

/// The files that are not as they were the day before.
pub(super) fn table(course: &Course, document: &Document, words: &[&str]) -> Result<String> {
    let day = day(course, words)?;
    let diff = DayDiff::new(course, day);
    let whys = Whys::of(course, day)?.unwrap_or_default();
    let language = document.language();
    let (head, between) = match language {
        Language::English => ("| File | | Lines | Why |", " "),
        Language::Chinese => ("| 文件 | | 行数 | 原因 |", ""),
    };
    let mut text = format!(
        "{head}
|---|---|---|---|
"
    );
    for file in diff.touched() {
        let why: Vec<_> = whys
            .about(file)
            .iter()
            .map(|why| why.sentence(language))
            .collect();
        text += &format!(
            "| {} | {} | {} | {} |\n",
            link(document, day, file),
            word(file.status(), language),
            diff::sizes(file),
            cell(&why.join(between)),
        );
    }
    let unchanged = diff.with(Status::Unchanged).count();
    Ok(text
        + &match (unchanged, language) {
            (0, _) => String::new(),
            (1, Language::English) => "\nOne file is as it was the day before.\n".to_owned(),
            (_, Language::English) => {
                format!("\n{unchanged} files are as they were the day before.\n")
            }
            (_, Language::Chinese) => format!("\n其余 {unchanged} 个文件与前一天相同。\n"),
        })
}

/// What went and came in the files that were there before. New files are read
/// whole, behind the links of the table.
pub(super) fn diff(course: &Course, document: &Document, words: &[&str]) -> Result<String> {
    let day = day(course, words)?;
    let diff = DayDiff::new(course, day);
    let whys = Whys::of(course, day)?.unwrap_or_default();
    let changed = diff.touched().filter(|file| file.status() != Status::Added);
    let patch = diff::patch(changed, &whys, document.language(), Paint::PLAIN);
    ensure!(
        !patch.is_empty(),
        "day {} changes no file that was there before",
        day.number
    );
    let command = format!("`cargo xtask diff {}`", day.number);
    let summary = match document.language() {
        Language::English => {
            format!("The lines that changed in these files; {command} also prints the new ones")
        }
        Language::Chinese => format!("这些文件中改动的行（{command} 还会打印新文件）"),
    };
    let fence = fence_around(&patch);
    // Inside a `<summary>`, Markdown stays as it is typed unless blank lines set it off.
    let summary = summary
        .replacen('`', "<code>", 1)
        .replacen('`', "</code>", 1);
    Ok(format!(
        "<details>\n<summary>{summary}</summary>\n\n{fence}diff\n{}\n{fence}\n\n</details>",
        patch.trim_matches('\n')
    ))
}

fn link(document: &Document, day: &Day, file: &FileDiff) -> String {
    let path = &file.path;
    if file.status() == Status::Removed {
        return format!("`{path}`");
    }
    if document.dir() == day.name {
        return format!("[`{path}`]({path})");
    }
    format!("[`{path}`]({}{}/{path})", document.to_root(), day.name)
}

fn word(status: Status, language: Language) -> &'static str {
    match (status, language) {
        (Status::Added, Language::English) => "new",
        (Status::Changed, Language::English) => "changed",
        (Status::Removed, Language::English) => "gone",
        (Status::Unchanged, Language::English) => "as it was",
        (Status::Added, Language::Chinese) => "新增",
        (Status::Changed, Language::Chinese) => "改动",
        (Status::Removed, Language::Chinese) => "删除",
        (Status::Unchanged, Language::Chinese) => "不变",
    }
}

/// A text that does not end its cell early.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
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
        let day = Day {
            number: 1,
            name: "day01-one".to_owned(),
            files: Default::default(),
        };
        let file = FileDiff::new("src/a.rs", None, Some(String::new()));
        let link_from = |path: &str| link(&Document::new(path, String::new()), &day, &file);
        assert_eq!(link_from("day01-one/README.md"), "[`src/a.rs`](src/a.rs)");
        assert_eq!(link_from("README.md"), "[`src/a.rs`](day01-one/src/a.rs)");
        assert_eq!(
            link_from("docs/x.md"),
            "[`src/a.rs`](../day01-one/src/a.rs)"
        );
    }

    #[test]
    fn a_bar_stays_inside_its_cell() {
        assert_eq!(cell("a | b"), "a \\| b");
    }
}
