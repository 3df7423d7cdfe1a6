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
use crate::transcripts;
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
    dir.trim_start_matches("./")
        .trim_start_matches('.')
        .trim_end_matches('/')
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
        let text = with_lines(document, &replayed.measured);
        if let Some((_, twin)) = chinese.iter().find(|(path, _)| *path == document.path) {
            texts.push((twin.path.clone(), with_blocks_of(twin, &text)));
        }
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

fn with_lines(document: &Document, lines: &[(usize, String)]) -> String {
    let mut text: Vec<_> = document.text.lines().collect();
    for (number, line) in lines {
        text[number - 1] = line;
    }
    text.join("\n") + "\n"
}

/// The text with the measured blocks of its English twin.
fn with_blocks_of(chinese: &Document, english: &str) -> String {
    let english = Document::new("README.md", english.to_owned());
    let mut text = chinese.text.clone();
    let blocks = chinese.code_blocks().into_iter().zip(english.code_blocks());
    for (old, new) in blocks {
        if transcripts::is_measured(&old) {
            text = text.replacen(&old.text, &new.text, 1);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENGLISH: &str = "# One\n\n```console measured\n$ x\ntook 1 ms\n```\n\ntook 1 ms\n";
    const CHINESE: &str = "# 一\n\n文\n\n```console measured\n$ x\ntook 1 ms\n```\n\ntook 1 ms\n";

    #[test]
    fn both_languages_get_the_measured_lines() {
        let english = Document::new("a/README.md", ENGLISH.to_owned());
        let text = with_lines(&english, &[(5, "took 23 ms".to_owned())]);
        assert_eq!(text, ENGLISH.replacen("1 ms", "23 ms", 1));
        let chinese = Document::new("a/README.zh-CN.md", CHINESE.to_owned());
        assert_eq!(
            with_blocks_of(&chinese, &text),
            CHINESE.replacen("1 ms", "23 ms", 1)
        );
    }
}
