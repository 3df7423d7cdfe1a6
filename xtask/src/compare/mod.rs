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

    /// Print JSON instead of the table
    #[arg(long)]
    json: bool,
}

/// A server that is compared. A sample has no day, and promises nothing.
struct Contestant {
    program: Program,
    day: Option<usize>,
}

/// A server in one situation. It has no past: each situation gets a process of its own,
/// for a server may not survive the one before.
struct Subject<'a> {
    program: &'a Program,
    server: Server,
    client: &'a Path,
}

/// What one server did.
struct Row {
    contestant: Contestant,
    /// One for each of [`BEHAVIOURS`].
    verdicts: Vec<Verdict>,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let course = Course::open()?;
    programs::end_children_on_interrupt()?;
    programs::raise_descriptor_limit(DESCRIPTORS)?;
    let contestants = prepare(&course, &args.only)?;
    let client = sample(&course, CLIENT)?;

    let progress = Progress::new();
    let mut rows = Vec::new();
    for contestant in contestants {
        let mut verdicts = Vec::new();
        for behaviour in BEHAVIOURS {
            let program = &contestant.program;
            progress.show(format_args!("{}: {}", program.name(), behaviour.title));
            let server = program.start()?;
            let client = &client;
            verdicts.push(behaviour.try_on(&mut Subject {
                program,
                server,
                client,
            }));
        }
        rows.push(Row {
            contestant,
            verdicts,
        });
    }
    drop(progress);

    let mut out = io::stdout();
    if args.json {
        writeln!(out, "{:#}", table::json(&rows))?;
    } else {
        let width = terminal_size().map_or(FILE_WIDTH, |(Width(width), _)| width);
        write!(out, "{}", table::text(&rows, width, Paint::for_stdout()))?;
    }
    let is_broken = rows.iter().any(|row| !row.broken_promises().is_empty());
    Ok(ExitCode::from(u8::from(is_broken)))
}

/// The samples, and the days that were asked for, or else all of them.
fn prepare(course: &Course, only: &[usize]) -> Result<Vec<Contestant>> {
    for number in only {
        course.day(*number)?;
    }
    let days = course.days.iter();
    let days = days.filter(|day| only.is_empty() || only.contains(&day.number));
    let mut python = Command::new("python3");
    let works = python.arg("--version").stdout(Stdio::null()).status();
    ensure!(
        works.is_ok_and(|status| status.success()),
        "the samples need python3"
    );
    let mut contestants = Vec::new();
    for (name, path) in [("Python threads", THREADS), ("Python epoll", EPOLL)] {
        let program = Program::python(name, &sample(course, path)?);
        contestants.push(Contestant { program, day: None });
    }
    let names: Vec<_> = days.clone().map(|day| day.name.as_str()).collect();
    let executables = programs::build(&course.root, &names, Profile::Dev)?;
    for day in days {
        let (name, day) = (&day.name, day.number);
        let executable = executables.get(name);
        let executable =
            executable.with_context(|| format!("{name} has no program of its name"))?;
        let program = Program::new(&format!("day {day}"), executable);
        contestants.push(Contestant {
            program,
            day: Some(day),
        });
    }
    Ok(contestants)
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
        let broken = all.filter(|(behaviour, verdict)| {
            verdict.is_err() && behaviour.is_promised_by(self.contestant.day)
        });
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
