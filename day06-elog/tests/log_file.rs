//! What the server logs with `--log FILE`.

mod common;

use std::fs::{self, OpenOptions};
use std::io::{self, BufRead, BufReader, PipeWriter, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::process;

use common::{Program, SERVER, Server, assert_complaint, assert_echo};

#[test]
fn the_log_has_the_beginning_and_the_end() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("server.log");
    let path = path.to_str().expect("a path of plain text");
    let server = Server::start(&["--quiet", "--prefix", "", "--log", path]);
    let addr = server.addr;
    assert_echo(&server.connect(), b"\nnot for the log\n");
    server.program.signal(libc::SIGTERM);
    assert_eq!(server.program.end().code, Some(0));

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

/// Whoever rotates logs moves the file away and sends SIGHUP.
#[test]
fn a_hangup_opens_the_file_again() {
    let dir = tempfile::tempdir().expect("a directory");
    let (path, moved) = (dir.path().join("server.log"), dir.path().join("moved.log"));
    let server = Server::start(&["--log", path.to_str().expect("a path of plain text")]);
    fs::rename(&path, &moved).expect("the log is there");
    server.program.signal(libc::SIGHUP);
    // Of two signals that wait, the kernel delivers the lower number first.
    server.program.signal(libc::SIGTERM);
    let ended = server.program.end();
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
    let message = assert_complaint(&Program::start(SERVER, &args).end(), 1);
    let expected = "error: cannot log to /nonexistent/server.log: ";
    assert!(message.starts_with(expected), "{message}");
    let message = assert_complaint(&Program::start(SERVER, &["--log"]).end(), 2);
    assert!(message.contains("--log needs a value"), "{message}");
}

/// Yesterday, a complaint that nobody read stopped the loop.
#[test]
fn a_log_that_nobody_reads_stops_nobody() {
    let (log, writer) = io::pipe().expect("a pipe");
    let path = path_of(&writer);
    let args = ["--prefix", "", "--quiet", "--threads", "0", "--log", &path];
    let server = Server::start(&args);
    let client = server.connect();
    assert_echo(&client, b"hello");
    leave_no_room_in(writer);
    // Not even to replace one that it closes.
    server.program.limit_descriptors(0);
    let _newcomer = server.connect();
    // The loop counts, complains, and only then can tell.
    while accept_errors(&server.program) == 0 {
        assert_echo(&client, b"still here");
    }
    assert_echo(&client, b"still here");

    let mut lines = BufReader::new(log).lines().map_while(Result::ok);
    let complaint = lines.find(|line| line.contains("accepting no clients"));
    assert!(complaint.is_some(), "the log has lost it");
}

/// Where another process can open a descriptor of ours.
fn path_of(descriptor: &impl AsRawFd) -> String {
    format!("/proc/{}/fd/{}", process::id(), descriptor.as_raw_fd())
}

fn leave_no_room_in(pipe: PipeWriter) {
    let mut options = OpenOptions::new();
    options.write(true).custom_flags(libc::O_NONBLOCK);
    let mut filler = options.open(path_of(&pipe)).expect("our pipe");
    while filler.write(&[b'\n'; 4096]).is_ok() {}
}

/// Asks the server how often it could not accept.
fn accept_errors(program: &Program) -> u64 {
    program.signal(libc::SIGUSR1);
    let stats = program.line();
    let count = stats
        .split_once(" accept errors")
        .and_then(|(before, _)| before.rsplit(' ').next()?.parse().ok());
    count.unwrap_or_else(|| panic!("no count in {stats:?}"))
}
