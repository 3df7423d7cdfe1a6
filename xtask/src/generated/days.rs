//! The table of the days in the course's README.

use anyhow::{Result, ensure};
use toml::de::DeTable;

use crate::course::{Course, Day};
use crate::diff::{DayDiff, FileDiff, Status};
use crate::markdown::{Document, Language};
use crate::rust_source::lines_before_tests;

pub(super) fn table(course: &Course, document: &Document, words: &[&str]) -> Result<String> {
    ensure!(words.is_empty(), "'days' takes no words");
    let language = document.language();
    let mut text = match language {
        Language::English => "| Day | What it is about | Run it | Library, lines | New, lines |\n",
        Language::Chinese => "| 天 | 内容 | 运行 | 库代码行数 | 新增行数 |\n",
    }
    .to_owned();
    text += "|---|---|---|--:|--:|\n";
    for day in course.days() {
        let lines: usize = day
            .library()
            .map(|(_, text)| lines_before_tests(text))
            .sum();
        let new: usize = new_lines(&DayDiff::new(course, day));
        text += &format!(
            "| [{}]({}) | {} | `cargo run -p {}` | {lines} | {new} |\n",
            day.number,
            lesson(course, day, language).unwrap_or_else(|| day.name.clone()),
            subject(course, day, language)?.replace('|', "\\|"),
            day.name,
        );
    }
    text += match language {
        Language::English => {
            "\nLines of the library's modules with their comments, without their tests.\n"
        }
        Language::Chinese => "\n行数含注释，不含测试和可执行程序。\n",
    };
    Ok(text)
}

/// How many lines before the tests the day adds to its library.
fn new_lines(diff: &DayDiff) -> usize {
    diff.touched()
        .filter(|file| file.status() != Status::Removed && crate::course::is_library(&file.path))
        .map(added_before_tests)
        .sum()
}

fn added_before_tests(file: &FileDiff) -> usize {
    let before = |text: &Option<String>| {
        let text = text.as_deref().unwrap_or("");
        text.split_inclusive('\n')
            .take(lines_before_tests(text))
            .collect::<String>()
    };
    FileDiff::new(&file.path, Some(before(&file.old)), Some(before(&file.new))).added()
}

/// The path of a day's lesson, in this language or else in the other.
fn lesson(course: &Course, day: &Day, language: Language) -> Option<String> {
    let names: &[&str] = match language {
        Language::English => &["README.md"],
        Language::Chinese => &["README.zh-CN.md", "README.md"],
    };
    let mut paths = names.iter().map(|name| format!("{}/{name}", day.name));
    paths.find(|path| course.files.contains(path))
}

/// What a day is about: the title of its lesson, without the day's number, or
/// the package's description until there is one.
fn subject(course: &Course, day: &Day, language: Language) -> Result<String> {
    if let Some(path) = lesson(course, day, language)
        && let Some(text) = course.text(&path)?
        && let Some(title) = Document::new(&path, text).headings().into_iter().next()
    {
        let (_, subject) = title
            .text
            .split_once([':', '：'])
            .unwrap_or(("", &title.text));
        return Ok(subject.trim().to_owned());
    }
    let manifest = DeTable::parse(&day.files["Cargo.toml"])?;
    let package = manifest
        .get_ref()
        .get("package")
        .and_then(|package| package.get_ref().as_table());
    let description = package.and_then(|package| package.get("description"));
    let description = description.and_then(|text| text.get_ref().as_str());
    Ok(description.unwrap_or_default().to_owned())
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
