//! Known limits that more than one day has. A day's `tests/known_limits.rs` names them until
//! the day that lifts them.

use std::io::Write;

use nix::sys::signal::Signal;

use super::assert_idle;
use crate::{Day, MIB, assert_echo};

/// However many cores the machine has.
pub fn one_thread_serves_all_clients(day: Day) {
    let server = day.start_verbatim();
    let clients: Vec<_> = (0..20).map(|_| server.connect()).collect();
    for client in &clients {
        assert_echo(client, b"hello");
    }
    assert_eq!(server.process.threads(), 1);
}

pub fn a_client_that_never_reads_makes_the_server_grow(day: Day) {
    let server = day.start_verbatim();
    let slow = server.connect_small();
    // Far more than the sockets on both sides hold.
    let message = vec![0; 64 * MIB];
    (&slow).write_all(&message).expect("the server takes it");
    let kept = server.process.resident();
    assert!(kept > 16 * MIB as u64, "the server has only {kept} bytes");
}

/// The kernel has connected the client. To accept it takes a descriptor, even if only to
/// reject it.
pub fn a_client_for_which_no_descriptor_is_free_waits_without_an_answer(day: Day) {
    let server = day.start_verbatim();
    let first = server.connect();
    assert_echo(&first, b"the first");
    server.process.leave_room_for(0);
    // A server that waits in accept(2) has a descriptor ready for the second.
    let (_second, third) = (server.connect(), server.connect());
    (&third).write_all(b"serve me").expect("it is sent");
    assert_idle(&server.process, &third);
    assert_echo(&first, b"the first again");
}

/// Ctrl-C does the same, but the background jobs of a shell ignore SIGINT.
pub fn sigterm_kills_the_server(day: Day) {
    let server = day.start_verbatim();
    assert_echo(&server.connect(), b"hello");
    server.process.signal(Signal::SIGTERM);
    assert_eq!(server.process.end().code, None, "it has ended by itself");
}
