//! The day's client program: a line, its reply, and a clear end.

mod common;

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;

use common::{CLIENT, Program, Server, assert_complaint};

fn start(addr: impl ToString) -> Program {
    Program::start(CLIENT, &[&addr.to_string()])
}

#[test]
fn each_line_gets_its_reply_before_the_next_is_sent() {
    let server = Server::start(&[]);
    let mut client = start(server.addr);
    for (line, printed) in [
        ("hello", r"hello\n"),
        ("", r"\n"),
        ("你好\t\\", r"你好\t\\n"),
        ("\u{1b}[2J", r"\u{1b}[2J\n"),
    ] {
        client.say(&format!("{line}\n"));
        assert_eq!(client.line(), format!("Echo: {line}"));
        let received = server.program.line();
        assert!(received.ends_with(&format!(": {printed}")), "{received}");
    }
    let ended = client.end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_last_line_without_a_newline_counts() {
    let server = Server::start(&["--quiet"]);
    let mut client = start(server.addr);
    client.say("one\ntwo");
    let ended = client.end();
    assert_eq!(ended.code, Some(0));
    assert_eq!(ended.stdout, ["Echo: one", "Echo: two"]);
}

#[test]
fn without_input_there_is_nothing_to_say() {
    let server = Server::start(&["--quiet"]);
    let ended = start(server.addr).end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    assert!(ended.stdout.is_empty());
}

/// Longer than all buffers between the two programs together.
#[test]
fn a_line_may_be_long() {
    let server = Server::start(&["--quiet", "--prefix", ""]);
    let mut client = start(server.addr);
    let line = "0123456789abcdef".repeat(8 * 1024 * 1024 / 16);
    client.say(&format!("{line}\n"));
    assert!(client.line() == line, "the line came back changed");
    assert_eq!(client.end().code, Some(0));
}

#[test]
fn a_server_that_was_killed_is_missed_at_the_next_line() {
    let mut server = Server::start(&["--quiet"]);
    let mut client = start(server.addr);
    client.say("hello\n");
    assert_eq!(client.line(), "Echo: hello");
    let addr = server.addr;
    server.program.kill();
    server.program.end();
    client.say("anybody there?\n");
    let message = assert_complaint(&client.end(), 1);
    let expected = format!("error: the server at {addr} went away: ");
    assert!(message.starts_with(&expected), "{message}");
}

/// The beginning of a reply is not a reply.
#[test]
fn a_server_that_leaves_in_the_middle_of_a_reply_is_missed() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = listener.local_addr().expect("an address");
    let mut client = start(addr);
    client.say("hello\n");
    thread::scope(|scope| {
        scope.spawn(|| {
            let (mut server, _) = listener.accept().expect("the client");
            let mut line = String::new();
            let mut reader = BufReader::new(&server);
            reader.read_line(&mut line).expect("its line");
            server.write_all(b"Echo: hel").expect("half a reply");
        });
        let ended = client.end();
        let message = assert_complaint(&ended, 1);
        let expected = format!("error: the server at {addr} went away: ");
        assert!(message.starts_with(&expected), "{message}");
        assert!(ended.stdout.is_empty(), "{:?}", ended.stdout);
    });
}
