//! Commands print what the texts show.

mod block;
mod output;
mod replay;
mod session;

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::course::Course;
use crate::drift::Drift;
use replay::Replay;

/// The info string of the blocks that are run.
const INFO: &str = "console run";

const MEND: &str = "run the block's commands by hand, and show what they print";

pub(super) fn check(course: &Course) -> Result<Vec<Drift>> {
    let mut drifts = Vec::new();
    let mut is_built = false;
    for document in course.documents()? {
        for code in document.code_blocks() {
            if code.info != INFO {
                continue;
            }
            if !is_built {
                build(course)?;
                is_built = true;
            }
            let differs = Replay::start(&course.root)?.block(&code)?;
            drifts.extend(differs.map(|(line, what)| Drift::new(&document.path, line, what, MEND)));
        }
    }
    Ok(drifts)
}

/// The limit on a command's time is not meant for the compiler.
fn build(course: &Course) -> Result<()> {
    let status = Command::new("cargo")
        .args(["build", "--quiet"])
        .current_dir(&course.root)
        .stdout(Stdio::null())
        .status()
        .context("cannot run cargo")?;
    ensure!(status.success(), "the days do not build");
    Ok(())
}
