//! SIGINT and SIGTERM end the server in good order, and SIGUSR1 prints its counters.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::{
    Child, Day, MIB, Server, TIMEOUT, assert_echo, assert_same, connect, fill_pipe, noise, path_of,
    read_to_end, wait_until,
};

pub fn sigint_ends_the_server(day: Day) {
    stop_by(day, Signal::SIGINT);
}

pub fn sigterm_ends_the_server(day: Day) {
    stop_by(day, Signal::SIGTERM);
}

fn stop_by(day: Day, signal: Signal) {
    let server = day.start_verbatim();
    let clients = [server.connect(), server.connect(), server.connect()];
    for client in &clients[1..] {
        assert_echo(client, b"hello");
    }
    server.process.signal(signal);
    let ended = server.process.end();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for client in &clients {
        assert!(read_to_end(client).is_empty());
    }
}

pub fn a_signal_before_the_first_client_ends_the_server(day: Day) {
    let server = day.start(&[]);
    server.process.signal(Signal::SIGTERM);
    assert_eq!(server.process.end().code, Some(0));
}

pub fn two_signals_at_once_end_the_server_once(day: Day) {
    let server = day.start_verbatim();
    let client = server.connect();
    assert_echo(&client, b"hello");
    server.process.while_suspended(|| {
        server.process.signal(Signal::SIGINT);
        server.process.signal(Signal::SIGTERM);
    });
    assert_eq!(server.process.end().code, Some(0));
}

/// Each client asks and waits for the answer, again and again. Wherever the signal finds them,
/// no answer is cut in the middle and none is followed by an RST.
pub fn a_signal_under_load_cuts_no_reply(day: Day) {
    const CLIENTS: usize = 20;
    for threads in [0, 1, 3] {
        let server = day.start_with_threads(threads);
        let request = noise(1000, 1);
        let ready = Barrier::new(CLIENTS + 1);
        thread::scope(|scope| {
            for _ in 0..CLIENTS {
                let client = server.connect();
                let (request, ready) = (&request, &ready);
                scope.spawn(move || {
                    assert_echo(&client, request);
                    ready.wait();
                    ask_until_the_end(&client, request);
                });
            }
            ready.wait();
            server.process.signal(Signal::SIGTERM);
        });
        let ended = server.process.end();
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    }
}

fn ask_until_the_end(mut client: &TcpStream, request: &[u8]) {
    let mut replies = Vec::new();
    for number in 1.. {
        let sent = client.write_all(request);
        while replies.len() < number * request.len() {
            let mut piece = [0; 4096];
            let count = client.read(&mut piece).expect("an end and no RST");
            if count == 0 {
                assert_eq!(replies.len() % request.len(), 0, "a reply is cut");
                assert_same(&replies, &request.repeat(replies.len() / request.len()));
                return;
            }
            replies.extend(&piece[..count]);
        }
        // A reply belongs to a request.
        sent.expect("it was sent");
    }
}

/// The server prints what it gets, and the pipe at its stdout is full.
pub fn an_unread_stdout_stops_neither_clients_nor_the_end(day: Day) {
    let mut command = Command::new(day.server);
    command.args(["127.0.0.1:0", "--prefix", ""]);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut server = Child::spawn_beside(&mut command).expect("a server");
    let mut stdout = BufReader::new(server.stdout().expect("a pipe"));
    let mut line = String::new();
    stdout.read_line(&mut line).expect("a first line");
    let addr = line.trim_end().strip_prefix("listening on ");
    let addr = addr.and_then(|addr| addr.parse().ok()).expect("an address");
    let client = connect(addr);
    // More than the pipe holds.
    (0..MIB / 4096).for_each(|_| assert_echo(&client, &[b'x'; 4096]));
    // The server says how much has not been printed as soon as it is read again.
    wait_until("the pipe has room", || {
        line.clear();
        stdout.read_line(&mut line).expect("a line");
        assert_echo(&client, b"!");
        line.ends_with(" lines dropped: not read)\n")
    });
    (0..MIB / 4096).for_each(|_| assert_echo(&client, &[b'x'; 4096]));
    drop(client);
    server.signal(Signal::SIGTERM).expect("it runs");
    let status = server.wait(TIMEOUT).expect("a child of this process");
    assert!(status.is_some_and(|status| status.success()), "{status:?}");
}

/// The pipe at its stderr is full, and there are no descriptors for new clients.
pub fn an_unread_stderr_stops_neither_clients_nor_the_end(day: Day) {
    let (stderr, writer) = io::pipe().expect("a pipe");
    fill_pipe(&writer);
    let script = r#"exec "$0" 127.0.0.1:0 --prefix '' --quiet 2>"$1""#;
    let server = Server::run("sh", &["-c", script, day.server, &path_of(&writer)]);
    drop(writer);
    let client = server.connect();
    assert_echo(&client, b"hello");
    // Not even one that replaces a closed one. poll(2) takes no more descriptors than the limit.
    server.process.limit_descriptors(1);
    let _next = server.connect();
    // The server tries again ten times in a second, and each time it has a line to write.
    let second = Some(Duration::from_secs(1));
    client.set_read_timeout(second).expect("a timeout");
    (&client).read(&mut [0]).expect_err("no reply is due");
    client.set_read_timeout(Some(TIMEOUT)).expect("a timeout");
    assert_echo(&client, b"still here");
    let mut lines = BufReader::new(stderr).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.ends_with(" lines dropped: not read)")));
    drop(client);
    server.process.signal(Signal::SIGTERM);
    assert_eq!(server.process.end().code, Some(0));
}

pub fn sigusr1_prints_the_counters(day: Day) {
    let server = day.start_verbatim();
    let clients = [server.connect(), server.connect()];
    for client in &clients {
        assert_echo(client, b"hello");
    }
    // A client may have a reply before the server has counted it.
    let wait_for = |expected: &str| {
        wait_until(expected, || server.stats().contains(expected));
    };
    wait_for("active 2, accepted 2, rejected 0, ");
    assert_echo(&clients[0], b"still here");
    wait_for(", bytes_in 20, bytes_out 20, ");
}
