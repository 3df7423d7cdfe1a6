//! What a text shows of a file stands in that file.

use std::collections::BTreeSet;

use anyhow::Result;

use crate::course::Course;
use crate::drift::Drift;
use crate::markdown::{CodeBlock, Document};
use crate::transcripts;

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
        let mend = "name the file behind the fence: `rust,ignore src/lib.rs`";
        let missing = drift(block.line, "the excerpt is of no file", mend);
        return Ok(missing.filter(|_| block.info == "rust,ignore"));
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
    let mut indents = BTreeSet::new();
    let is_same = |(shown, line): (&&str, &&str)| {
        let indent = line.strip_suffix(shown);
        let indent = indent.filter(|indent| indent.trim().is_empty());
        if !line.is_empty() {
            indents.extend(indent.map(str::len));
        }
        indent.is_some() && shown.is_empty() == line.is_empty()
    };
    piece.iter().zip(window).all(is_same) && indents.len() <= 1
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
