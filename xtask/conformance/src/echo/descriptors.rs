//! A server that has no descriptor left for the next client.

use std::io::{Read, Write};
use std::time::Duration;

use super::assert_idle;
use crate::{Day, assert_echo, echo_succeeds, wait_until};

/// How many more clients find a free descriptor.
const ROOM: usize = 4;

pub fn a_server_without_free_descriptors_serves_those_inside_and_recovers(day: Day) {
    let server = day.start_verbatim();
    let first = server.connect();
    assert_echo(&first, b"the first");
    server.process.leave_room_for(ROOM);
    let crowd: Vec<_> = (0..8 * ROOM).map(|_| server.connect()).collect();
    for client in &crowd[..ROOM] {
        assert_echo(client, b"there was room for me");
    }
    assert_echo(&first, b"the first again");

    // The listening socket is ready all the time, but the server cannot accept.
    assert_idle(&server.process, &first);

    // To let the client wait and to reject it is both right; to serve it is not possible.
    let mut last = crowd.last().expect("a crowd");
    let _ = last.write(b"?");
    last.set_read_timeout(Some(Duration::from_millis(1)))
        .expect("a timeout");
    let got = last.read(&mut [0]);
    assert!(!matches!(got, Ok(1)), "there was room for all");

    drop(crowd);
    // Clients that come before the server has seen the others leave may be rejected.
    wait_until("a new client is served", || {
        echo_succeeds(&server.connect(), b"!")
    });
    assert_echo(&first, b"the first is still here");
}
