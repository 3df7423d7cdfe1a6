//! Commands print what the texts show.
//!
//! A block says how exactly: `console run` shows what is printed every time,
//! `console measured` what was printed when its numbers were taken.

mod block;
mod output;
mod replay;
mod session;

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::course::Course;
use crate::drift::Drift;
use crate::markdown::{CodeBlock, Document};
use crate::terminal::Progress;
use output::Exactness;
use replay::Replay;

const MEND: &str = "run the block's commands by hand, and show what they print";

/// How exact the blocks with these info strings are.
const INFOS: &[(&str, Exactness)] = &[
    ("console run", Exactness::Everything),
    ("console measured", Exactness::Words),
];

/// A line of a text, by its number.
pub(crate) type Line = (usize, String);

/// The outcome of all the blocks of a text.
#[derive(Default)]
pub(crate) struct Replayed {
    pub(crate) drifts: Vec<Drift>,
    /// The measured lines, by their numbers, as they were printed this time.
    pub(crate) measured: Vec<Line>,
}

pub(crate) fn check(course: &Course) -> Result<Vec<Drift>> {
    let mut documents = course.documents()?;
    // The blocks of a translation are those of its English twin, which is run.
    let has_twin = |path: String| course.files.contains(&path);
    documents.retain(|document| !document.english_twin().is_some_and(has_twin));
    let replayed = replay(course, &documents)?;
    let drifts = replayed.into_iter().flat_map(|replayed| replayed.drifts);
    Ok(drifts.collect())
}

/// Runs every block of the texts, one after the other: they measure.
pub(crate) fn replay(course: &Course, documents: &[Document]) -> Result<Vec<Replayed>> {
    let runnable = |document: &Document| -> Vec<CodeBlock> {
        document.code_blocks().into_iter().filter(is_run).collect()
    };
    let blocks: Vec<_> = documents.iter().map(runnable).collect();
    build(course, &blocks.concat())?;
    let progress = Progress;
    let mut all = Vec::new();
    for (document, blocks) in documents.iter().zip(blocks) {
        let mut replayed = Replayed::default();
        for block in blocks {
            progress.show(format_args!("{}:{}", document.path, block.line));
            let exactness = exactness(&block).unwrap_or(Exactness::Everything);
            let outcome = Replay::start(&course.root, exactness)?.block(&block)?;
            if let Some((line, what)) = outcome.difference {
                replayed
                    .drifts
                    .push(Drift::new(&document.path, line, what, MEND));
            }
            if exactness == Exactness::Words {
                replayed.measured.extend(outcome.printed);
            }
        }
        all.push(replayed);
    }
    Ok(all)
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
fn build(course: &Course, blocks: &[CodeBlock]) -> Result<()> {
    let is_wanted = |profile: &str| blocks.iter().any(|block| block.text.contains(profile));
    for profile in ["", "--release"]
        .into_iter()
        .filter(|profile| is_wanted(profile))
    {
        let mut cargo = Command::new("cargo");
        cargo.args(["build", "--quiet", "--bins", "--examples"]);
        cargo
            .args(profile.split_whitespace())
            .current_dir(&course.root);
        let status = cargo
            .stdout(Stdio::null())
            .status()
            .context("cannot run cargo")?;
        ensure!(status.success(), "the days do not build");
    }
    Ok(())
}
