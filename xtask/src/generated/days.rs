//! The table of the days in the course's README.

use anyhow::Result;

use crate::course::{Course, Day, is_library};
use crate::diff::{DayDiff, FileDiff, Status};
use crate::markdown::{Document, Language};
use crate::rust_source::lines_before_tests;

pub(super) fn table(course: &Course, document: &Document) -> Result<String> {
    let language = document.language();
    let head = language.of(
        "| Day | What it is about | Run it | Library, lines | New, lines |",
        "| 天 | 内容 | 运行 | 库代码行数 | 新增行数 |",
    );
    let mut text = format!("{head}\n|---|---|---|--:|--:|\n");
    for day in &course.days {
        let library = day.files.iter().filter(|(path, _)| is_library(path));
        let lines: usize = library.map(|(_, text)| lines_before_tests(text)).sum();
        let new = new_lines(&DayDiff::new(course, day));
        let (lesson, subject) = lesson(course, day, language)?;
        let (number, name) = (day.number, &day.name);
        text += &format!(
            "| [{number}]({lesson}) | {subject} | `cargo run -p {name}` | {lines} | {new} |\n"
        );
    }
    Ok(text
        + language.of(
            "\nLines of the library's modules with their comments, without their tests.\n",
            "\n行数含注释，不含测试和可执行程序。\n",
        ))
}

/// How many lines before the tests the day adds to its library.
fn new_lines(diff: &DayDiff) -> usize {
    let files = diff.touched().filter(|file| is_library(&file.path));
    let kept = files.filter(|file| file.status() != Status::Removed);
    kept.map(added_before_tests).sum()
}

fn added_before_tests(file: &FileDiff) -> usize {
    let before = |text: &Option<String>| {
        let text = text.as_deref().unwrap_or("");
        let lines = text.split_inclusive('\n').take(lines_before_tests(text));
        Some(lines.collect())
    };
    FileDiff::new(&file.path, before(&file.old), before(&file.new)).added()
}

/// The path of a day's lesson, in this language or else in English, and its subject: the
/// title without the day's number.
fn lesson(course: &Course, day: &Day, language: Language) -> Result<(String, String)> {
    for name in language.of(&["README.md"][..], &["README.zh-CN.md", "README.md"]) {
        let path = format!("{}/{name}", day.name);
        let Some(text) = course.text(&path)? else {
            continue;
        };
        let headings = Document::new(&path, text).headings();
        let title = headings.first().map_or("", |heading| &heading.text);
        let (_, subject) = title.split_once([':', '：']).unwrap_or(("", title));
        return Ok((path, subject.trim().replace('|', "\\|")));
    }
    Ok((day.name.clone(), String::new()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_tests_grow_by_are_not_the_librarys() {
        let old = "a\n\n#[cfg(test)]\nmod tests {\n}\n".to_owned();
        let new = "a\nb\n\n#[cfg(test)]\nmod tests {\n    use x;\n}\n".to_owned();
        let file = FileDiff::new("src/a.rs", Some(old), Some(new.clone()));
        assert_eq!((file.added(), added_before_tests(&file)), (2, 1));
        let file = FileDiff::new("src/a.rs", None, Some(new));
        assert_eq!(added_before_tests(&file), 2);
    }
}
