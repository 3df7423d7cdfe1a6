//! `cargo xtask dev record`: the lessons' measurements, taken anew.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use programs::Machine;

use crate::atomic;
use crate::course::{Course, Day};
use crate::drift::Drift;
use crate::generated;
use crate::markdown::Document;
use crate::syscalls;
use crate::terminal::Paint;
use crate::transcripts::{self, Line, Replayed};

/// Where each directory's measured blocks were recorded.
const MACHINES: &str = "xtask/recorded/machines.json";

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

/// The machine that each directory's measured blocks are from.
pub(crate) fn machines(course: &Course) -> Result<BTreeMap<String, Machine>> {
    let text = course.text(MACHINES)?.unwrap_or("{}".to_owned());
    serde_json::from_str(&text)
        .with_context(|| format!("{MACHINES} is not what `cargo xtask dev record` wrote"))
}

/// Where the system calls of a day's echo are recorded.
pub(crate) fn syscalls_path(day: &Day) -> String {
    format!("xtask/recorded/syscalls-{}.txt", day.number)
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    programs::end_children_on_interrupt()?;
    let course = Course::open()?;
    let paint = Paint::for_stdout();
    let mut out = io::stdout();
    let mut is_good = true;
    for dir in &args.dirs {
        let below_root = dir.trim_end_matches(['/', '.']);
        let drifts = record(&course, below_root, args.dry_run)?;
        for drift in &drifts {
            is_good = false;
            writeln!(out, "{}\n  {}", paint.heading(drift), drift.mend)?;
        }
        if drifts.is_empty() {
            let done = if args.dry_run { "as shown" } else { "recorded" };
            writeln!(out, "{dir}: {}", paint.added(done))?;
        }
    }
    Ok(ExitCode::from(u8::from(!is_good)))
}

fn record(course: &Course, dir: &str, dry_run: bool) -> Result<Vec<Drift>> {
    let documents = course.documents()?.into_iter();
    let here = documents.filter(|document| document.dir() == dir);
    let (chinese, english): (Vec<_>, Vec<_>) =
        here.partition(|document| document.english_twin().is_some());
    ensure!(!english.is_empty(), "there is no text in '{dir}'");
    let mut replayed = transcripts::replay(course, &english)?;
    let drifts = replayed
        .iter_mut()
        .flat_map(|replayed| replayed.drifts.drain(..));
    let drifts: Vec<_> = drifts.collect();
    if dry_run || !drifts.is_empty() {
        return Ok(drifts);
    }
    let mut files = Vec::new();
    for (document, replayed) in english.iter().zip(&replayed) {
        let text = with_lines(document, &replayed.measured);
        files.push((document.path.clone(), text));
        let is_twin = |other: &&Document| other.english_twin().as_ref() == Some(&document.path);
        if let Some(twin) = chinese.iter().find(is_twin) {
            let lines = in_twin(document, twin, &replayed.measured);
            files.push((twin.path.clone(), with_lines(twin, &lines)));
        }
    }
    let has_measured = |replayed: &Replayed| !replayed.measured.is_empty();
    if replayed.iter().any(has_measured) {
        let mut machines = machines(course)?;
        machines.insert(dir.to_owned(), Machine::describe());
        let text = serde_json::to_string_pretty(&machines)? + "\n";
        files.push((MACHINES.to_owned(), text));
    }
    if let Some(day) = course.days.iter().find(|day| day.name == dir) {
        files.push((syscalls_path(day), syscalls::record(course, day)?));
    }
    for (path, text) in &files {
        atomic::write(&course.root.join(path), text)?;
    }
    // What is generated shows what was just recorded.
    generated::write(&Course::at(&course.root)?, |document| document.dir() == dir)?;
    Ok(drifts)
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
