//! What this day's programs and library cannot do: each known limit of `src/lib.rs`, shown.
//! A test stays here until the day that lifts its limit. Those that days 5 and 6 share stand in
//! `xtask/conformance/tcp_server/known_limits.rs`.

use std::io::{self, BufRead, BufReader};

use conformance::{Server, assert_echo, fill_pipe, path_of, reset};

use day05_server as reactor;

#[path = "../../xtask/conformance/tcp_server/known_limits.rs"]
mod shared;
#[path = "../../xtask/conformance/tcp_server/support.rs"]
mod support;

/// No program reads what the server prints on stderr, and the pipe is full.
#[test]
fn reports_that_are_not_read_are_lost() {
    let (stderr, writer) = io::pipe().expect("a pipe");
    fill_pipe(&writer);
    let script = r#"exec "$0" 127.0.0.1:0 --prefix '' --quiet --threads 0 2>"$1""#;
    let day = conformance::day!();
    let server = Server::run("sh", &["-c", script, day.server, &path_of(&writer)]);
    drop(writer);
    reset(server.connect());
    let client = server.connect();
    assert_echo(&client, b"the reset has been reported");
    // The next report is the first that finds room.
    let mut lines = BufReader::new(stderr).lines().map_while(Result::ok);
    let mut line = || lines.find(|line| !line.is_empty());
    server.process.limit_descriptors(1);
    let _next = server.connect();
    let first = line().expect("a line");
    assert!(first.ends_with(" lines dropped: not read)"), "{first}");
    assert!(line().is_some_and(|line| line.starts_with("accepting no clients")));
}
