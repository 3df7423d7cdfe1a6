//! What the server logs with `--log FILE`.

use std::fs;
use std::io::{self, BufRead, BufReader};

use conformance::{Process, Server, Signal, assert_echo, assert_failure, day, fill_pipe, path_of};

#[test]
fn the_log_has_the_beginning_and_the_end() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("server.log");
    let path = path.to_str().expect("a path of plain text");
    let server = day!().start(&["--quiet", "--prefix", "", "--log", path]);
    let addr = server.addr;
    assert_echo(&server.connect(), b"\nnot for the log\n");
    server.process.signal(Signal::SIGTERM);
    assert_eq!(server.process.end().code, Some(0));

    let log = fs::read_to_string(path).expect("a log");
    let lines: Vec<_> = log.lines().collect();
    let [header, first, last] = lines[..] else {
        panic!("not the lines expected:\n{log}");
    };
    assert!(header.starts_with("# UTC"), "{header}");
    assert!(
        first.ends_with(&format!("] listening on {addr}")),
        "{first}"
    );
    assert!(last.ends_with("] stopped"), "{last}");
}

/// A program that rotates logs moves the file away and sends SIGHUP.
#[test]
fn a_hangup_opens_the_file_again() {
    let dir = tempfile::tempdir().expect("a directory");
    let (path, moved) = (dir.path().join("server.log"), dir.path().join("moved.log"));
    let server = day!().start(&["--log", path.to_str().expect("a path of plain text")]);
    fs::rename(&path, &moved).expect("the log is there");
    server.process.signal(Signal::SIGHUP);
    // Of two signals that wait, the kernel delivers the lower number first.
    server.process.signal(Signal::SIGTERM);
    let ended = server.process.end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));

    let old = fs::read_to_string(&moved).expect("the old log");
    let new = fs::read_to_string(&path).unwrap_or_default();
    let logs = format!("old log:\n{old}\nnew log:\n{new}");
    assert!(
        new.contains("stopped") && !old.contains("stopped"),
        "{logs}"
    );
    // The first line may have waited in the buffer; it is in one of the two files.
    assert!(logs.contains("] listening on"), "{logs}");
}

#[test]
fn a_log_that_cannot_be_written() {
    let args = ["127.0.0.1:0", "--log", "/nonexistent/server.log"];
    let message = assert_failure(&Process::start(day!().server, &args).end(), 1);
    let expected = "error: cannot log to /nonexistent/server.log: ";
    assert!(message.starts_with(expected), "{message}");
    let message = assert_failure(&Process::start(day!().server, &["--log"]).end(), 2);
    assert!(message.contains("--log needs a value"), "{message}");
}

/// On day 5, an error message on an unread stderr is dropped.
#[test]
fn an_unread_log_does_not_stop_the_loop() {
    let (log, writer) = io::pipe().expect("a pipe");
    let path = path_of(&writer);
    let args = ["--prefix", "", "--quiet", "--threads", "0", "--log", &path];
    let server = day!().start(&args);
    let client = server.connect();
    assert_echo(&client, b"hello");
    fill_pipe(&writer);
    drop(writer);
    // Not even a descriptor that replaces a closed one; poll(2) refuses to work with a limit of 0.
    server.process.limit_descriptors(1);
    let _next = server.connect();
    // The loop counts the error, logs it, and only then prints the counters.
    while server.counter("accept_errors") == 0 {
        assert_echo(&client, b"still here");
    }
    assert_echo(&client, b"still here");

    let mut lines = BufReader::new(log).lines().map_while(Result::ok);
    let message = lines.find(|line| line.contains("accepting no clients"));
    assert!(message.is_some(), "the log has lost it");
}

/// The server reports on stderr that clients are still here.
#[test]
fn an_unread_stderr_does_not_keep_the_server_from_stopping() {
    let (_stderr, writer) = io::pipe().expect("a pipe");
    fill_pipe(&writer);
    let script = r#"exec "$0" 127.0.0.1:0 --prefix '' --quiet --threads 0 2>"$1""#;
    let server = Server::run("sh", &["-c", script, day!().server, &path_of(&writer)]);
    drop(writer);
    let client = server.connect();
    assert_echo(&client, b"hello");
    server.process.signal(Signal::SIGTERM);
    server.process.signal(Signal::SIGINT);
    assert_eq!(server.process.end().code, Some(0));
}
