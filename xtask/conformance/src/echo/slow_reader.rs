//! A client that does not read delays no other client, and gets every byte.

use std::io::{Read, Write};
use std::thread;

use super::assert_idle;
use crate::{Day, MIB, assert_echo, assert_same, flood, half_close, noise, read_to_end};

/// More than the sockets on both sides hold: the server cannot pass it all on to the kernel.
const FLOOD: usize = 16 * MIB;

pub fn a_client_that_never_reads_does_not_stop_the_others(day: Day) {
    let server = day.start_verbatim();
    let other = server.connect();
    let slow = server.connect_small();
    flood(&slow, &noise(FLOOD, 1), &other);
    assert_echo(&other, &noise(MIB, 2));
    assert_echo(&server.connect(), &noise(MIB, 3));
    drop(slow);
    assert_echo(&other, &noise(MIB, 4));
    assert_echo(&server.connect(), &noise(MIB, 5));
}

/// There is nothing to do until the client reads, not even after its half-close.
pub fn waiting_for_a_slow_client_uses_no_cpu_time(day: Day) {
    let server = day.start_verbatim();
    let other = server.connect();
    let slow = server.connect_small();
    flood(&slow, &noise(FLOOD, 1), &other);
    assert_idle(&server.process, &other);
    half_close(&slow);
    assert_idle(&server.process, &other);
}

pub fn a_slow_client_gets_every_byte_in_the_end(day: Day) {
    let server = day.start_verbatim();
    let slow = server.connect_small();
    let message = noise(FLOOD, 1);
    let rest = &message[flood(&slow, &message, &server.connect())..];
    let reply = thread::scope(|scope| {
        scope.spawn(|| {
            (&slow).write_all(rest).expect("it is sent");
            half_close(&slow);
        });
        read_to_end(&slow)
    });
    assert_same(&reply, &message);
}

/// Each read makes room for a piece of the next reply, and no piece may go to another client.
pub fn slow_clients_get_their_own_bytes(day: Day) {
    let server = day.start_verbatim();
    let messages: Vec<_> = (0..5).map(|seed| noise(4 * MIB, seed)).collect();
    let clients: Vec<_> = messages.iter().map(|_| server.connect_small()).collect();
    thread::scope(|scope| {
        for (mut client, message) in clients.iter().zip(&messages) {
            scope.spawn(move || client.write_all(message).expect("it is sent"));
        }
        let mut piece = vec![0; 64 * 1024];
        for at in (0..4 * MIB).step_by(piece.len()) {
            for (mut client, message) in clients.iter().zip(&messages) {
                client.read_exact(&mut piece).expect("a reply");
                assert_same(&piece, &message[at..][..piece.len()]);
            }
        }
    });
}
