//! `cargo xtask compare`: what each server does in the situations that the course is about.

mod behaviour;
mod bytes;
mod clients;
mod crowd;
mod process;
mod reply;
mod table;
mod talk;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, ensure};
use programs::{Profile, Program, Server};
use terminal_size::{Width, terminal_size};

use crate::course::Course;
use crate::terminal::{Paint, Progress};
use behaviour::{BEHAVIOURS, Verdict};

const THREADS: &str = "day01-socket/python/echo_server.py";
const EPOLL: &str = "day02-epoll/python/epoll_server.py";
const CLIENT: &str = "day01-socket/python/client.py";

/// The width of a table that goes into a file.
const FILE_WIDTH: u16 = 120;

/// More than the thousand clients of one probe, on both ends.
const DESCRIPTORS: u64 = 4096;

/// Compare the days with the Python samples, behaviour by behaviour
///
/// Starts the samples and the days on free ports, has the same conversations with each,
/// and prints what held. The exit code is 1 if a day breaks what that day promises.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only these days, beside the samples
    #[arg(long, value_name = "DAY", value_delimiter = ',', num_args = 1..)]
    only: Vec<usize>,
}

/// A server in one situation. It has no past: each situation gets a process of its own,
/// for a server may not survive the one before.
struct Subject<'a> {
    program: &'a Program,
    server: Server,
    client: &'a Path,
}

/// What one server did. A sample has no day, and promises nothing.
struct Row {
    program: Program,
    day: Option<usize>,
    /// One for each of [`BEHAVIOURS`].
    verdicts: Vec<Verdict>,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let course = Course::open()?;
    programs::end_children_on_interrupt()?;
    programs::raise_descriptor_limit(DESCRIPTORS)?;
    let mut rows = prepare(&course, &args.only)?;
    let client = &sample(&course, CLIENT)?;

    let progress = Progress;
    for row in &mut rows {
        let program = &row.program;
        for behaviour in BEHAVIOURS {
            progress.show(format_args!("{}: {}", program.name(), behaviour.title));
            let mut subject = Subject {
                program,
                server: program.start()?,
                client,
            };
            row.verdicts.push(behaviour.try_on(&mut subject));
        }
    }
    drop(progress);

    let width = terminal_size().map_or(FILE_WIDTH, |(Width(width), _)| width);
    let text = table::text(&rows, width, Paint::for_stdout());
    io::stdout().write_all(text.as_bytes())?;
    let is_broken = rows.iter().any(|row| !row.broken_promises().is_empty());
    Ok(ExitCode::from(u8::from(is_broken)))
}

/// The samples, and the days that were asked for, or else all of them.
fn prepare(course: &Course, only: &[usize]) -> Result<Vec<Row>> {
    only.iter().try_for_each(|day| course.day(*day).map(drop))?;
    let days = course.days.iter();
    let days = days.filter(|day| only.is_empty() || only.contains(&day.number));
    let mut python = Command::new("python3");
    let works = python.arg("--version").stdout(Stdio::null()).status();
    let works = works.is_ok_and(|status| status.success());
    ensure!(works, "the samples need python3");
    let mut programs = Vec::new();
    for (name, path) in [("Python threads", THREADS), ("Python epoll", EPOLL)] {
        programs.push((Program::python(name, &sample(course, path)?), None));
    }
    let names: Vec<_> = days.clone().map(|day| day.name.as_str()).collect();
    let executables = programs::build(&course.root, &names, Profile::Dev)?;
    for day in days {
        let executable = executables.get(&day.name);
        let executable = executable.context("a day has no program of its name")?;
        let name = format!("day {}", day.number);
        programs.push((Program::new(&name, executable), Some(day.number)));
    }
    let row = |(program, day)| Row {
        program,
        day,
        verdicts: Vec::new(),
    };
    Ok(programs.into_iter().map(row).collect())
}

fn sample(course: &Course, path: &str) -> Result<PathBuf> {
    let file = course.root.join(path);
    ensure!(file.is_file(), "{path} is missing: the comparison needs it");
    Ok(file)
}

impl Row {
    /// The behaviours that this server's day promises and that it does not have.
    fn broken_promises(&self) -> Vec<&'static str> {
        let all = BEHAVIOURS.iter().zip(&self.verdicts);
        let day = self.day;
        let broken = all.filter(|(row, verdict)| verdict.is_err() && row.is_promised_by(day));
        broken.map(|(behaviour, _)| behaviour.title).collect()
    }
}

// Servers that misbehave on purpose, so that each probe is seen failing.
#[cfg(test)]
mod bad_servers {
    use std::io::{self, Read, Write};
    use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use super::reply::PREFIX;

    pub(crate) fn good() -> SocketAddr {
        a_thread_each(|client| echo(client, 64 << 10, |message| message.to_vec()))
    }

    /// Never answers.
    pub(crate) fn mute() -> SocketAddr {
        a_thread_each(|mut client| io::copy(&mut client, &mut io::sink()).map(drop))
    }

    /// Answers with no more than the first bytes of what one read brings.
    pub(crate) fn truncating(size: usize) -> SocketAddr {
        let cut = move |message: &[u8]| message[..message.len().min(size)].to_vec();
        a_thread_each(move |client| echo(client, 64 << 10, cut))
    }

    /// Reads as the samples do, a little at a time.
    pub(crate) fn in_pieces(size: usize) -> SocketAddr {
        a_thread_each(move |client| echo(client, size, |message| message.to_vec()))
    }

    /// Ends what it sends at the first NUL, as a C string does.
    pub(crate) fn cutting_at_nul() -> SocketAddr {
        let cut = |message: &[u8]| message.split(|&byte| byte == 0).next().map(<[u8]>::to_vec);
        a_thread_each(move |client| {
            echo(client, 64 << 10, |message| cut(message).unwrap_or_default())
        })
    }

    /// Sends what the socket takes at once and forgets the rest.
    pub(crate) fn forgetting_the_rest() -> SocketAddr {
        a_thread_each(|mut client| {
            client.set_write_timeout(Some(Duration::from_millis(1)))?;
            let mut buf = vec![0; 64 << 10];
            loop {
                let count = client.read(&mut buf)?;
                let _ = client.write(&[PREFIX, &buf[..count]].concat());
                if count == 0 {
                    return Ok(());
                }
            }
        })
    }

    /// Takes the end of input for the end of the connection.
    pub(crate) fn dropping_the_tail() -> SocketAddr {
        a_thread_each(|mut client| {
            client.read_to_end(&mut Vec::new())?;
            client.shutdown(Shutdown::Both)
        })
    }

    /// Sends everything, and never closes its side.
    pub(crate) fn without_end() -> SocketAddr {
        a_thread_each(|client| {
            echo(client, 64 << 10, |message| message.to_vec())?;
            loop {
                thread::park();
            }
        })
    }

    /// Serves one client after the other.
    pub(crate) fn one_at_a_time() -> SocketAddr {
        listen(|client| {
            let _ = echo(&client, 64 << 10, |message| message.to_vec());
            true
        })
    }

    /// Ends when a client resets its connection.
    pub(crate) fn falling_with_its_client() -> SocketAddr {
        listen(|client| {
            let (gone, is_reset) = mpsc::channel();
            thread::spawn(move || {
                let result = echo(&client, 64 << 10, |message| message.to_vec());
                let _ = gone.send(result.is_err());
            });
            !is_reset
                .recv_timeout(Duration::from_millis(50))
                .unwrap_or(false)
        })
    }

    fn a_thread_each(
        serve: impl Fn(&TcpStream) -> io::Result<()> + Copy + Send + 'static,
    ) -> SocketAddr {
        listen(move |client| {
            thread::spawn(move || serve(&client));
            true
        })
    }

    /// Hands each client to `take`, until that returns false.
    fn listen(take: impl Fn(TcpStream) -> bool + Send + 'static) -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let addr = listener.local_addr().unwrap();
        thread::spawn(move || while listener.accept().is_ok_and(|(client, _)| take(client)) {});
        addr
    }

    fn echo(
        mut client: &TcpStream,
        size: usize,
        change: impl Fn(&[u8]) -> Vec<u8>,
    ) -> io::Result<()> {
        let mut buf = vec![0; size];
        loop {
            match client.read(&mut buf)? {
                0 => return Ok(()),
                count => client.write_all(&[PREFIX, &change(&buf[..count])].concat())?,
            }
        }
    }
}
