//! Replies that a client does not read: they are bounded, they cost nothing, and they still
//! arrive when the server is told to stop.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;

use nix::sys::signal::Signal;

use super::assert_idle;
use crate::{
    Day, Ended, MIB, Server, assert_same, flood, half_close, message_in, noise, read_to_end,
};

pub fn a_client_that_does_not_read_is_not_read_from(day: Day) {
    let server = day.start_verbatim();
    let slow = server.connect_small();
    // More than the server's high-water mark and all the sockets' buffers together.
    let message = vec![0; 64 * MIB];
    let sent = flood(&slow, &message, &server.connect());
    assert!(sent < message.len(), "the server has taken everything");

    // The server reads again as soon as the client does.
    let received = thread::scope(|scope| {
        scope.spawn(|| {
            (&slow).write_all(&message[sent..]).expect("it is sent");
            half_close(&slow);
        });
        let (mut received, mut piece) = (0, vec![0; MIB / 16]);
        loop {
            match (&slow).read(&mut piece).expect("a reply and its end") {
                0 => break received,
                count => received += count,
            }
        }
    });
    assert_eq!(received, message.len());
}

/// EOF is an event that stays, and of no use to a server that waits until its output has
/// gone.
pub fn waiting_for_a_client_that_has_half_closed_uses_no_cpu_time(day: Day) {
    let server = day.start_verbatim();
    let slow = server.connect_small();
    let message = noise(16 * MIB, 1);
    let sent = send_until_some_is_kept(&server, &slow, &message);
    half_close(&slow);
    assert_idle(&server.process, &server.connect());
    assert_same(&read_to_end(&slow), &message[..sent]);
}

pub fn replies_that_the_server_keeps_arrive_before_it_ends(day: Day) {
    let server = day.start_verbatim();
    let slow = server.connect_small();
    let message = noise(16 * MIB, 1);
    let sent = send_until_some_is_kept(&server, &slow, &message);
    stop(&server, Signal::SIGTERM);
    assert_same(&read_to_end(&slow), &message[..sent]);
    drop(slow);
    assert_stopped(&server.process.end());
}

pub fn messages_that_have_arrived_are_answered_before_the_server_ends(day: Day) {
    let server = day.start(&["--prefix", ""]);
    let slow = server.connect_small();
    // Letters, which the server prints as they are.
    let message: Vec<u8> = noise(8 * MIB, 1)
        .iter()
        .map(|byte| b'a' + byte % 26)
        .collect();
    flood(&slow, &message, &server.connect());
    stop(&server, Signal::SIGTERM);
    let reply = read_to_end(&slow);
    drop(slow);
    let ended = server.process.end();
    assert_stopped(&ended);
    let texts = ended.stdout.iter().map(|line| message_in(line));
    let of_slow = texts.filter(|text| *text != r#""meanwhile""#);
    let printed: usize = of_slow.map(|text| text.trim_matches('"').len()).sum();
    assert!(printed > 0, "the server has read nothing");
    assert_same(&reply, &message[..printed]);
}

/// The server would wait for the client that never reads.
pub fn a_second_signal_ends_the_server_at_once(day: Day) {
    let server = day.start_verbatim();
    let slow = server.connect_small();
    send_until_some_is_kept(&server, &slow, &noise(16 * MIB, 1));
    stop(&server, Signal::SIGINT);
    server.process.signal(Signal::SIGINT);
    assert_stopped(&server.process.end());
}

/// Sends until the server keeps some of the reply because the socket takes no more, but not so
/// much that it would cease to read. Returns how many bytes that was.
fn send_until_some_is_kept(server: &Server, mut slow: &TcpStream, message: &[u8]) -> usize {
    let mut sent = 0;
    while kept(server, sent) < MIB as u64 / 4 {
        let piece = &message[sent..][..MIB / 16];
        slow.write_all(piece).expect("it is sent");
        sent += piece.len();
    }
    sent
}

/// Waits until the server has received `received` bytes and returns how many of them it has
/// not sent.
fn kept(server: &Server, received: usize) -> u64 {
    loop {
        let (input, output) = server.bytes_in_and_out();
        if input == received as u64 {
            return input - output;
        }
    }
}

/// Sends a signal and waits until the server has handled it: it closes the connection of a
/// client that waits for nothing.
fn stop(server: &Server, signal: Signal) {
    let idle = server.connect();
    server.process.signal(signal);
    assert!(read_to_end(&idle).is_empty());
}

/// The server has said what it waits for, and nothing else.
#[track_caller]
fn assert_stopped(ended: &Ended) {
    let stderr = &ended.stderr;
    assert_eq!(ended.code, Some(0), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.contains("Ctrl-C again ends at once"), "{stderr}");
}
