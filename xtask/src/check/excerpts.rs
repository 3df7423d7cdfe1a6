//! What a text shows of a file stands in that file.

use anyhow::Result;

use crate::course::Course;
use crate::drift::Drift;
use crate::markdown::{CodeBlock, Document};
use crate::transcripts;

/// Rust that is not compiled as it stands has to be a piece of what is compiled.
const EXCERPT: &str = "rust,ignore";

/// Comments that stand for lines that were left out.
const GAPS: &[&str] = &["// …", "# …"];

pub(super) fn check(course: &Course) -> Result<Vec<Drift>> {
    let mut drifts = Vec::new();
    for document in course.documents()? {
        for block in document.code_blocks() {
            drifts.extend(check_block(course, &document, &block)?);
        }
    }
    Ok(drifts)
}

fn check_block(course: &Course, document: &Document, block: &CodeBlock) -> Result<Option<Drift>> {
    if transcripts::is_run(block) {
        return Ok(None);
    }
    let drift = |line, what: &str, mend: &str| Some(Drift::new(&document.path, line, what, mend));
    let Some((_, path)) = block.info.split_once(' ') else {
        let mend = format!("name the file behind the fence: `{EXCERPT} src/lib.rs`");
        let is_excerpt = block.info == EXCERPT;
        let what = "the excerpt is of no file";
        return Ok(drift(block.line, what, &mend).filter(|_| is_excerpt));
    };
    let beside = course.text(format!("{}/{path}", document.dir()).trim_start_matches('/'))?;
    let Some(file) = beside.or(course.text(path)?) else {
        let mend = "name a file, from the text's own directory or the root";
        return Ok(drift(block.line, &format!("there is no {path}"), mend));
    };
    let missing = find_missing(&block.text, &file);
    let what = format!("{path} has no such lines");
    Ok(missing.and_then(|at| drift(block.line + 1 + at, &what, "copy it anew")))
}

/// The first line of the piece that is not in the file.
fn find_missing(excerpt: &str, file: &str) -> Option<usize> {
    let file: Vec<_> = file.lines().collect();
    let lines: Vec<_> = excerpt.lines().collect();
    let mut from = 0;
    let mut start = 0;
    for piece in lines.split(|line| GAPS.contains(&line.trim())) {
        if !piece.is_empty() {
            let mut windows = file[from..].windows(piece.len());
            match windows.position(|window| is_same(piece, window)) {
                Some(at) => from += at + piece.len(),
                None => return Some(start),
            }
        }
        start += piece.len() + 1;
    }
    None
}

/// Whether the lines are the same, all of them further to the left by the same amount.
fn is_same(piece: &[&str], window: &[&str]) -> bool {
    let mut indents = piece.iter().zip(window).map(|(shown, line)| {
        if shown.is_empty() && line.is_empty() {
            return Some(None);
        }
        let indent = line.strip_suffix(shown)?;
        indent.trim().is_empty().then_some(Some(indent.len()))
    });
    let mut common = None;
    indents.all(|indent| match indent {
        None => false,
        Some(None) => true,
        Some(indent) => *common.get_or_insert(indent) == indent,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::fixture;

    const FILE: &str = "fn a() {\n    if b {\n        c();\n    }\n\n    d();\n}\n";

    #[test]
    fn a_piece_may_be_moved_to_the_left_as_a_whole() {
        assert_eq!(find_missing("if b {\n    c();\n}\n\nd();\n", FILE), None);
        assert_eq!(find_missing("if b {\n        c();\n", FILE), Some(0));
        assert_eq!(find_missing("b {\n", FILE), Some(0));
    }

    #[test]
    fn lines_may_be_left_out_where_it_is_said() {
        assert_eq!(find_missing("fn a() {\n    // …\n    d();\n", FILE), None);
        assert_eq!(find_missing("d();\n# …\nfn a() {\n", FILE), Some(2));
        assert_eq!(find_missing("fn a() {\nd();\n", FILE), Some(0));
    }

    #[test]
    fn an_excerpt_names_its_file() {
        let (_dir, course) = fixture(&[
            ("day01-one/Cargo.toml", ""),
            ("day01-one/src/a.rs", FILE),
            (
                "day01-one/README.md",
                "```rust,ignore src/a.rs\nd();\n```\n```rust,ignore\nd();\n```\n```c++ src/b.cc\n```\n",
            ),
        ]);
        let drifts: Vec<_> = check(&course)
            .unwrap()
            .iter()
            .map(Drift::to_string)
            .collect();
        assert_eq!(
            drifts,
            [
                "day01-one/README.md:4: the excerpt is of no file",
                "day01-one/README.md:7: there is no src/b.cc",
            ]
        );
    }
}
