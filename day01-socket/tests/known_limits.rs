//! What this day's programs and library cannot do: each known limit of `src/lib.rs`, shown.
//! A test stays here until the day that lifts its limit.

mod common;

use std::collections::HashSet;
use std::fs;
use std::io::{self, Write};
use std::ptr;

use common::{Program, Server, assert_echo, assert_idle};

#[test]
fn each_client_takes_a_thread() {
    let server = Server::verbatim();
    let clients: Vec<_> = (0..20).map(|_| server.connect()).collect();
    for client in &clients {
        assert_echo(client, b"hello");
    }
    assert_eq!(threads_of(&server.program), 1 + clients.len());
}

/// The kernel has connected them. To accept them takes a descriptor, even if it is only to
/// send them away.
#[test]
fn who_finds_no_descriptor_free_waits_in_silence() {
    let server = Server::verbatim();
    let first = server.connect();
    assert_echo(&first, b"the first");
    leave_no_room(&server.program);
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

fn threads_of(program: &Program) -> usize {
    let threads = fs::read_dir(format!("/proc/{}/task", program.id()));
    threads.expect("a process of ours").count()
}

/// Lets a program open no more descriptors.
fn leave_no_room(program: &Program) {
    let taken: HashSet<libc::rlim_t> = fs::read_dir(format!("/proc/{}/fd", program.id()))
        .expect("a process of ours")
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    // The limit is no count: it is the first number that no new descriptor may have.
    let end = (0..).find(|fd| !taken.contains(fd)).expect("a free number");
    let limit = libc::rlimit {
        rlim_cur: end,
        rlim_max: end,
    };
    let pid = program.id().cast_signed();
    // SAFETY: `limit` lives until the call returns, and the old one is not asked for.
    let result = unsafe { libc::prlimit(pid, libc::RLIMIT_NOFILE, &limit, ptr::null_mut()) };
    assert_eq!(result, 0, "{}", io::Error::last_os_error());
}
