//! A server that has no descriptor left for the next client.

mod common;

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use common::{PATIENCE, Server, assert_echo, assert_idle};

/// How many more clients find a free descriptor.
const ROOM: usize = 4;

#[test]
fn running_out_of_descriptors_is_not_the_end() {
    let server = Server::verbatim();
    let first = server.connect();
    assert_echo(&first, b"the first");
    server.program.leave_room_for(ROOM);
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

/// Whether a new client gets its reply. Those who come before the server has seen
/// the others leave may be turned away.
fn is_served(server: &Server) -> bool {
    let mut client = server.connect();
    let mut reply = [0];
    client.write_all(b"!").is_ok() && client.read_exact(&mut reply).is_ok() && reply == *b"!"
}
