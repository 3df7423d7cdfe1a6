//! The two languages of a text say the same, as far as a program can tell.

use anyhow::Result;

use crate::course::Course;
use crate::drift::Drift;
use crate::markdown::Document;

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
            Some(english) => drifts.extend(compare(english, chinese)),
            None => {
                let what = format!("there is no {path}");
                drifts.push(Drift::new(&chinese.path, 1, what, "write the English twin"));
            }
        }
    }
    Ok(drifts)
}

/// The first heading and the first block that differ.
fn compare(english: &Document, chinese: &Document) -> Vec<Drift> {
    let [left, right] = [english, chinese].map(parts);
    let kinds = [
        ("heading", left.0, right.0),
        ("code block", left.1, right.1),
    ];
    let drift = |(kind, left, right): (&str, Vec<Part>, Vec<Part>)| {
        let part = |side: &[Part], at| side.get(at).map(|(part, _): &Part| part.clone());
        let mut all = 0..left.len().max(right.len());
        let at = all.find(|&at| part(&left, at) != part(&right, at))?;
        // The last line where one side has no more.
        let line = |side: &[Part]| side.get(at).or(side.last()).map_or(1, |(_, line)| *line);
        let what = format!("the {kind} differs from {}:{}", english.path, line(&left));
        let mend = format!("give both texts the same {kind}s");
        Some(Drift::new(&chinese.path, line(&right), what, mend))
    };
    kinds.into_iter().filter_map(drift).collect()
}

/// What both languages must have the same, and its line.
type Part = (String, usize);

/// The headings' levels, and the code blocks.
fn parts(document: &Document) -> (Vec<Part>, Vec<Part>) {
    let headings = document.headings().into_iter();
    let headings = headings.map(|heading| ("#".repeat(heading.info), heading.line));
    let blocks = document.code_blocks().into_iter().map(|block| {
        let language = block.info.split([' ', ',']).next().unwrap_or("");
        let is_same = VERBATIM.contains(&language);
        let text = if is_same { &*block.text } else { "" };
        (format!("{}\n{text}", block.info), block.line)
    });
    (headings.collect(), blocks.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drifts(english: &str, chinese: &str) -> Vec<String> {
        let english = Document::new("a.md", english.to_owned());
        let chinese = Document::new("a.zh-CN.md", chinese.to_owned());
        compare(&english, &chinese)
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn translated_words_and_diagrams_are_no_difference() {
        let english = "# One\n\n```rust\nlet x;\n```\n\n```mermaid\nowner\n```\n";
        let chinese = "# 一\n\n```rust\nlet x;\n```\n\n```mermaid\n拥有者\n```\n";
        assert!(drifts(english, chinese).is_empty());
    }

    #[test]
    fn the_first_difference_is_named() {
        let heading = "a.zh-CN.md:3: the heading differs from a.md:3";
        assert_eq!(drifts("# One\n\n## Two\n", "# 一\n\n### 二\n"), [heading]);
        let heading = "a.zh-CN.md:2: the heading differs from a.md:1";
        assert_eq!(drifts("# One\n", "# 一\n# 二\n"), [heading]);
        let block = "a.zh-CN.md:3: the code block differs from a.md:1";
        assert_eq!(
            drifts("```rust\na\n```\n", "文\n\n```rust\nb\n```\n"),
            [block]
        );
        let block = "a.zh-CN.md:1: the code block differs from a.md:1";
        assert_eq!(drifts("", "```\n```\n"), [block]);
    }
}
