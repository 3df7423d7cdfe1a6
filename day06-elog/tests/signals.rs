//! SIGINT and SIGTERM end the server in good order.

mod common;

use common::{Server, assert_echo, read_to_end};

#[test]
fn ctrl_c_ends_the_server() {
    stop_by(libc::SIGINT);
}

#[test]
fn kill_ends_the_server() {
    stop_by(libc::SIGTERM);
}

fn stop_by(signal: libc::c_int) {
    let server = Server::verbatim();
    let clients = [server.connect(), server.connect(), server.connect()];
    for client in &clients[1..] {
        assert_echo(client, b"hello");
    }
    server.program.signal(signal);
    let ended = server.program.end();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for client in &clients {
        assert!(read_to_end(client).is_empty());
    }
}

#[test]
fn a_signal_before_the_first_client_counts() {
    let server = Server::start(&[]);
    server.program.signal(libc::SIGTERM);
    assert_eq!(server.program.end().code, Some(0));
}

#[test]
fn two_signals_at_once_end_the_server_once() {
    let server = Server::verbatim();
    let client = server.connect();
    assert_echo(&client, b"hello");
    server.program.while_suspended(|| {
        server.program.signal(libc::SIGINT);
        server.program.signal(libc::SIGTERM);
    });
    assert_eq!(server.program.end().code, Some(0));
}
