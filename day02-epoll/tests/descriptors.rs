//! A server that has no descriptor left for the next client.

mod common;

use std::collections::HashSet;
use std::fs;
use std::io::{self, Read, Write};
use std::ptr;
use std::time::{Duration, Instant};

use common::{PATIENCE, Program, Server, assert_echo, assert_idle};

/// How many more clients find a free descriptor.
const ROOM: usize = 4;

#[test]
fn running_out_of_descriptors_is_not_the_end() {
    let server = Server::verbatim();
    let first = server.connect();
    assert_echo(&first, b"the first");
    leave_room_for(&server.program, ROOM);
    let crowd: Vec<_> = (0..8 * ROOM).map(|_| server.connect()).collect();
    for client in &crowd[..ROOM] {
        assert_echo(client, b"there was room for me");
    }
    assert_echo(&first, b"the first again");

    // The listener is ready all the time, but nothing can be done about it.
    assert_idle(&server.program, &first);

    // To wait or to be turned away is both right; to be served is not possible.
    let mut last = crowd.last().expect("a crowd");
    let _ = last.write(b"?");
    last.set_read_timeout(Some(Duration::from_millis(1)))
        .expect("a timeout");
    let got = last.read(&mut [0]);
    assert!(!matches!(got, Ok(1)), "there was room for everybody");

    drop(crowd);
    let deadline = Instant::now() + PATIENCE;
    while !is_served(&server) {
        assert!(Instant::now() < deadline, "nobody is served any more");
    }
    assert_echo(&first, b"the first is still here");
}

/// Lets a program open `room` descriptors more than it has.
fn leave_room_for(program: &Program, room: usize) {
    let taken: HashSet<libc::rlim_t> = fs::read_dir(format!("/proc/{}/fd", program.id()))
        .expect("a process of ours")
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    // The limit is no count: it is the first number that no new descriptor may have.
    let mut free = (0..).filter(|fd| !taken.contains(fd));
    let end = free.nth(room).expect("numbers enough");
    let limit = libc::rlimit {
        rlim_cur: end,
        rlim_max: end,
    };
    let pid = program.id().cast_signed();
    // SAFETY: `limit` lives until the call returns, and the old one is not asked for.
    let result = unsafe { libc::prlimit(pid, libc::RLIMIT_NOFILE, &limit, ptr::null_mut()) };
    assert_eq!(result, 0, "{}", io::Error::last_os_error());
}

/// Whether a new client gets its reply. Those who come before the server has seen
/// the others leave may be turned away.
fn is_served(server: &Server) -> bool {
    let mut client = server.connect();
    let mut reply = [0];
    client.write_all(b"!").is_ok() && client.read_exact(&mut reply).is_ok() && reply == *b"!"
}
