//! System calls that fail as they hardly ever do, by the hand of strace.

mod common;

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::mem;
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use common::{PATIENCE, Program, Server, assert_echo, assert_same, half_close, noise, read_to_end};

/// Some machines have no strace, and some do not let it trace.
fn can_inject() -> bool {
    let trial = ["-o", "/dev/null", "-e", "inject=chdir:error=EINTR", "true"];
    let tried = Command::new("strace")
        .args(trial)
        .stdin(Stdio::null())
        .output();
    match tried {
        Ok(output) if output.status.success() => true,
        Ok(output) => {
            let why = String::from_utf8_lossy(&output.stderr).into_owned();
            eprintln!("skipped: strace cannot trace here: {why}");
            false
        }
        Err(error) => {
            eprintln!("skipped: no strace: {error}");
            false
        }
    }
}

/// A server under strace.
struct Traced {
    tracee: Tracee,
    server: Server,
}

/// The server itself, which strace lets go of when it is killed.
struct Tracee(Pid);

impl Drop for Tracee {
    fn drop(&mut self) {
        // It has ended, unless the test has failed.
        let _ = kill(self.0, Signal::SIGKILL);
    }
}

impl Traced {
    /// Starts the server. Its calls that are named in `faults`
    /// (`CALL:error=NAME:when=...`, as strace wants it) fail.
    fn start(threads: &str, faults: &[&str]) -> Self {
        let calls = faults.iter().filter_map(|fault| fault.split(':').next());
        let trace = format!("trace={}", calls.collect::<Vec<_>>().join(","));
        let faults: Vec<_> = faults
            .iter()
            .map(|fault| format!("inject={fault}"))
            .collect();
        // Nobody reads the trace.
        let mut args = vec!["-f", "-q", "-o", "/dev/null", "-e", &trace];
        for fault in &faults {
            args.extend(["-e", fault]);
        }
        args.extend([common::SERVER, "127.0.0.1:0", "--prefix", "", "--quiet"]);
        args.extend(["--threads", threads]);
        let server = Server::run("strace", &args);
        let children = format!("/proc/{0}/task/{0}/children", server.program.id());
        let children = fs::read_to_string(children).expect("strace runs");
        let pid = children.split_whitespace().next();
        let pid = pid.and_then(|pid| pid.parse().ok());
        let tracee = Tracee(Pid::from_raw(pid.expect("strace's child")));
        Self { tracee, server }
    }

    fn connect(&self) -> TcpStream {
        self.server.connect()
    }

    #[track_caller]
    fn finish(self) {
        kill(self.tracee.0, Signal::SIGTERM).expect("it runs");
        let ended = self.server.program.end();
        // Its number may be another's by now.
        mem::forget(self.tracee);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    }
}

/// Connects, sends a message and reads it back, and does that again if the connection fails.
fn insist(server: &Traced, message: &[u8]) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let client = server.connect();
        if try_echo(&client, message) {
            return;
        }
        assert!(Instant::now() < deadline, "nobody is served any more");
    }
}

fn try_echo(mut client: &TcpStream, message: &[u8]) -> bool {
    let mut reply = vec![0; message.len()];
    if client.write_all(message).is_err() {
        return false;
    }
    match client.read_exact(&mut reply) {
        Ok(()) => {
            assert_same(&reply, message);
            true
        }
        Err(error) => {
            assert_ne!(error.kind(), ErrorKind::WouldBlock, "the connection hangs");
            false
        }
    }
}

/// A signal that somebody else has a handler for may interrupt any call.
#[test]
fn interrupted_calls_are_made_again() {
    if !can_inject() {
        return;
    }
    for threads in ["0", "1"] {
        let server = Traced::start(
            threads,
            &[
                "accept4:error=EINTR:when=1+2",
                "recvfrom:error=EINTR:when=1+2",
                "read:error=EINTR:when=100+3",
                "sendto:error=EINTR:when=1+2",
                "epoll_wait:error=EINTR:when=1+2",
            ],
        );
        let message = noise(1024 * 1024, 1);
        let clients = [server.connect(), server.connect(), server.connect()];
        for client in &clients {
            assert_echo(client, &message);
            half_close(client);
            assert!(read_to_end(client).is_empty());
        }
        server.finish();
    }
}

#[test]
fn failing_accepts_delay_clients_and_lose_nobody_inside() {
    if !can_inject() {
        return;
    }
    for threads in ["0", "1"] {
        for error in [
            "EMFILE",
            "ENFILE",
            "ENOBUFS",
            "ENOMEM",
            "ECONNABORTED",
            "EPROTO",
            "EPERM",
            "ENETDOWN",
        ] {
            let server = Traced::start(threads, &[&format!("accept4:error={error}:when=3+4")]);
            let first = server.connect();
            assert_echo(&first, b"the first");
            for _ in 0..5 {
                insist(&server, b"let me in");
            }
            assert_echo(&first, b"the first again");
            drop(first);
            server.finish();
        }
    }
}

/// A listener that cannot accept and yet is always ready: whatever the reason, the server
/// must not try without end, nor fail to end.
#[test]
fn a_listener_that_never_works_again_costs_no_time_and_stops_nobody() {
    if !can_inject() {
        return;
    }
    for error in ["EMFILE", "ENOBUFS", "EPERM", "ECONNABORTED"] {
        let server = Traced::start("1", &[&format!("accept4:error={error}:when=2+")]);
        let first = server.connect();
        assert_echo(&first, b"the first");
        let waiting = server.connect();
        let before = switches(&server.server.program);
        let second = Some(Duration::from_secs(1));
        first.set_read_timeout(second).expect("a timeout");
        (&first)
            .read(&mut [0])
            .expect_err("nobody has said anything");
        let calls = switches(&server.server.program) - before;
        // Ten tries in a second, each with a few calls, at each of which strace stops the
        // server twice. A loop without end would make tens of thousands.
        assert!(calls < 2000, "{error}: {calls} stops in a second");
        first.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        assert_echo(&first, b"the first again");
        drop((first, waiting));
        server.finish();
    }
}

/// How often strace has been woken up by the calls of the server.
fn switches(program: &Program) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", program.id()));
    let status = status.expect("strace runs");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    line.and_then(|number| number.trim().parse().ok())
        .expect("a number")
}

#[test]
fn a_read_or_a_write_that_fails_costs_its_own_connection_only() {
    if !can_inject() {
        return;
    }
    for threads in ["0", "1"] {
        for fault in [
            "recvfrom:error=ECONNRESET:when=4+3",
            "recvfrom:error=ENOBUFS:when=4+3",
            "recvfrom:error=ETIMEDOUT:when=4+3",
            "sendto:error=ENOBUFS:when=3+3",
            "sendto:error=ENOMEM:when=3+3",
            "sendto:error=EPIPE:when=3+3",
            "epoll_ctl:error=ENOMEM:when=8+3",
            "epoll_ctl:error=ENOSPC:when=8+3",
            "shutdown:error=ENOTCONN:when=1+2",
        ] {
            let server = Traced::start(threads, &[fault]);
            for _ in 0..10 {
                insist(&server, b"serve me");
            }
            server.finish();
        }
    }
}

/// Sockets that take one byte where there is room for many.
#[test]
fn short_writes_and_reads_lose_nothing() {
    if !can_inject() {
        return;
    }
    // A result that is put in the place of the true one would be a lie about the data;
    // EAGAIN is none, and makes the server wait for room that there is.
    let faults = [
        "sendto:error=EAGAIN:when=1+2",
        "recvfrom:error=EAGAIN:when=1+2",
    ];
    for threads in ["0", "1"] {
        let server = Traced::start(threads, &faults);
        let message = noise(1024 * 1024, 1);
        let client = server.connect();
        assert_echo(&client, &message);
        half_close(&client);
        assert!(read_to_end(&client).is_empty());
        server.finish();
    }
}
