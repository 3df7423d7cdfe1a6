//! `cargo xtask compare`: what each server does in the situations that the course
//! is about.

#[cfg(test)]
mod bad_servers;
mod behaviour;
mod bytes;
mod clients;
mod crowd;
mod process;
mod reply;
mod subjects;
mod table;
mod talk;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};

use crate::course::Course;
use crate::paint::Paint;
use behaviour::{BEHAVIOURS, Verdict};
use subjects::{Contestant, Subject};

/// The width of a table that goes into a file.
const FILE_WIDTH: u16 = 120;

/// More than the thousand clients of one probe, on both ends.
const DESCRIPTORS: u64 = 4096;

/// Compare the days with the Python samples, behaviour by behaviour
///
/// Starts the samples and the days on free ports, holds the same conversations
/// with each, and prints what held. The exit code is 1 if a day breaks what that
/// day promises.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only these days, beside the samples
    #[arg(long, value_name = "DAY", value_delimiter = ',', num_args = 1..)]
    only: Vec<usize>,

    /// Print JSON instead of the table
    #[arg(long)]
    json: bool,
}

/// What one server did.
struct Row {
    contestant: Contestant,
    /// One for each of [`BEHAVIOURS`].
    verdicts: Vec<Verdict>,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let course = Course::open()?;
    programs::end_children_on_interrupt()?;
    programs::raise_descriptor_limit(DESCRIPTORS)?;
    let (contestants, client) = subjects::prepare(&course, &args.only)?;

    let progress = progress_bar(contestants.len() * BEHAVIOURS.len());
    let mut rows = Vec::new();
    for contestant in contestants {
        let mut verdicts = Vec::new();
        for behaviour in BEHAVIOURS {
            progress.set_message(format!(
                "{}: {}",
                contestant.program.name(),
                behaviour.title
            ));
            let mut subject = Subject::start(&contestant.program, &client)?;
            verdicts.push(behaviour.try_on(&mut subject));
            progress.inc(1);
        }
        rows.push(Row {
            contestant,
            verdicts,
        });
    }
    progress.finish_and_clear();

    let mut out = io::stdout();
    if args.json {
        writeln!(out, "{:#}", table::json(&rows))?;
    } else {
        write!(out, "{}", table::text(&rows, width(), Paint::for_stdout()))?;
    }
    let broken = rows.iter().any(|row| !row.broken_promises().is_empty());
    Ok(if broken {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

impl Row {
    /// The behaviours that this server's day promises and that it does not have.
    fn broken_promises(&self) -> Vec<&'static str> {
        let day = self.contestant.day;
        BEHAVIOURS
            .iter()
            .zip(&self.verdicts)
            .filter(|(behaviour, verdict)| {
                matches!(verdict, Verdict::Breaks { .. })
                    && day.is_some_and(|day| behaviour.is_promised_by(day))
            })
            .map(|(behaviour, _)| behaviour.title)
            .collect()
    }
}

/// On stderr, and only if that is a terminal.
fn progress_bar(steps: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(steps as u64).with_style(style)
}

fn width() -> u16 {
    if io::stdout().is_terminal() {
        console::Term::stdout().size().1
    } else {
        FILE_WIDTH
    }
}
