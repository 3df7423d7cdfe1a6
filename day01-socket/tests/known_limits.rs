//! What this day's programs and library cannot do: each known limit of `src/lib.rs`, shown.
//! A test stays here until the day that lifts its limit.

mod common;

use std::io::Write;

use common::{Server, assert_echo, assert_idle};

#[test]
fn each_client_takes_a_thread() {
    let server = Server::verbatim();
    let clients: Vec<_> = (0..20).map(|_| server.connect()).collect();
    for client in &clients {
        assert_echo(client, b"hello");
    }
    assert_eq!(server.program.threads(), 1 + clients.len());
}

/// The kernel has connected them. To accept them takes a descriptor, even if it is only to
/// send them away.
#[test]
fn who_finds_no_descriptor_free_waits_in_silence() {
    let server = Server::verbatim();
    let first = server.connect();
    assert_echo(&first, b"the first");
    server.program.leave_room_for(0);
    // A server that waits in accept(2) has a descriptor ready for the second.
    let (_second, third) = (server.connect(), server.connect());
    (&third).write_all(b"anybody there?").expect("it is sent");
    assert_idle(&server.program, &third);
    assert_echo(&first, b"the first again");
}

/// By SIGTERM, which does the same: whoever is started in a shell's background ignores Ctrl-C.
#[test]
fn ctrl_c_kills_the_server() {
    let server = Server::verbatim();
    assert_echo(&server.connect(), b"hello");
    server.program.signal(libc::SIGTERM);
    assert_eq!(server.program.end().code, None, "it has ended by itself");
}
