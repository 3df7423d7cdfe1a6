//! The servers that are measured, all of them running.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use programs::{Profile, Program, Server};

use crate::cpu::{CpuClock, Cpus};
use crate::peers::Peer;
use crate::results::FLOOR_AGAIN;

/// What every other server is compared with.
pub(crate) const FLOOR: &str = "floor";

/// The first day whose server has the option `--threads`.
const FIRST_DAY_WITH_THREADS: usize = 5;

/// What the Python samples put in front of each reply; no option turns it off.
const SAMPLE_PREFIX: usize = "Echo: ".len();

/// A server that takes part.
pub(crate) struct Contestant {
    pub(crate) program: Program,
    /// How many bytes it puts in front of a reply.
    pub(crate) prefix: usize,
}

/// A running server.
pub(crate) struct Running<'a> {
    pub(crate) contestant: &'a Contestant,
    pub(crate) server: Server,
    pub(crate) clock: CpuClock,
}

impl Contestant {
    pub(crate) fn name(&self) -> &str {
        self.program.name()
    }

    pub(crate) fn start(&self) -> Result<Running<'_>> {
        let server = self.program.start()?;
        let clock = CpuClock::of(server.child.pid())?;
        Ok(Running {
            contestant: self,
            server,
            clock,
        })
    }
}

/// Builds the days and returns every server that takes part, in the order of the tables.
pub(crate) fn assemble(root: &Path, cpus: &Cpus) -> Result<Vec<Contestant>> {
    let days = days(root)?;
    let names: Vec<_> = days.iter().map(|(_, name)| name.as_str()).collect();
    let executables = programs::build(root, &names, Profile::Release)?;

    let mut fleet = Vec::new();
    let mut add = |program: Program, prefix| {
        fleet.push(Contestant {
            program: program.on_cpus(cpus.server),
            prefix,
        });
    };
    add(peer(FLOOR, Peer::Floor)?, 0);
    for (name, script) in [
        ("Python threads", "day01-socket/python/echo_server.py"),
        ("Python epoll", "day02-epoll/python/epoll_server.py"),
    ] {
        add(
            Program::python(name, &existing(root, script)?),
            SAMPLE_PREFIX,
        );
    }
    for (number, name) in &days {
        let executable = executables
            .get(name)
            .with_context(|| format!("{name} has no program of its own name"))?;
        let mut program = Program::new(&format!("day {number}"), executable);
        program = program.args(["--prefix", "", "--quiet"]);
        if *number >= FIRST_DAY_WITH_THREADS {
            program = program.args(["--threads", "0"]);
        }
        add(program, 0);
    }
    add(peer("mio", Peer::Mio)?, 0);
    add(peer("tokio", Peer::Tokio)?, 0);
    let asyncio = existing(root, "xtask/bench/src/peers/asyncio_server.py")?;
    add(Program::python("asyncio", &asyncio), 0);
    add(peer(FLOOR_AGAIN, Peer::Floor)?, 0);
    Ok(fleet)
}

fn peer(name: &str, peer: Peer) -> Result<Program> {
    let this_program = std::env::current_exe().context("cannot find this program's file")?;
    let kind = format!("{peer:?}").to_lowercase();
    Ok(Program::new(name, &this_program).args(["serve", &kind]))
}

fn existing(root: &Path, path: &str) -> Result<PathBuf> {
    let file = root.join(path);
    if file.is_file() {
        Ok(file)
    } else {
        bail!("{path} is missing")
    }
}

/// Numbers and names of the days: `day03-channel` is day 3.
fn days(root: &Path) -> Result<Vec<(usize, String)>> {
    let mut days = Vec::new();
    for entry in fs::read_dir(root).context("cannot read the course's directory")? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if let Some(number) = day_number(&name) {
            days.push((number, name));
        }
    }
    days.sort_unstable();
    Ok(days)
}

fn day_number(name: &str) -> Option<usize> {
    let (number, _) = name.strip_prefix("day")?.split_once('-')?;
    number.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_told_from_other_directories() {
        assert_eq!(day_number("day03-channel"), Some(3));
        assert_eq!(day_number("daybreak"), None);
        assert_eq!(day_number("day-off"), None);
    }
}
