//! Who is compared: the Python samples and the days.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use programs::{Profile, Program, Server};

use crate::course::{Course, Day};

const THREADS: &str = "day01-socket/python/echo_server.py";
const EPOLL: &str = "day02-epoll/python/epoll_server.py";
const CLIENT: &str = "day01-socket/python/client.py";

/// A server that takes part.
pub(crate) struct Contestant {
    pub(crate) program: Program,
    /// None for a sample, which promises nothing.
    pub(crate) day: Option<usize>,
}

/// A server in one situation. It has no past: each situation gets a process of its
/// own, for a server may not survive the one before.
pub(crate) struct Subject<'a> {
    pub(crate) program: &'a Program,
    pub(crate) server: Server,
    pub(crate) client: &'a Path,
}

impl<'a> Subject<'a> {
    pub(crate) fn start(program: &'a Program, client: &'a Path) -> Result<Self> {
        let server = program.start()?;
        Ok(Self {
            program,
            server,
            client,
        })
    }
}

/// Builds the days that were asked for, all if none was, and puts the samples in
/// front. Also returns where the Python client is.
pub(crate) fn prepare(course: &Course, only: &[usize]) -> Result<(Vec<Contestant>, PathBuf)> {
    let days = chosen(course, only)?;
    check_python()?;
    let [threads, epoll, client] = [THREADS, EPOLL, CLIENT].map(|path| sample(course, path));
    let names: Vec<_> = days.iter().map(|day| day.name.as_str()).collect();
    let executables = programs::build(&course.root, &names, Profile::Dev)?;

    let mut contestants = vec![
        Contestant {
            program: Program::python("Python threads", &threads?),
            day: None,
        },
        Contestant {
            program: Program::python("Python epoll", &epoll?),
            day: None,
        },
    ];
    for day in days {
        let executable = executables
            .get(&day.name)
            .with_context(|| format!("{} has no program of its own name", day.name))?;
        contestants.push(Contestant {
            program: Program::new(&format!("day {}", day.number), executable),
            day: Some(day.number),
        });
    }
    Ok((contestants, client?))
}

fn chosen<'a>(course: &'a Course, only: &[usize]) -> Result<Vec<&'a Day>> {
    if only.is_empty() {
        return Ok(course.days().iter().collect());
    }
    only.iter().map(|&number| course.day(number)).collect()
}

fn check_python() -> Result<()> {
    let version = Command::new("python3")
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    match version {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => bail!("python3 does not work ({status}): the samples need it"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            bail!("python3 is not installed: the samples need it")
        }
        Err(error) => Err(error).context("cannot run python3"),
    }
}

fn sample(course: &Course, path: &str) -> Result<PathBuf> {
    let file = course.root.join(path);
    if file.is_file() {
        Ok(file)
    } else {
        bail!("{path} is missing: the comparison needs it")
    }
}
