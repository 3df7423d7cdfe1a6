//! The options of `cargo xtask bench`. The tools include this file, to check the options
//! before the measuring program is built.

use std::path::PathBuf;

use clap::Args;

use super::scenario::SCENARIOS;

/// Measure what each day costs, beside the servers and loggers that a user would pick
///
/// All servers run at once on one CPU, the load goes round them from another, and
/// each is compared with a bare epoll loop. With --log, day 6's log is measured in the
/// same way. System calls are counted if there is strace, and instructions if there is
/// valgrind. A complete run replaces the published figures and plots, unless it was too
/// noisy to be trusted.
#[derive(Args)]
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

    /// Measure nothing: make the plots and tables anew from the published figures
    #[arg(long, conflicts_with_all = ["log", "quick", "scenario", "rounds", "force"])]
    pub(crate) draw: bool,

    /// Publish a noisy run too, and say in it that it is
    #[arg(long)]
    pub(crate) force: bool,

    /// Where to write the figures and plots [default: the course's own]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

fn scenario_keys() -> Vec<&'static str> {
    let besides = ["idle", "crowd", "calls", "instructions"];
    SCENARIOS
        .iter()
        .map(|scenario| scenario.key)
        .chain(besides)
        .collect()
}
