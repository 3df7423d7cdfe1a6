//! `cargo xtask sync`: writes what is generated.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Result;

use crate::atomic;
use crate::course::Course;
use crate::generated;

/// Write the generated parts of the texts anew
///
/// They stand between `<!-- generated: … -->` and `<!-- end generated -->`;
/// `cargo xtask check --help` lists what can be generated.
#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args) -> Result<ExitCode> {
    let course = Course::open()?;
    let mut rewritten = Vec::new();
    for document in course.documents()? {
        let new = generated::rewrite(&course, &document)?;
        if !new.stale.is_empty() {
            rewritten.push((document.path, new));
        }
    }
    // Nothing is written before everything is known to be good.
    let mut out = io::stdout();
    for (path, new) in rewritten {
        atomic::write(&course.root.join(&path), &new.text)?;
        for stale in new.stale {
            writeln!(out, "{path}:{}: written anew", stale.line)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
