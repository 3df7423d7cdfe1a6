//! System calls that fail as they hardly ever do: strace makes them fail.

use std::io::{ErrorKind, Read, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::{
    Day, MIB, Process, Server, assert_echo, echo_succeeds, half_close, noise, read_to_end,
    wait_until,
};

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

/// Starts the server under strace. Its calls that are named in `faults`
/// (`CALL:error=NAME:when=...`, as strace wants it) fail.
fn start(day: Day, threads: &str, faults: &[&str]) -> Server {
    start_traced(day, &["--threads", threads], faults, "/dev/null")
}

/// As [`start`], for every day. strace writes to `log`.
fn start_traced(day: Day, options: &[&str], faults: &[&str], log: &str) -> Server {
    let calls = faults.iter().filter_map(|fault| fault.split(':').next());
    let trace = format!("trace={}", calls.collect::<Vec<_>>().join(","));
    let faults: Vec<_> = faults
        .iter()
        .map(|fault| format!("inject={fault}"))
        .collect();
    // With -D, the server is this process's child, and strace the server's.
    let mut args = vec!["-D", "-f", "-q", "-o", log, "-e", &trace];
    for fault in &faults {
        args.extend(["-e", fault]);
    }
    args.extend([day.server, "127.0.0.1:0", "--prefix", "", "--quiet"]);
    args.extend(options);
    Server::run("strace", &args)
}

#[track_caller]
fn finish(server: Server) {
    server.process.signal(Signal::SIGTERM);
    let ended = server.process.end();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
}

/// Connects until a connection works.
#[track_caller]
fn insist(server: &Server) {
    wait_until("a client is served", || {
        echo_succeeds(&server.connect(), b"serve me")
    });
}

/// A signal that has a handler may interrupt any call.
pub fn interrupted_calls_are_repeated(day: Day) {
    if !can_inject() {
        return;
    }
    for threads in ["0", "1"] {
        let faults = [
            "accept4:error=EINTR:when=1+2",
            "recvfrom:error=EINTR:when=1+2",
            "read:error=EINTR:when=100+3",
            "sendto:error=EINTR:when=1+2",
            "epoll_wait:error=EINTR:when=1+2",
        ];
        let server = start(day, threads, &faults);
        let message = noise(MIB, 1);
        let clients = [server.connect(), server.connect(), server.connect()];
        for client in &clients {
            assert_echo(client, &message);
            half_close(client);
            assert!(read_to_end(client).is_empty());
        }
        finish(server);
    }
}

pub fn failing_accepts_delay_new_clients_and_no_others(day: Day) {
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
            let fault = format!("accept4:error={error}:when=3+4");
            let server = start(day, threads, &[&fault]);
            let first = server.connect();
            assert_echo(&first, b"the first");
            for _ in 0..5 {
                insist(&server);
            }
            assert_echo(&first, b"the first again");
            drop(first);
            finish(server);
        }
    }
}

/// Out of descriptors, the server pauses its listening socket, and the kernel has no memory
/// when it resumes.
pub fn a_listener_that_cannot_be_resumed_is_tried_again(day: Day) {
    if !can_inject() {
        return;
    }
    // How many threads serve clients: days 2 to 4 have the one and no such option.
    let help = Process::start(day.server, &["--help"]).end().stdout;
    let has_threads = help.iter().any(|line| line.contains("--threads"));
    let options = if has_threads {
        &["--threads", "0"][..]
    } else {
        &[]
    };

    // The first client costs one call more than the start. In its place, a client that cannot
    // be accepted pauses the listener by that call, and the next one resumes.
    let server = start_traced(
        day,
        options,
        &["epoll_ctl:error=ENOMEM:when=1000"],
        "/dev/stderr",
    );
    assert_echo(&server.connect(), b"the first");
    let pause = server.process.kill().stderr.matches("epoll_ctl(").count();

    let resume = format!("epoll_ctl:error=ENOMEM:when={}", pause + 1);
    let faults = ["accept4:error=ENFILE:when=1..2", &resume];
    let server = start_traced(day, options, &faults, "/dev/null");
    assert_echo(&server.connect(), b"accepted in the end");
    let stderr = server.process.kill().stderr;
    assert!(stderr.contains("cannot resume the listener: "), "{stderr}");
}

/// A listening socket that cannot accept and yet is always ready: whatever the reason, the
/// server neither tries without end nor fails to end.
pub fn a_listener_that_fails_for_good_costs_little_and_stops_no_client(day: Day) {
    if !can_inject() {
        return;
    }
    for error in ["EMFILE", "ENOBUFS", "EPERM", "ECONNABORTED"] {
        let server = start(day, "1", &[&format!("accept4:error={error}:when=2+")]);
        let first = server.connect();
        assert_echo(&first, b"the first");
        let waiting = server.connect();
        let stops = || server.process.status("voluntary_ctxt_switches:");
        let before = stops();
        let second = Some(Duration::from_secs(1));
        waiting.set_read_timeout(second).expect("a timeout");
        (&waiting).write_all(b"?").expect("it is sent");
        let silence = (&waiting).read(&mut [0]).expect_err("it is not accepted");
        assert_eq!(silence.kind(), ErrorKind::WouldBlock);
        let stops = stops() - before;
        // Ten tries in a second, each with a few calls, at each of which strace stops the
        // thread that accepts twice. A loop without end would make tens of thousands.
        assert!(stops < 2000, "{error}: {stops} stops in a second");
        assert_echo(&first, b"the first again");
        drop((first, waiting));
        finish(server);
    }
}

pub fn a_failing_call_costs_its_own_connection_only(day: Day) {
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
            let server = start(day, threads, &[fault]);
            for _ in 0..10 {
                insist(&server);
            }
            finish(server);
        }
    }
}

/// An EAGAIN in the place of a result makes the server wait for room that there is.
pub fn calls_that_would_block_lose_no_byte(day: Day) {
    if !can_inject() {
        return;
    }
    let faults = [
        "sendto:error=EAGAIN:when=1+2",
        "recvfrom:error=EAGAIN:when=1+2",
    ];
    for threads in ["0", "1"] {
        let server = start(day, threads, &faults);
        let client = server.connect();
        assert_echo(&client, &noise(MIB, 1));
        half_close(&client);
        assert!(read_to_end(&client).is_empty());
        finish(server);
    }
}
