//! What this day's programs and library cannot do: each known limit of `src/lib.rs`, shown.
//! A test stays here until the day that lifts its limit.

mod common;

use std::fs;
use std::io::Write;

use common::{Program, Server, assert_echo, assert_idle};

const MIB: usize = 1024 * 1024;

/// There is no descriptor for another thread, for a timer or for a signal.
#[test]
fn nothing_but_a_client_wakes_the_loop() {
    let server = Server::verbatim();
    let kinds: Vec<_> = fs::read_dir(format!("/proc/{}/fd", server.program.id()))
        .expect("a process of ours")
        .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
        .filter_map(|link| Some(link.to_str()?.strip_prefix("anon_inode:")?.to_owned()))
        .collect();
    assert_eq!(kinds, ["[eventpoll]"]);
}

/// However many cores the machine has.
#[test]
fn one_thread_serves_all_clients() {
    let server = Server::verbatim();
    let clients: Vec<_> = (0..20).map(|_| server.connect()).collect();
    for client in &clients {
        assert_echo(client, b"hello");
    }
    assert_eq!(server.program.threads(), 1);
}

#[test]
fn a_client_that_never_reads_makes_the_server_grow() {
    let server = Server::verbatim();
    let slow = server.connect_small();
    // Far more than the sockets on both sides hold.
    let message = vec![0; 64 * MIB];
    (&slow).write_all(&message).expect("the server takes it");
    let kept = resident(&server.program);
    assert!(kept > 16 * MIB, "the server has grown to {kept} bytes only");
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

/// How much memory a program has, in bytes.
fn resident(program: &Program) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", program.id()));
    let status = status.expect("a process of ours");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    1024 * kilobytes
        .and_then(|count| count.parse::<usize>().ok())
        .expect("a size")
}
