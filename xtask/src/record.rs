//! `cargo xtask record`: the lessons' measurements, taken anew.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::atomic;
use crate::course::Course;
use crate::drift::Drift;
use crate::generated;
use crate::markdown::Document;
use crate::paint::Paint;
use crate::transcripts::{self, Line};
use crate::{recorded, syscalls};

/// Run the blocks of a lesson, and write down what the measured ones print now
///
/// Both languages get the same numbers, and the text around them says where and when
/// they were taken. A block whose words are no longer those that the lesson shows is
/// named, and nothing is written. For a day, the system calls of an echo are recorded
/// too.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The directories of the lessons, below the root, as in `day03-channel` or `.`
    #[arg(required = true, value_name = "DIR")]
    dirs: Vec<String>,

    /// Only run the blocks
    #[arg(long)]
    dry_run: bool,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    programs::end_children_on_interrupt()?;
    let course = Course::open()?;
    let paint = Paint::for_stdout();
    let mut out = io::stdout();
    let mut is_good = true;
    for dir in &args.dirs {
        let drifts = record(&course, below_root(dir), args.dry_run)?;
        for drift in &drifts {
            writeln!(out, "{}\n  {}", paint.heading(drift), drift.mend)?;
        }
        if drifts.is_empty() {
            let done = if args.dry_run { "as shown" } else { "recorded" };
            writeln!(out, "{dir}: {}", paint.added(done))?;
        }
        is_good &= drifts.is_empty();
    }
    Ok(if is_good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// A directory as texts name theirs: the root's is empty.
fn below_root(dir: &str) -> &str {
    match dir.trim_end_matches('/') {
        "." => "",
        dir => dir,
    }
}

fn record(course: &Course, dir: &str, dry_run: bool) -> Result<Vec<Drift>> {
    let mut english = Vec::new();
    let mut chinese = Vec::new();
    for document in course.documents()? {
        if document.dir() == dir {
            match document.english_twin() {
                Some(path) => chinese.push((path, document)),
                None => english.push(document),
            }
        }
    }
    if english.is_empty() {
        bail!("there is no text in '{dir}'");
    }
    let replayed = transcripts::replay(course, &english)?;
    let drifts: Vec<_> = replayed
        .iter()
        .flat_map(|replayed| replayed.drifts.clone())
        .collect();
    if dry_run || !drifts.is_empty() {
        return Ok(drifts);
    }
    let has_measured = replayed
        .iter()
        .any(|replayed| !replayed.measured.is_empty());
    let mut texts = Vec::new();
    for (document, replayed) in english.iter().zip(&replayed) {
        if let Some((_, twin)) = chinese.iter().find(|(path, _)| *path == document.path) {
            let lines = in_twin(document, twin, &replayed.measured);
            texts.push((twin.path.clone(), with_lines(twin, &lines)));
        }
        let text = with_lines(document, &replayed.measured);
        texts.push((document.path.clone(), text));
    }
    for (path, text) in &texts {
        atomic::write(&course.root.join(path), text)?;
    }
    if has_measured {
        recorded::set_machine(course, dir)?;
    }
    if let Some(day) = course.days().iter().find(|day| day.name == dir) {
        let text = syscalls::record(course, day)?;
        recorded::set_syscalls(course, day.number, &text)?;
    }
    write_generated(dir)?;
    Ok(drifts)
}

/// What is generated from what was recorded.
fn write_generated(dir: &str) -> Result<()> {
    let course = Course::open()?;
    for document in course.documents()? {
        if document.dir() == dir {
            let new = generated::rewrite(&course, &document)?;
            atomic::write(&course.root.join(&document.path), &new.text)?;
        }
    }
    Ok(())
}

fn with_lines(document: &Document, lines: &[Line]) -> String {
    let mut text: Vec<_> = document.text.lines().collect();
    for (number, line) in lines {
        text[number - 1] = line;
    }
    text.join("\n") + "\n"
}

/// The same lines where they stand in the twin, whose blocks are the same.
fn in_twin(english: &Document, chinese: &Document, lines: &[Line]) -> Vec<Line> {
    let blocks = english.code_blocks().into_iter();
    let pairs: Vec<_> = blocks.zip(chinese.code_blocks()).collect();
    let place = |(number, line): &Line| {
        let (ours, theirs) = pairs.iter().rfind(|(ours, _)| ours.line < *number)?;
        let is_same = ours.text == theirs.text;
        is_same.then(|| (number - ours.line + theirs.line, line.clone()))
    };
    lines.iter().filter_map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same block twice, and the same words outside.
    const ENGLISH: &str = "took 1 ms\n\n```console measured\n$ x\ntook 1 ms\n```\n\n```console measured\n$ x\ntook 1 ms\n```\n";

    #[test]
    fn both_languages_get_the_measured_lines_and_nothing_else_changes() {
        let english = Document::new("a/README.md", ENGLISH.to_owned());
        let chinese = Document::new("a/README.zh-CN.md", format!("文\n\n{ENGLISH}"));
        let lines = [(5, "took 2 ms".to_owned()), (10, "took 3 ms".to_owned())];
        let expected = "took 1 ms\n\n```console measured\n$ x\ntook 2 ms\n```\n\n```console measured\n$ x\ntook 3 ms\n```\n";
        assert_eq!(with_lines(&english, &lines), expected);
        let lines = in_twin(&english, &chinese, &lines);
        assert_eq!(with_lines(&chinese, &lines), format!("文\n\n{expected}"));
    }

    #[test]
    fn a_twin_with_other_blocks_is_left_alone() {
        let english = Document::new("a/README.md", ENGLISH.to_owned());
        let other = ENGLISH.replace("$ x", "$ y");
        let chinese = Document::new("a/README.zh-CN.md", other);
        assert!(in_twin(&english, &chinese, &[(5, String::new())]).is_empty());
    }
}
