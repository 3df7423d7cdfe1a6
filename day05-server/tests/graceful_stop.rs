//! A server that is told to stop finishes what it has begun.

mod common;

use common::{Ended, Server, assert_same, flood, noise, read_to_end};

#[test]
fn replies_under_way_arrive() {
    let server = Server::start(&["--prefix", ""]);
    let slow = server.connect_small();
    let other = server.connect();
    // Letters, which the server prints as they are.
    let message: Vec<u8> = noise(16 * 1024 * 1024, 1)
        .iter()
        .map(|byte| b'a' + byte % 26)
        .collect();
    flood(&slow, &message, &other);
    server.program.signal(libc::SIGTERM);
    // The first signal has come through. The second client had nothing under way.
    assert!(read_to_end(&other).is_empty());
    drop(other);

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
    let other = server.connect();
    flood(&slow, &noise(16 * 1024 * 1024, 1), &other);
    server.program.signal(libc::SIGINT);
    assert!(read_to_end(&other).is_empty());
    server.program.signal(libc::SIGINT);
    let ended = server.program.end();
    assert_stopped(&ended);
}

/// The user is told what the server is waiting for, and nothing else.
#[track_caller]
fn assert_stopped(ended: &Ended) {
    let stderr = &ended.stderr;
    assert_eq!(ended.code, Some(0), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.contains("Ctrl-C again ends at once"), "{stderr}");
}
