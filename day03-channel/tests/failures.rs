//! What cannot work is said in one line, with an exit code and without a panic.

mod common;

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};

use common::{CLIENT, Program, SERVER, assert_complaint};

const FAILED: i32 = 1;
const MISUSED: i32 = 2;

/// Runs a program that is expected to say no, and returns what it says.
#[track_caller]
fn complaint(program: &str, args: &[&str], code: i32) -> String {
    let ended = Program::start(program, args).end();
    assert!(ended.stdout.is_empty(), "{:?}", ended.stdout);
    assert_complaint(&ended, code)
}

#[test]
fn an_address_in_use() {
    let other = TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = other.local_addr().expect("an address").to_string();
    let message = complaint(SERVER, &[&addr], FAILED);
    let expected = format!("error: cannot listen on {addr}: address already in use");
    assert!(message.starts_with(&expected), "{message}");
}

#[test]
fn a_port_for_root_alone() {
    // Whoever may have port 1 may have every other; and if somebody else has it,
    // this machine is not the one to try it on.
    match TcpListener::bind("127.0.0.1:1") {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            let message = complaint(SERVER, &["127.0.0.1:1"], FAILED);
            let expected = "error: cannot listen on 127.0.0.1:1: permission denied";
            assert!(message.starts_with(expected), "{message}");
        }
        _ => eprintln!("skipped: here, ports below 1024 are not for root alone"),
    }
}

/// 192.0.2.0/24 is for examples, and belongs to nobody.
#[test]
fn an_address_of_another_machine() {
    let message = complaint(SERVER, &["192.0.2.1:0"], FAILED);
    let expected = "error: cannot listen on 192.0.2.1:0: this machine does not have";
    assert!(message.starts_with(expected), "{message}");
}

#[test]
fn a_server_that_is_not_there() {
    // Bound but not listening, the port is nobody else's meanwhile.
    let domain = socket2::Domain::IPV4;
    let deaf = socket2::Socket::new(domain, socket2::Type::STREAM, None).expect("a socket");
    deaf.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())
        .expect("a port");
    let addr = deaf.local_addr().expect("an address").as_socket();
    let addr = addr.expect("an IP address").to_string();
    let message = complaint(CLIENT, &[&addr], FAILED);
    let expected = format!("error: cannot connect to {addr}: connection refused");
    assert!(message.starts_with(&expected), "{message}");
}

#[test]
fn a_command_line_that_makes_no_sense() {
    for program in [SERVER, CLIENT] {
        for (args, expected) in [
            (&["here"][..], "error: 'here' is not an address"),
            (&["127.0.0.1"], "error: '127.0.0.1' is not an address"),
            (&["localhost:8888"], "error: 'localhost:8888' is not"),
            (
                &["127.0.0.1:65536"],
                "error: the port in '127.0.0.1:65536' is out of range",
            ),
            (&["127.0.0.1:-1"], "error: '127.0.0.1:-1' is not"),
            (&[""], "error: '' is not an address"),
            (&["--loud"], "error: unknown option '--loud'"),
            (&["-x"], "error: unknown option '-x'"),
            (
                &["127.0.0.1:1", "again"],
                "error: unexpected argument 'again'",
            ),
        ] {
            let message = complaint(program, args, MISUSED);
            assert!(message.starts_with(expected), "{args:?}: {message}");
            assert!(message.contains("--help"), "{message}");
        }
    }
    let message = complaint(SERVER, &["--prefix"], MISUSED);
    assert!(message.contains("--prefix needs a value"), "{message}");
}

#[test]
fn help_is_no_failure() {
    for program in [SERVER, CLIENT] {
        for arg in ["--help", "-h"] {
            let ended = Program::start(program, &[arg]).end();
            assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
            let usage = ended.stdout.iter().any(|line| line.starts_with("Usage: "));
            assert!(usage, "{:?}", ended.stdout);
        }
    }
}
