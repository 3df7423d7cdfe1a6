//! `cargo xtask bench`: what each day costs.
//!
//! A workspace of its own, because of the servers and loggers that it measures the days
//! against: the course itself builds without them.

#[path = "../../src/atomic.rs"]
mod atomic;
mod calls;
mod cpu;
mod fleet;
mod idle;
mod instructions;
mod load;
mod log_run;
mod loggers;
mod markdown;
mod options;
mod peers;
mod plot;
mod publish;
mod results;
mod rounds;
mod run;
mod scenario;
mod stats;
mod table;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use options::Options;

#[derive(Parser)]
#[command(name = "cargo xtask bench", bin_name = "cargo xtask bench")]
struct Cli {
    #[command(flatten)]
    options: Options,

    #[command(subcommand)]
    command: Option<Command>,
}

/// What this program has its own children do.
#[derive(Subcommand)]
enum Command {
    /// Run one of the servers that the days are measured against
    Serve { peer: peers::Peer, addr: SocketAddr },
    /// Have one of the loggers write lines, and print in JSON what that took
    Write(log_run::WriteOptions),
}

const ROUNDS: usize = 60;
const QUICK_ROUNDS: usize = 7;

/// A logger's round is a process and a million lines.
const LOG_ROUNDS: usize = 9;
const QUICK_LOG_ROUNDS: usize = 5;

fn main() -> ExitCode {
    match dispatch(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(Cli { options, command }: &Cli) -> Result<()> {
    match command {
        Some(Command::Serve { peer, addr }) => Ok(peer.serve(peers::listen(*addr)?)?),
        Some(Command::Write(options)) => log_run::write(options),
        None if options.draw => publish::draw(&options.results()?),
        None if options.log => log_run::loggers(options),
        None => run::servers(options),
    }
}

impl Options {
    fn rounds(&self) -> usize {
        let usual = match (self.log, self.quick) {
            (false, false) => ROUNDS,
            (false, true) => QUICK_ROUNDS,
            (true, false) => LOG_ROUNDS,
            (true, true) => QUICK_LOG_ROUNDS,
        };
        self.rounds.map_or(usual, usize::from)
    }

    /// Whether the run measures everything, and as well as it can.
    fn is_complete(&self) -> bool {
        !self.quick && self.scenario.is_empty()
    }

    /// Where figures and plots go.
    fn results(&self) -> Result<PathBuf> {
        let usual = run::root()?.join("xtask/bench/results");
        Ok(self.out.clone().unwrap_or(usual))
    }

    fn wants(&self, key: &str) -> bool {
        self.scenario.is_empty() || self.scenario.iter().any(|wanted| wanted == key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
        let cli = Cli::parse_from(["bench", "--quick", "--scenario", "ping-1,calls"]);
        assert_eq!(cli.options.rounds(), QUICK_ROUNDS);
        assert!(!cli.options.is_complete());
        assert!(cli.options.wants("calls") && !cli.options.wants("churn"));
    }
}
