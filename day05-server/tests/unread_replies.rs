//! Replies that a client does not read: they are bounded, they cost nothing, and they
//! still arrive when the server is told to stop.

mod common;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;

use common::{Ended, Server, assert_idle, assert_same, flood, half_close, noise, read_to_end};

const MIB: usize = 1024 * 1024;

/// Nobody can make the server's memory grow.
#[test]
fn who_does_not_read_cannot_send_for_ever() {
    let server = Server::verbatim();
    let slow = server.connect_small();
    // More than the server's high-water mark and all the sockets' buffers together.
    let message = vec![0; 64 * MIB];
    let sent = flood(&slow, &message, &server.connect());
    assert!(sent < message.len(), "the server has taken everything");

    // What was stopped goes on as soon as the client reads.
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

/// The end of the input is an event that does not pass, and of no use to a server that
/// waits until its output has gone.
#[test]
fn who_has_said_everything_is_waited_for_in_silence() {
    let server = Server::verbatim();
    let slow = server.connect_small();
    let message = noise(16 * MIB, 1);
    let sent = send_until_some_is_kept(&server, &slow, &message);
    half_close(&slow);
    assert_idle(&server.program, &server.connect());
    assert_same(&read_to_end(&slow), &message[..sent]);
}

#[test]
fn what_is_kept_arrives_before_the_server_ends() {
    let server = Server::verbatim();
    let slow = server.connect_small();
    let message = noise(16 * MIB, 1);
    let sent = send_until_some_is_kept(&server, &slow, &message);
    stop(&server, libc::SIGTERM);
    assert_same(&read_to_end(&slow), &message[..sent]);
    drop(slow);
    assert_stopped(&server.program.end());
}

#[test]
fn what_has_arrived_is_answered_before_the_server_ends() {
    let server = Server::start(&["--prefix", ""]);
    let slow = server.connect_small();
    // Letters, which the server prints as they are.
    let message: Vec<u8> = noise(8 * MIB, 1)
        .iter()
        .map(|byte| b'a' + byte % 26)
        .collect();
    flood(&slow, &message, &server.connect());
    stop(&server, libc::SIGTERM);
    let reply = read_to_end(&slow);
    drop(slow);
    let ended = server.program.end();
    assert_stopped(&ended);
    let texts = ended.stdout.iter().filter_map(|line| line.split_once(": "));
    let printed: usize = texts
        .map(|(_, text)| text)
        .filter(|text| *text != "meanwhile")
        .map(str::len)
        .sum();
    assert!(printed > 0, "the server has read nothing");
    assert_same(&reply, &message[..printed]);
}

/// The client that never reads would be waited for, but not for ever, and not by
/// somebody who asks twice.
#[test]
fn a_second_signal_ends_the_server_at_once() {
    let server = Server::verbatim();
    let slow = server.connect_small();
    send_until_some_is_kept(&server, &slow, &noise(16 * MIB, 1));
    stop(&server, libc::SIGINT);
    server.program.signal(libc::SIGINT);
    assert_stopped(&server.program.end());
}

/// Sends until the server keeps some of the reply because the socket takes no more, but
/// not so much that it would cease to read. Returns how many bytes that was.
fn send_until_some_is_kept(server: &Server, mut slow: &TcpStream, message: &[u8]) -> usize {
    let mut sent = 0;
    while kept(server, sent) < MIB / 4 {
        let piece = &message[sent..][..MIB / 16];
        slow.write_all(piece).expect("it is sent");
        sent += piece.len();
    }
    sent
}

/// Asks the server how much it has sent when it has received `received` bytes. Returns
/// the difference.
fn kept(server: &Server, received: usize) -> usize {
    loop {
        server.program.signal(libc::SIGUSR1);
        let stats = server.program.line();
        let count = |what: &str| {
            let (before, _) = stats.split_once(what)?;
            before.rsplit(' ').next()?.parse::<usize>().ok()
        };
        let (Some(input), Some(output)) = (count(" in, "), count(" out, ")) else {
            panic!("no bytes in {stats:?}");
        };
        if input == received {
            return input - output;
        }
    }
}

/// Sends a signal and waits until it has come through: a client that has nothing to wait
/// for is dismissed.
fn stop(server: &Server, signal: libc::c_int) {
    let idle = server.connect();
    server.program.signal(signal);
    assert!(read_to_end(&idle).is_empty());
}

/// The user is told what the server is waiting for, and nothing else.
#[track_caller]
fn assert_stopped(ended: &Ended) {
    let stderr = &ended.stderr;
    assert_eq!(ended.code, Some(0), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.contains("Ctrl-C again ends at once"), "{stderr}");
}
