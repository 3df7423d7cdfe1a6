//! `cargo xtask check`: whether the repository still tells the truth about itself.
//!
//! Each check is one file with one function, and one row of [`CHECKS`].

mod applies;
mod commands;
mod dependencies;
mod excerpts;
mod exercises;
mod links;
mod map;
mod regions;
mod snapshot;
mod twins;
mod why;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::course::Course;
use crate::drift::Drift;
use crate::generated;
use crate::paint::Paint;
use crate::transcripts;

/// Check what the repository says about itself
///
/// Every contradiction is named with its file and line, and with what mends it.
/// The exit code is 1 if there is any.
#[derive(clap::Args)]
#[command(after_long_help = help())]
pub(crate) struct Args {
    /// Only these checks, by name
    #[arg(value_name = "CHECK")]
    only: Vec<String>,

    /// Also run every exercise: it fails as it stands, and passes with its answer
    #[arg(long)]
    exercises: bool,
}

struct Check {
    name: &'static str,
    about: &'static str,
    /// Takes minutes, and runs only if it is asked for.
    is_slow: bool,
    run: fn(&Course) -> Result<Vec<Drift>>,
}

const CHECKS: &[Check] = &[
    Check {
        name: "snapshot",
        about: "each day keeps the files of the day before, and every file names its crate as the course's rules say",
        is_slow: false,
        run: snapshot::check,
    },
    Check {
        name: "applies",
        about: "the day before, patched with the printed diff, is the day, byte for byte",
        is_slow: false,
        run: applies::check,
    },
    Check {
        name: "dependencies",
        about: "no day needs more than libc and socket2",
        is_slow: false,
        run: dependencies::check,
    },
    Check {
        name: "why",
        about: "each hunk of a day's diff has its sentence in why.toml",
        is_slow: false,
        run: why::check,
    },
    Check {
        name: "generated",
        about: "the generated parts of the texts are up to date",
        is_slow: false,
        run: regions::check,
    },
    Check {
        name: "twins",
        about: "NAME.zh-CN.md has the headings and the code blocks of NAME.md",
        is_slow: false,
        run: twins::check,
    },
    Check {
        name: "links",
        about: "relative links, their #fragments and path:line references lead somewhere",
        is_slow: false,
        run: links::check,
    },
    Check {
        name: "commands",
        about: "blocks of commands are run, and commands in sentences name what there is",
        is_slow: false,
        run: commands::check,
    },
    Check {
        name: "excerpts",
        about: "what a text shows of a file stands in that file",
        is_slow: false,
        run: excerpts::check,
    },
    Check {
        name: "map",
        about: "what the README's map from C++ to Rust names exists in the day's library",
        is_slow: false,
        run: map::check,
    },
    Check {
        name: "answers",
        about: "each exercise has an answer that applies, and each answer an exercise",
        is_slow: false,
        run: exercises::check_answers,
    },
    Check {
        name: "transcripts",
        about: "the commands of runnable blocks print what the texts show",
        is_slow: false,
        run: transcripts::check,
    },
    Check {
        name: "exercises",
        about: "each exercise fails as it stands and passes with its answer (with --exercises)",
        is_slow: true,
        run: exercises::check,
    },
];

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let unknown = args
        .only
        .iter()
        .find(|name| CHECKS.iter().all(|check| check.name != **name));
    if let Some(name) = unknown {
        bail!("there is no check '{name}': `cargo xtask check --help` lists them");
    }
    let course = Course::open()?;
    let paint = Paint::for_stdout();
    let mut out = io::stdout();
    let mut count = 0;
    for check in CHECKS.iter().filter(|check| args.wants(check)) {
        let drifts = run_one(check, &course)?;
        let verdict = match drifts.len() {
            0 => paint.added("ok"),
            drifts => paint.removed(format_args!("{drifts} to mend")),
        };
        writeln!(out, "{:<12} {verdict}", check.name)?;
        for drift in &drifts {
            writeln!(out, "  {}", paint.heading(drift))?;
            writeln!(out, "    {}", drift.mend)?;
        }
        count += drifts.len();
    }
    Ok(if count == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

impl Args {
    fn wants(&self, check: &Check) -> bool {
        let named = self.only.iter().any(|name| name == check.name);
        if self.only.is_empty() {
            self.exercises || !check.is_slow
        } else {
            named
        }
    }
}

/// A check that cannot go on for a drift has found that drift.
fn run_one(check: &Check, course: &Course) -> Result<Vec<Drift>> {
    (check.run)(course).or_else(|error| error.downcast::<Drift>().map(|drift| vec![drift]))
}

fn help() -> String {
    let checks: String = CHECKS
        .iter()
        .map(|Check { name, about, .. }| format!("  {name:<13} {about}\n"))
        .collect();
    format!(
        "\
Checks:
{checks}
Forms that the checks read:

  Generated parts of a text stand between two comments, each on its own line;
  `cargo xtask sync` writes what is between them:
    <!-- generated: changes 3 -->
    <!-- end generated -->
  What can be generated:
{}
  Why a day changes what it changes: dayNN-name/why.toml, one entry for a file or
  for the hunks that change a line with a given text:
    [[why]]
    file = \"src/lib.rs\"
    at = \"mod channel;\"      (optional)
    en = \"One sentence.\"
    zh = \"一句话。\"          (needed once the day has a README.zh-CN.md)

  Exercises are tests named exercise_…, with #[ignore], in tests/exercises.rs. The
  answer is a patch for `patch -p1` in the day's directory:
    dayNN-name/answers/exercise_….patch

  Excerpts name their file behind the language, from the text's own directory or the
  root: `rust,ignore src/channel.rs`. All lines may be further to the left than they are in
  the file; a line `// …` or `# …` stands for lines that were left out.

  Runnable blocks have the info string `console run`. What follows `$ ` is run in
  one bash, in the course's directory, and the lines below are what it prints:
    - `cargo run` does not show cargo's own lines, and gets an address with a free
      port if the command names neither an address nor an example; port 8888 stands
      for that port everywhere;
    - a command goes on in the next line after a `\\` at the end, and to the end of a
      here-document;
    - a command whose line ends in ` &` or ` & name=$!` goes on in the background, and
      what it prints later may stand below any later command;
    - other ports of 127.0.0.1, times, and thread ids in log lines may differ;
    - … in a line stands for any text, and a line that is only … for any lines.
  With `console measured`, numbers may differ too, and the spaces between words:
  `cargo xtask record DIR` writes down what they are now.
",
        generated::help()
    )
}
