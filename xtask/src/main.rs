//! `cargo xtask`: what a learner of the course needs besides cargo itself.
//!
//! Each command is one variant of [`Command`] or [`Dev`], and one module with its `Args`
//! and its `run`.

mod atomic;
mod bench;
mod carry;
mod check;
mod compare;
mod course;
mod diff;
mod drift;
mod generated;
mod git;
mod markdown;
mod record;
mod rust_source;
mod syscalls;
mod terminal;
mod transcripts;
mod why;

use std::io;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// The tools of the course: what each day changes, how it behaves, what it costs, and
/// whether every text still agrees with the code
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", after_help = DEV)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const DEV: &str = "The course's maintainers have more commands: cargo xtask dev --help";

#[derive(Subcommand)]
enum Command {
    Diff(diff::Args),
    Compare(compare::Args),
    Syscalls(syscalls::Args),
    Bench(bench::Options),
    Check(check::Args),
    /// Write what is generated, carried from day to day, or recorded
    #[command(hide = true, subcommand)]
    Dev(Dev),
}

#[derive(Subcommand)]
enum Dev {
    Carry(carry::Args),
    /// Write the generated parts of the texts anew
    ///
    /// They are between `<!-- generated: … -->` and `<!-- end generated -->`;
    /// CONTRIBUTING.md lists what can be generated.
    Sync,
    Record(record::Args),
}

fn main() -> ExitCode {
    run(&Cli::parse().command).unwrap_or_else(|error| {
        // `cargo xtask diff 3 | head`: `head` has read what it wanted.
        if is_broken_pipe(&error) {
            return ExitCode::SUCCESS;
        }
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn run(command: &Command) -> Result<ExitCode> {
    match command {
        Command::Diff(args) => diff::run(args),
        Command::Compare(args) => compare::run(args),
        Command::Syscalls(args) => syscalls::run(args),
        Command::Bench(_) => bench::run(),
        Command::Check(args) => check::run(args),
        Command::Dev(Dev::Carry(args)) => carry::run(args),
        Command::Dev(Dev::Sync) => generated::sync(),
        Command::Dev(Dev::Record(args)) => record::run(args),
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_tree_is_consistent() {
        Cli::command().debug_assert();
    }
}
