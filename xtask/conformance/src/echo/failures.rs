//! What cannot work is reported in one line, with an exit code and without a panic.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Socket, Type};

use crate::{Day, Process, assert_failure};

const FAILED: i32 = 1;
const MISUSED: i32 = 2;

/// Runs a program that is expected to fail, and returns what it prints on stderr.
#[track_caller]
fn failure(program: &str, args: &[&str], code: i32) -> String {
    let ended = Process::start(program, args).end();
    assert!(ended.stdout.is_empty(), "{:?}", ended.stdout);
    assert_failure(&ended, code)
}

pub fn an_address_in_use_is_reported(day: Day) {
    let other = TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = other.local_addr().expect("an address").to_string();
    let message = failure(day.server, &[&addr], FAILED);
    let expected = format!("error: cannot listen on {addr}: address already in use");
    assert!(message.starts_with(&expected), "{message}");
    assert!(message.contains("still running?"), "{message}");
}

/// No server listens there that could be still running.
pub fn an_address_that_a_bound_socket_has_is_reported(day: Day) {
    let (_socket, addr) = bound_socket();
    let message = failure(day.server, &[&addr], FAILED);
    let expected = format!("error: cannot listen on {addr}: address already in use, and no server");
    assert!(message.starts_with(&expected), "{message}");
}

/// From day 5 on, the server has threads. Each of them takes descriptors.
pub fn too_few_descriptors_for_the_threads_are_reported(day: Day) {
    let script = r#"ulimit -n 16 && exec "$0" 127.0.0.1:0 --threads 100"#;
    let message = failure("sh", &["-c", script, day.server], FAILED);
    assert!(message.starts_with("error: cannot start: "), "{message}");
    assert!(message.contains("os error 24"), "{message}");
}

pub fn a_port_that_only_root_may_use_is_reported(day: Day) {
    // A user that may have port 1 may have every other; and if another program has it, this
    // machine cannot show the case.
    match TcpListener::bind("127.0.0.1:1") {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            let message = failure(day.server, &["127.0.0.1:1"], FAILED);
            let expected = "error: cannot listen on 127.0.0.1:1: permission denied";
            assert!(message.starts_with(expected), "{message}");
        }
        _ => eprintln!("skipped: here, ports below 1024 are not for root alone"),
    }
}

/// 192.0.2.0/24 is reserved for examples: no machine has an address in it.
pub fn an_address_of_another_machine_is_reported(day: Day) {
    let message = failure(day.server, &["192.0.2.1:0"], FAILED);
    let expected = "error: cannot listen on 192.0.2.1:0: this machine does not have";
    assert!(message.starts_with(expected), "{message}");
}

pub fn a_refused_connection_is_reported(day: Day) {
    let (_socket, addr) = bound_socket();
    let message = failure(day.client, &[&addr], FAILED);
    let expected = format!("error: cannot connect to {addr}: connection refused");
    assert!(message.starts_with(&expected), "{message}");
}

/// Bound but not listening: no other program gets the port meanwhile.
fn bound_socket() -> (Socket, String) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
    socket.bind(&any_port.into()).expect("a port");
    let addr = socket.local_addr().expect("an address").as_socket();
    (socket, addr.expect("an IP address").to_string())
}

pub fn a_wrong_command_line_is_reported(day: Day) {
    for program in [day.server, day.client] {
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
            let message = failure(program, args, MISUSED);
            assert!(message.starts_with(expected), "{args:?}: {message}");
            assert!(message.contains("--help"), "{message}");
        }
    }
    let message = failure(day.server, &["--prefix"], MISUSED);
    assert!(message.contains("--prefix needs a value"), "{message}");
}

/// From day 5 on, the server has the option.
pub fn a_wrong_number_of_threads_is_reported(day: Day) {
    for number in ["-1", "many", "", "1000000"] {
        let message = failure(day.server, &["127.0.0.1:0", "--threads", number], MISUSED);
        let expected = format!("error: '{number}' is not a number of threads");
        assert!(message.starts_with(&expected), "{message}");
    }
}

pub fn help_is_printed_with_success(day: Day) {
    for program in [day.server, day.client] {
        for arg in ["--help", "-h"] {
            let ended = Process::start(program, &[arg]).end();
            assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
            let usage = ended.stdout.iter().any(|line| line.starts_with("Usage: "));
            assert!(usage, "{:?}", ended.stdout);
        }
    }
}
