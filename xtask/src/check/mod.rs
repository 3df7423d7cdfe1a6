//! `cargo xtask check`: whether the repository agrees with itself.
//!
//! Each check is one file with one function, and one row of [`CHECKS`].

mod applies;
mod commands;
mod excerpts;
mod exercises;
mod links;
mod rooms;
mod snapshot;
mod twins;
mod why;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Result;
use clap::builder::PossibleValue;

use crate::course::Course;
use crate::drift::Drift;
use crate::generated;
use crate::terminal::Paint;
use crate::transcripts;

/// Check whether the texts and the days agree with the code
///
/// Every contradiction is named with its file and line, and with what removes it. The exit
/// code is 1 if there is any. CONTRIBUTING.md shows the forms that the checks read.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only these checks
    #[arg(value_name = "CHECK", value_parser = names())]
    only: Vec<String>,

    /// Also run every exercise: it fails as it is, and passes with its answer
    #[arg(long)]
    exercises: bool,
}

type Run = fn(&Course) -> Result<Vec<Drift>>;

/// The check that takes minutes, and runs only if it is asked for.
const SLOW: &str = "exercises";

#[rustfmt::skip] // A table: one row a line.
const CHECKS: &[(&str, &str, Run)] = &[
    ("snapshot", "each day keeps the files of the day before, and names no crate where it need not", snapshot::check),
    ("rooms", "imports run bin → server → reactor → net → base; elog uses base, and has no circle", rooms::check),
    ("applies", "the day before, patched with the printed diff, is the day, byte for byte", applies::check),
    ("why", "each hunk of a day's diff has its sentence in why.toml", why::check),
    ("generated", "the generated parts of the texts are up to date", generated::check),
    ("twins", "NAME.zh-CN.md has the headings and the code blocks of NAME.md", twins::check),
    ("links", "relative links lead to a file, and their #fragments to a heading", links::check),
    ("commands", "blocks of commands are run, and commands in sentences name what exists", commands::check),
    ("excerpts", "what a text quotes from a file is in that file", excerpts::check),
    ("answers", "each exercise has an answer that applies, and each answer an exercise", exercises::check_answers),
    ("transcripts", "the commands of runnable blocks print what the texts show", transcripts::check),
    (SLOW, "each exercise fails as it is and passes with its answer (with --exercises)", exercises::check),
];

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let course = Course::open()?;
    let paint = Paint::for_stdout();
    let mut out = io::stdout();
    let mut is_good = true;
    for (name, _, run) in CHECKS.iter().filter(|(name, ..)| args.wants(name)) {
        // A check that cannot continue because of a drift has found that drift.
        let drifts =
            run(&course).or_else(|error| error.downcast::<Drift>().map(|drift| vec![drift]))?;
        let verdict = match drifts.len() {
            0 => paint.added("ok"),
            drifts => paint.removed(format_args!("{drifts} to mend")),
        };
        writeln!(out, "{name:<12} {verdict}")?;
        for drift in &drifts {
            writeln!(out, "  {}\n    {}", paint.heading(drift), drift.mend)?;
        }
        is_good &= drifts.is_empty();
    }
    Ok(ExitCode::from(u8::from(!is_good)))
}

impl Args {
    fn wants(&self, name: &str) -> bool {
        match self.only.as_slice() {
            [] => self.exercises || name != SLOW,
            only => only.iter().any(|wanted| wanted == name),
        }
    }
}

fn names() -> Vec<PossibleValue> {
    let value = |(name, about, _): &(&'static str, &'static str, Run)| {
        PossibleValue::new(*name).help(*about)
    };
    CHECKS.iter().map(value).collect()
}
