//! Commands print what the texts show.
//!
//! A block says how exactly: `console run` shows what is printed every time,
//! `console measured` what was printed when its numbers were taken.

mod block;
mod output;
mod replay;
mod session;

use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use indicatif::ProgressBar;

use crate::course::Course;
use crate::drift::Drift;
use crate::markdown::{CodeBlock, Document};
use output::Exactness;
use replay::{Outcome, Replay};

const MEND: &str = "run the block's commands by hand, and show what they print";

/// How exact the blocks with these info strings are.
const INFOS: &[(&str, Exactness)] = &[
    ("console run", Exactness::Everything),
    ("console measured", Exactness::Words),
];

/// A line of a text, by its number.
pub(crate) type Line = (usize, String);

/// What came of all the blocks of a text.
pub(crate) struct Replayed {
    pub(crate) drifts: Vec<Drift>,
    /// The measured lines, by their numbers, as they were printed this time.
    pub(crate) measured: Vec<Line>,
}

pub(crate) fn check(course: &Course) -> Result<Vec<Drift>> {
    let documents: Vec<_> = course
        .documents()?
        .into_iter()
        .filter(|document| !is_translated(course, document))
        .collect();
    let replayed = replay(course, &documents)?;
    let drifts = replayed.into_iter().flat_map(|replayed| replayed.drifts);
    Ok(drifts.collect())
}

/// Whether the blocks of a text are those of its English twin, which is run.
fn is_translated(course: &Course, document: &Document) -> bool {
    let english = document.english_twin();
    english.is_some_and(|path| course.files.contains(&path))
}

/// Runs every block of the texts, one after the other: they measure.
pub(crate) fn replay(course: &Course, documents: &[Document]) -> Result<Vec<Replayed>> {
    let mut blocks: Vec<Vec<_>> = Vec::new();
    for document in documents {
        let blocks_of = document.code_blocks().into_iter();
        blocks.push(blocks_of.filter(is_run).collect());
    }
    build(course, blocks.iter().flatten())?;
    let progress = ProgressBar::new_spinner();
    progress.enable_steady_tick(Duration::from_millis(100));
    let mut all = Vec::new();
    for (document, blocks) in documents.iter().zip(&blocks) {
        let mut replayed = Replayed {
            drifts: Vec::new(),
            measured: Vec::new(),
        };
        for block in blocks {
            progress.set_message(format!("{}:{}", document.path, block.line));
            replayed.run(course, document, block)?;
        }
        all.push(replayed);
    }
    progress.finish_and_clear();
    Ok(all)
}

impl Replayed {
    fn run(&mut self, course: &Course, document: &Document, block: &CodeBlock) -> Result<()> {
        let Some(exactness) = exactness(block) else {
            return Ok(());
        };
        let Outcome {
            difference,
            printed,
        } = Replay::start(&course.root, exactness)?.block(block)?;
        if let Some((line, what)) = difference {
            self.drifts
                .push(Drift::new(&document.path, line, what, MEND));
        }
        if exactness == Exactness::Words {
            self.measured.extend(printed);
        }
        Ok(())
    }
}

fn exactness(block: &CodeBlock) -> Option<Exactness> {
    let found = INFOS.iter().find(|(info, _)| block.info == *info);
    found.map(|(_, exactness)| *exactness)
}

/// Whether a block's commands are run.
pub(crate) fn is_run(block: &CodeBlock) -> bool {
    exactness(block).is_some()
}

/// Builds what the blocks run: the limit on a command's time is not meant for the
/// compiler.
fn build<'b>(course: &Course, blocks: impl Iterator<Item = &'b CodeBlock>) -> Result<()> {
    let blocks: Vec<_> = blocks.collect();
    if blocks.is_empty() {
        return Ok(());
    }
    cargo_build(course, &[])?;
    if blocks.iter().any(|block| block.text.contains("--release")) {
        cargo_build(course, &["--release"])?;
    }
    Ok(())
}

fn cargo_build(course: &Course, options: &[&str]) -> Result<()> {
    let status = Command::new("cargo")
        .args(["build", "--quiet", "--bins", "--examples"])
        .args(options)
        .current_dir(&course.root)
        .stdout(Stdio::null())
        .status()
        .context("cannot run cargo")?;
    ensure!(status.success(), "the days do not build");
    Ok(())
}
