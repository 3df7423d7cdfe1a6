//! `cargo xtask`: what a learner of the course has at hand besides cargo itself.
//!
//! Each subcommand is one variant of [`Command`] and one module with its `Args`
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
mod paint;
mod record;
mod recorded;
mod rust_source;
mod sync;
mod syscalls;
mod transcripts;
mod why;

use std::io;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The tools of the course: what each day changes, and whether every text still
/// tells the truth about the code.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Diff(diff::Args),
    Check(check::Args),
    Sync(sync::Args),
    Carry(carry::Args),
    Compare(compare::Args),
    Bench(bench::Args),
    Syscalls(syscalls::Args),
    Record(record::Args),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Diff(args) => diff::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Sync(args) => sync::run(&args),
        Command::Carry(args) => carry::run(&args),
        Command::Compare(args) => compare::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Syscalls(args) => syscalls::run(&args),
        Command::Record(args) => record::run(&args),
    };
    match result {
        Ok(code) => code,
        // `cargo xtask diff 3 | head`: whoever stopped reading has what they wanted.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
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
