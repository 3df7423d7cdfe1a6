//! The two languages of a text say the same, as far as a program can tell.

use anyhow::Result;

use crate::course::Course;
use crate::drift::Drift;
use crate::markdown::{CodeBlock, Document, Heading};

/// Languages of code that is run or compared; a diagram or a quoted text may be
/// translated.
const VERBATIM: &[&str] = &["rust", "console", "cpp", "c++", "c", "python", "toml", "sh"];

pub(super) fn check(course: &Course) -> Result<Vec<Drift>> {
    let documents = course.documents()?;
    let mut drifts = Vec::new();
    for chinese in &documents {
        let Some(path) = chinese.english_twin() else {
            continue;
        };
        match documents.iter().find(|document| document.path == path) {
            Some(english) => {
                drifts.extend(compare_headings(english, chinese));
                drifts.extend(compare_blocks(english, chinese));
            }
            None => drifts.push(Drift::new(
                &chinese.path,
                1,
                format!("there is no {path}"),
                "write the English twin",
            )),
        }
    }
    Ok(drifts)
}

fn compare_headings(english: &Document, chinese: &Document) -> Option<Drift> {
    let (left, right) = (english.headings(), chinese.headings());
    let level = |heading: Option<&Heading>| heading.map(|heading| heading.level);
    let at = first_difference(left.len(), right.len(), |at| {
        level(left.get(at)) == level(right.get(at))
    })?;
    let say = |heading: Option<&Heading>| match heading {
        Some(heading) => format!(
            "'{} {}' in line {}",
            "#".repeat(heading.level),
            heading.text,
            heading.line
        ),
        None => "no heading".to_owned(),
    };
    let what = format!(
        "{} has {} where {} has {}",
        chinese.path,
        say(right.get(at)),
        english.path,
        say(left.get(at))
    );
    let line = right
        .get(at)
        .or(right.last())
        .map_or(1, |heading| heading.line);
    Some(Drift::new(
        &chinese.path,
        line,
        what,
        "give both texts the same headings",
    ))
}

fn compare_blocks(english: &Document, chinese: &Document) -> Option<Drift> {
    let (left, right) = (english.code_blocks(), chinese.code_blocks());
    let at = first_difference(left.len(), right.len(), |at| {
        match (left.get(at), right.get(at)) {
            (Some(left), Some(right)) => are_equal(left, right),
            _ => false,
        }
    })?;
    let line = right.get(at).or(right.last()).map_or(1, |block| block.line);
    let what = match left.get(at) {
        Some(left) => format!(
            "the code block differs from the one in {}:{}",
            english.path, left.line
        ),
        None => format!("{} has no such code block", english.path),
    };
    Some(Drift::new(
        &chinese.path,
        line,
        what,
        "give both texts the same code blocks",
    ))
}

fn are_equal(left: &CodeBlock, right: &CodeBlock) -> bool {
    let language = left.info.split([' ', ',']).next().unwrap_or("");
    left.info == right.info && (left.text == right.text || !VERBATIM.contains(&language))
}

fn first_difference(left: usize, right: usize, is_equal: impl Fn(usize) -> bool) -> Option<usize> {
    (0..left.max(right)).find(|&at| !is_equal(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drifts(english: &str, chinese: &str) -> Vec<String> {
        let english = Document::new("README.md", english.to_owned());
        let chinese = Document::new("README.zh-CN.md", chinese.to_owned());
        let headings = compare_headings(&english, &chinese);
        let found = headings
            .into_iter()
            .chain(compare_blocks(&english, &chinese));
        found.map(|drift| drift.to_string()).collect()
    }

    #[test]
    fn translated_words_and_diagrams_are_no_difference() {
        let english = "# One\n\n```rust\nlet x;\n```\n\n```mermaid\nowner\n```\n";
        let chinese = "# 一\n\n```rust\nlet x;\n```\n\n```mermaid\n拥有者\n```\n";
        assert!(drifts(english, chinese).is_empty());
    }

    #[test]
    fn the_first_difference_is_named() {
        assert_eq!(
            drifts("# One\n\n## Two\n", "# 一\n\n### 二\n"),
            [
                "README.zh-CN.md:3: README.zh-CN.md has '### 二' in line 3 where README.md has '## Two' in line 3"
            ]
        );
        assert_eq!(
            drifts("# One\n", "# 一\n# 二\n"),
            [
                "README.zh-CN.md:2: README.zh-CN.md has '# 二' in line 2 where README.md has no heading"
            ]
        );
        assert_eq!(
            drifts("```rust\na\n```\n", "文\n\n```rust\nb\n```\n"),
            ["README.zh-CN.md:3: the code block differs from the one in README.md:1"]
        );
        assert_eq!(
            drifts("", "```\n```\n"),
            ["README.zh-CN.md:1: README.md has no such code block"]
        );
    }
}
