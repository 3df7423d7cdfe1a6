//! `cargo xtask syscalls`: what a day asks of the kernel.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use programs::{Call, Profile, Program, Strace};

use crate::course::{Course, Day};
use crate::terminal::Paint;

const MESSAGE: &[u8] = b"hello\n";

/// How long a server may take under strace.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What keeps the server from printing each message.
const QUIET: &str = "--quiet";

/// A server that has made no call for this long waits for its client.
const PAUSE: Duration = Duration::from_millis(100);

/// List the system calls that a day's server makes for one client and one echo
///
/// The server runs under strace. What it does before it listens is left out.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The day
    day: usize,

    /// Options for the day's server, which prints each message without --quiet
    #[arg(last = true, value_name = "OPTION", default_value = QUIET)]
    options: Vec<String>,
}

/// What the client does, and the calls by which the server answers.
type Scene = (&'static str, Vec<Call>);

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    programs::end_children_on_interrupt()?;
    let course = Course::open()?;
    let day = course.day(args.day)?;
    let text = show(&trace(&course, day, &args.options)?, Paint::for_stdout());
    let options = args.options.join(" ");
    writeln!(io::stdout(), "{} {options}\n\n{text}", day.name)?;
    Ok(ExitCode::SUCCESS)
}

/// What is printed for a day, to be kept.
pub(crate) fn record(course: &Course, day: &Day) -> Result<String> {
    let scenes = trace(course, day, &[QUIET.to_owned()])?;
    Ok(show(&scenes, Paint::PLAIN).trim_end().to_owned() + "\n")
}

fn trace(course: &Course, day: &Day, options: &[String]) -> Result<[Scene; 3]> {
    let strace = Strace::new()?;
    let executables = programs::build(&course.root, &[&day.name], Profile::Release)?;
    let executable = executables.get(&day.name).context("there is no program")?;
    let program = Program::new(&day.name, executable).args(options);
    let server = program.traced_by(&strace).start()?;
    let mut seen = quiet_calls(&strace)?.len();
    let mut scene = |title| -> Result<Scene> {
        let calls = quiet_calls(&strace)?.split_off(seen);
        seen += calls.len();
        Ok((title, calls))
    };
    let mut client = TcpStream::connect(server.addr())?;
    client.set_read_timeout(Some(TIMEOUT))?;
    let connects = scene("a client connects")?;
    client.write_all(MESSAGE)?;
    let mut reply = [0; 64];
    let count = client.read(&mut reply).context("no echo")?;
    ensure!(count > 0, "the server closed the connection");
    let speaks = scene("it sends a message")?;
    drop(client);
    let leaves = scene("it disconnects")?;
    Ok([connects, speaks, leaves])
}

/// All calls up to the moment when no more are made.
fn quiet_calls(strace: &Strace) -> Result<Vec<Call>> {
    let deadline = Instant::now() + TIMEOUT;
    let mut before = strace.calls()?;
    loop {
        thread::sleep(PAUSE);
        let calls = strace.calls()?;
        if calls.len() == before.len() {
            return Ok(calls);
        }
        let has_time = Instant::now() < deadline;
        ensure!(has_time, "the server does not stop making calls");
        before = calls;
    }
}

fn show(scenes: &[Scene], paint: Paint) -> String {
    let calls = scenes.iter().flat_map(|(_, calls)| calls);
    let threads: BTreeSet<_> = calls.map(|call| call.thread).collect();
    let mut text = String::new();
    for (title, calls) in scenes {
        let _ = writeln!(text, "{}", paint.heading(title));
        for call in calls {
            let thread = threads.range(..=call.thread).count();
            let mark = paint.added(format_args!("{:8}", mark(call)));
            let name = paint.place(&call.name);
            if threads.len() > 1 {
                let _ = write!(text, "  thread {thread}");
            }
            let _ = writeln!(text, "  {mark}{name}{}", call.rest);
        }
        let _ = writeln!(text, "  {}\n", paint.aside(count(calls)));
    }
    text
}

/// What a call does for the server.
fn mark(call: &Call) -> &'static str {
    match call.name.as_str() {
        "accept" | "accept4" => "accept",
        name if name.starts_with("epoll_ctl") || name == "epoll_create1" => "watch",
        name if name.starts_with("epoll_") || name.starts_with("poll") => "wait",
        name if name.starts_with("recv") || name.starts_with("read") => "read",
        name if name.starts_with("write") && call.descriptor() <= Some(2) => "print",
        name if name.starts_with("send") || name.starts_with("write") => "write",
        "close" | "shutdown" => "close",
        "clone" | "clone3" => "thread",
        _ => "",
    }
}

/// `3 calls: 1 epoll_wait, 1 recvfrom, 1 sendto`
fn count(calls: &[Call]) -> String {
    let mut names = BTreeMap::<&str, usize>::new();
    for call in calls {
        *names.entry(&call.name).or_default() += 1;
    }
    let names = names.iter().map(|(name, count)| format!("{count} {name}"));
    let names = names.collect::<Vec<_>>().join(", ");
    match calls {
        [] => "no call".to_owned(),
        [_] => format!("1 call: {names}"),
        _ => format!("{} calls: {names}", calls.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(thread: u32, name: &str, rest: &str) -> Call {
        Call {
            thread,
            name: name.to_owned(),
            rest: rest.to_owned(),
        }
    }

    #[test]
    fn calls_are_marked_counted_and_told_apart_by_thread() {
        let calls = vec![
            call(70, "epoll_wait", "(3, [], 1024, -1) = 1"),
            call(
                71,
                "recvfrom",
                "(5, \"hello\\n\", 65536, 0, NULL, NULL) = 6",
            ),
            call(71, "write", "(1, \"hello\", 5) = 5"),
            call(
                71,
                "sendto",
                "(5, \"hello\\n\", 6, MSG_NOSIGNAL, NULL, 0) = 6",
            ),
        ];
        let scene = ("it sends a message", calls);
        let text = show(&[scene], Paint::PLAIN);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], "it sends a message");
        assert_eq!(
            lines[1],
            "  thread 1  wait    epoll_wait(3, [], 1024, -1) = 1"
        );
        assert!(lines[2].starts_with("  thread 2  read    recvfrom(5, "));
        assert!(lines[3].starts_with("  thread 2  print   write(1, "));
        assert!(lines[4].starts_with("  thread 2  write   sendto(5, "));
        assert_eq!(
            lines[5],
            "  4 calls: 1 epoll_wait, 1 recvfrom, 1 sendto, 1 write"
        );
    }

    #[test]
    fn a_lone_thread_needs_no_number() {
        let scene = (
            "a client connects",
            vec![call(70, "accept4", "(3, ...) = 4")],
        );
        let text = show(&[scene], Paint::PLAIN);
        assert_eq!(
            text,
            "a client connects\n  accept  accept4(3, ...) = 4\n  1 call: 1 accept4\n\n"
        );
        assert_eq!(count(&[]), "no call");
    }
}
