//! What this day's programs and library cannot do: each known limit of `src/lib.rs`, shown.
//! A test stays here until the day that lifts its limit. Those that days 5 and 6 share stand in
//! `xtask/conformance/tcp_server/known_limits.rs`.

use std::cell::Cell;
use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::thread::{self, ThreadId};

use conformance::{Child, MIB, assert_echo, connect};

use day06_elog as reactor;
use reactor::elog::Elog;
use reactor::info;

#[path = "../../xtask/conformance/tcp_server/known_limits.rs"]
mod shared;
#[path = "../../xtask/conformance/tcp_server/support.rs"]
mod support;

/// If the log thread did it, this text could not borrow.
#[test]
fn a_line_is_formatted_by_the_thread_that_logs_it() {
    struct Text<'a>(&'a Cell<Option<ThreadId>>);
    impl fmt::Display for Text<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.set(Some(thread::current().id()));
            f.write_str("hello")
        }
    }
    let dir = tempfile::tempdir().expect("a directory");
    let log = Elog::builder(dir.path().join("log"))
        .build()
        .expect("a log");
    let formatted_by = Cell::new(None);
    info!(logger: log.logger(), "{}", Text(&formatted_by));
    assert_eq!(formatted_by.get(), Some(thread::current().id()));
}

/// They are the program's output, which is not logged.
#[test]
fn messages_that_are_not_read_from_stdout_are_lost() {
    let mut command = Command::new(conformance::day!().server);
    command.args(["127.0.0.1:0", "--prefix", "", "--threads", "0"]);
    command.stdout(Stdio::piped());
    let mut server = Child::spawn_beside(&mut command).expect("a server");
    let mut stdout = BufReader::new(server.stdout().expect("a pipe"));
    let mut line = String::new();
    stdout.read_line(&mut line).expect("a first line");
    let addr = line.trim_end().strip_prefix("listening on ");
    let addr = addr.and_then(|addr| addr.parse().ok()).expect("an address");
    let client = connect(addr);
    (0..MIB / 4096).for_each(|_| assert_echo(&client, &[b'x'; 4096]));
    server.kill();
    let mut printed = Vec::new();
    stdout.read_to_end(&mut printed).expect("text and its end");
    assert!(printed.len() < MIB, "all of it has been printed");
}
