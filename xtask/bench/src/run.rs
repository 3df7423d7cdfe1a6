//! A run from beginning to end.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use programs::{Callgrind, Machine, Strace};

use crate::cpu::Cpus;
use crate::fleet::{self, Contestant};
use crate::options::Options;
use crate::results::ServerReport;
use crate::scenario::{SCENARIOS, Scenario};
use crate::{calls, idle, instructions, publish, rounds, table};

/// What a process has open besides its connections.
const OTHER_DESCRIPTORS: u64 = 200;

/// How long a crowd may wait for a server whose queue is too short.
const CROWD_TIMEOUT: Duration = Duration::from_secs(10);
const QUICK_CROWD_TIMEOUT: Duration = Duration::from_millis(500);

/// What the part of a run that is not measured in rounds counts for in the progress
/// bar, for each server.
const STEPS_BESIDE: usize = 4;

pub(crate) fn servers(options: &Options) -> Result<()> {
    programs::end_children_on_interrupt()?;
    let root = root()?;
    let cpus = Cpus::choose()?;
    let contestants = fleet::assemble(&root, &cpus)?;
    check_descriptors(contestants.len(), options)?;
    cpus.be_client()?;

    let scenarios: Vec<_> = SCENARIOS
        .iter()
        .filter(|scenario| options.wants(scenario.key))
        .collect();
    let steps = scenarios.len() * options.rounds() + contestants.len() * STEPS_BESIDE;
    let progress = progress_bar(steps)?;
    let mut report = ServerReport {
        machine: Machine::describe(),
        noisy: false,
        scenarios: Vec::new(),
        idle: Vec::new(),
        crowd: Vec::new(),
        calls: Vec::new(),
        instructions: Vec::new(),
    };
    run_scenarios(
        options.rounds(),
        &scenarios,
        &contestants,
        &mut report,
        &progress,
    )?;
    run_besides(options, &contestants, &mut report, &progress)?;
    progress.finish_and_clear();
    io::stdout().write_all(table::others(&report).as_bytes())?;

    report.noisy = report
        .scenarios
        .iter()
        .any(|scenario| scenario.noise().is_some());
    if !options.is_complete() {
        eprintln!("nothing is published: this was only a part of the measurements");
    } else if report.noisy && !options.force {
        bail!("nothing is published: this machine is too noisy now (--force publishes anyway)");
    } else {
        publish::servers(&options.results()?, &report)?;
    }
    Ok(())
}

fn run_scenarios(
    rounds: usize,
    scenarios: &[&Scenario],
    contestants: &[Contestant],
    report: &mut ServerReport,
    progress: &ProgressBar,
) -> Result<()> {
    let fleet = contestants
        .iter()
        .map(Contestant::start)
        .collect::<Result<Vec<_>>>()?;
    for scenario in scenarios {
        progress.set_message(scenario.title);
        let result = rounds::measure(scenario, &fleet, rounds, progress)?;
        progress.suspend(|| io::stdout().write_all(table::scenario(&result).as_bytes()))?;
        report.scenarios.push(result);
    }
    Ok(())
}

fn run_besides(
    options: &Options,
    contestants: &[Contestant],
    report: &mut ServerReport,
    progress: &ProgressBar,
) -> Result<()> {
    let wants_calls = options.wants("calls") && is_there(Strace::new(), progress);
    let wants_instructions = options.wants("instructions") && is_there(Callgrind::new(), progress);
    let timeout = if options.quick {
        QUICK_CROWD_TIMEOUT
    } else {
        CROWD_TIMEOUT
    };
    for contestant in contestants {
        let name = contestant.name();
        progress.set_message(name.to_owned());
        if options.wants("idle") {
            let result = idle::memory(contestant);
            report
                .idle
                .push(result.with_context(|| format!("{name}, idle connections"))?);
        }
        progress.inc(1);
        if options.wants("crowd") {
            let result = idle::crowd(contestant, timeout);
            report
                .crowd
                .push(result.with_context(|| format!("{name}, a crowd"))?);
        }
        progress.inc(1);
        if wants_calls {
            let result = calls::count(contestant);
            report
                .calls
                .push(result.with_context(|| format!("{name}, under strace"))?);
        }
        progress.inc(1);
        if wants_instructions {
            let result = instructions::count(contestant);
            let result = result.with_context(|| format!("{name}, under valgrind"))?;
            report.instructions.extend(result);
        }
        progress.inc(1);
    }
    Ok(())
}

/// Whether a tool is there that a run can do without.
fn is_there<T>(tool: Result<T>, progress: &ProgressBar) -> bool {
    if let Err(error) = &tool {
        progress.suspend(|| eprintln!("not everything is counted: {error:#}"));
    }
    tool.is_ok()
}

/// A scenario has connections to all servers at once.
fn check_descriptors(servers: usize, options: &Options) -> Result<()> {
    let wanted = SCENARIOS
        .iter()
        .filter(|scenario| options.wants(scenario.key));
    let connections = wanted.map(|scenario| scenario.load.connections() * servers);
    let crowd = if options.wants("crowd") {
        idle::CROWD
    } else {
        0
    };
    let needed = connections.max().unwrap_or(0).max(crowd) as u64 + OTHER_DESCRIPTORS;
    let limit = programs::raise_descriptor_limit(needed)?;
    if limit < needed {
        bail!(
            "this run needs {needed} descriptors and a process may have {limit}: \
             raise the hard limit (ulimit -Hn), or choose fewer scenarios (--scenario)"
        );
    }
    Ok(())
}

pub(crate) fn progress_bar(steps: usize) -> Result<ProgressBar> {
    let style = ProgressStyle::with_template("{bar:30} {percent} %, {eta} left: {wide_msg}")?;
    Ok(ProgressBar::new(steps as u64).with_style(style))
}

pub(crate) fn root() -> Result<PathBuf> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = package.ancestors().nth(2).context("the course has gone")?;
    Ok(root.to_owned())
}
