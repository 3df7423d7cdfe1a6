//! What this day's programs and library cannot do: each known limit of `src/lib.rs`, shown.
//! A test stays here until the day that lifts its limit. Those that days 5 and 6 share stand in
//! `xtask/conformance/tcp_server/known_limits.rs`.

use std::io::{self, BufRead, BufReader, Read};

use conformance::{Server, assert_echo, fill_pipe, is_answered, path_of, wait_until};

use day05_server as reactor;

#[path = "../../xtask/conformance/tcp_server/known_limits.rs"]
mod shared;
#[path = "../../xtask/conformance/tcp_server/support.rs"]
mod support;

/// No program reads what the server prints on stderr, and the pipe is full.
#[test]
fn an_unread_stderr_stops_the_loop() {
    let (stderr, writer) = io::pipe().expect("a pipe");
    fill_pipe(&writer);
    let script = r#"exec "$0" 127.0.0.1:0 --prefix '' --quiet --threads 0 2>"$1""#;
    let day = conformance::day!();
    let server = Server::run("sh", &["-c", script, day.server, &path_of(&writer)]);
    drop(writer);
    let client = server.connect();
    assert_echo(&client, b"hello");
    // Not even a descriptor that replaces a closed one.
    server.process.limit_descriptors(0);
    let _next = server.connect();
    wait_until("the loop stops", || !is_answered(&client));
    // It goes on as soon as stderr is read.
    let mut lines = BufReader::new(stderr).lines().map_while(Result::ok);
    let message = lines.find(|line| !line.is_empty());
    assert!(message.is_some_and(|line| line.starts_with("accepting no clients")));
    (&client).read_exact(&mut [0]).expect("the answer");
}
