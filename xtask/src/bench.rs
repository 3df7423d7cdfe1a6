//! `cargo xtask bench`: hands over to the package that measures.

use std::env;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::course::Course;

/// Measure what each day costs, beside the servers and loggers that a user would pick
///
/// The measuring program is a package of its own, built when it is first asked for:
/// `cargo xtask bench --help` is its help.
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    /// What the measuring program is to be told
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "OPTION"
    )]
    options: Vec<OsString>,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let course = Course::open()?;
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    // This process becomes cargo, and that the program: whoever presses Ctrl-C talks
    // to the one that has servers to end.
    let error = Command::new(cargo)
        .args(["run", "--release", "--package", "bench", "--"])
        .args(&args.options)
        .current_dir(&course.root)
        .exec();
    Err(error).context("cannot run cargo")
}
