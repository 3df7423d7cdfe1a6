//! `cargo xtask diff N`: what a day changes.

mod model;
mod table;
mod text;

use std::process::ExitCode;

use anyhow::Result;

pub(crate) use model::{DayDiff, FileDiff, Hunk, Status};
pub(crate) use table::sizes;
pub(crate) use text::{patch, printed};

use crate::course::Course;
use crate::terminal::{self, Paint};
use crate::why::Whys;

/// Show what a day changes against the day before
///
/// Prints which files were added, changed and left alone, and then the difference itself,
/// which `patch -p1` and `git apply` take. A terminal gets it through $PAGER (`less -FRX`
/// unless set). Compared are a day's Cargo.toml, src, tests and examples; its lesson,
/// pictures, samples in other languages, answers and exercises (tests/exercises.rs) are
/// its own. The crate's own name does not count as a change.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The day, by its number
    day: usize,

    /// Print the table of files alone
    #[arg(long)]
    stat: bool,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let course = Course::open()?;
    let day = course.day(args.day)?;
    let diff = DayDiff::new(&course, day);
    let whys = Whys::of(&course, day)?.unwrap_or_default();
    let paint = Paint::for_stdout();
    terminal::print(&match args.stat {
        true => format!("{}\n{}", paint.heading(diff.title()), table::files(&diff)),
        false => printed(&diff, &whys, paint),
    })?;
    Ok(ExitCode::SUCCESS)
}
