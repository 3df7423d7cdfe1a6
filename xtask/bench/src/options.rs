//! The command line of `cargo xtask bench`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};

use crate::loggers::Logger;
use crate::peers::Peer;
use crate::scenario::SCENARIOS;

/// Measure what each day costs, beside the servers and loggers that a user would pick
///
/// All servers run at once on one CPU, the load goes round them from another, and
/// each is compared with a bare epoll loop. With --log, day 6's log is measured in the
/// same way. System calls are counted if there is strace, and instructions if there is
/// valgrind. A complete run replaces the published figures and plots, unless it was too
/// noisy to be trusted.
#[derive(Parser)]
#[command(name = "cargo xtask bench", bin_name = "cargo xtask bench")]
pub(crate) struct Options {
    /// Measure the loggers in place of the servers
    #[arg(long, conflicts_with = "scenario")]
    pub(crate) log: bool,

    /// Finish in about a minute, and publish nothing
    #[arg(long)]
    pub(crate) quick: bool,

    /// Only these scenarios, and publish nothing
    #[arg(long, value_name = "KEY", value_delimiter = ',', value_parser = scenario_keys())]
    pub(crate) scenario: Vec<String>,

    /// How often each server, or logger, has its turn
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) rounds: Option<u16>,

    /// Measure nothing: draw the plots anew from the published figures
    #[arg(long, conflicts_with_all = ["log", "quick", "scenario", "rounds", "force"])]
    pub(crate) draw: bool,

    /// Publish a noisy run too, and say in it that it is
    #[arg(long)]
    pub(crate) force: bool,

    /// Where to write the figures and plots [default: the course's own]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run one of the servers that the days are measured against
    Serve { peer: Peer, addr: SocketAddr },
    /// Have one of the loggers write lines, and say in JSON what it took
    Write(WriteOptions),
}

/// What one logger is to do.
#[derive(Args)]
pub(crate) struct WriteOptions {
    pub(crate) logger: Logger,
    pub(crate) path: PathBuf,
    #[arg(long)]
    pub(crate) threads: usize,
    #[arg(long)]
    pub(crate) lines: usize,
    /// Time each call, which takes time too
    #[arg(long)]
    pub(crate) timed: bool,
}

const ROUNDS: usize = 60;
const QUICK_ROUNDS: usize = 7;

/// A logger's round is a process and a million lines.
const LOG_ROUNDS: usize = 9;
const QUICK_LOG_ROUNDS: usize = 5;

impl Options {
    pub(crate) fn rounds(&self) -> usize {
        let usual = match (self.log, self.quick) {
            (false, false) => ROUNDS,
            (false, true) => QUICK_ROUNDS,
            (true, false) => LOG_ROUNDS,
            (true, true) => QUICK_LOG_ROUNDS,
        };
        self.rounds.map_or(usual, usize::from)
    }

    /// Whether the run measures everything, and as well as it can.
    pub(crate) fn is_complete(&self) -> bool {
        !self.quick && self.scenario.is_empty()
    }

    /// Where figures and plots go.
    pub(crate) fn results(&self, root: &Path) -> PathBuf {
        let usual = || root.join("xtask/bench/results");
        self.out.clone().unwrap_or_else(usual)
    }

    pub(crate) fn wants(&self, key: &str) -> bool {
        self.scenario.is_empty() || self.scenario.iter().any(|wanted| wanted == key)
    }
}

fn scenario_keys() -> Vec<&'static str> {
    let besides = ["idle", "crowd", "calls", "instructions"];
    SCENARIOS
        .iter()
        .map(|scenario| scenario.key)
        .chain(besides)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Options::command().debug_assert();
        let options = Options::parse_from(["bench", "--quick", "--scenario", "ping-1,calls"]);
        assert_eq!(options.rounds(), QUICK_ROUNDS);
        assert!(!options.is_complete());
        assert!(options.wants("calls") && !options.wants("churn"));
    }
}
