//! What this day's programs and library cannot do: each known limit of `src/lib.rs`, shown.
//! A test stays here until the day that lifts its limit. Those that later days share stand in
//! `xtask/conformance/src/echo/known_limits.rs`.

use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::UnixStream;

use day02_epoll as reactor;
use reactor::{Epoll, EpollFlags, Events};

conformance::tests! {
    known_limits: [
        a_client_for_which_no_descriptor_is_free_waits_without_an_answer,
        sigterm_kills_the_server,
        one_thread_serves_all_clients,
        a_client_that_never_reads_makes_the_server_grow,
    ],
}

/// Handling the first event of a batch closes the connection that the second is for, and
/// accepts another.
#[test]
fn an_event_for_a_closed_descriptor_reaches_the_next_connection() {
    // The kernel gives the number to the next caller, which may be another test.
    let reached = (0..1000).find_map(|_| deliver_after_a_change());
    assert!(reached.is_some(), "no other connection got the number");
}

/// `None` if the next connection has not got the number.
fn deliver_after_a_change() -> Option<()> {
    let epoll = Epoll::new().expect("an epoll");
    let (closed, peer) = UnixStream::pair().expect("a pair");
    let number = closed.as_raw_fd();
    let token = u64::from(number.unsigned_abs());
    epoll
        .add(closed.as_fd(), EpollFlags::IN, token)
        .expect("an interest");
    (&peer)
        .write_all(b"to the connection that is closed")
        .expect("room");
    let mut events = Events::with_capacity(1);
    epoll.wait(&mut events, None).expect("a batch");

    epoll.delete(closed.as_fd()).expect("it was there");
    drop(closed);
    let (next, _peer) = UnixStream::pair().expect("a pair");
    if next.as_raw_fd() != number {
        return None;
    }
    let tokens: Vec<_> = events.iter().map(|event| event.token()).collect();
    assert_eq!(tokens, [token], "the batch names the next connection");
    next.set_nonblocking(true).expect("a nonblocking socket");
    let error = (&next).read(&mut [0]).expect_err("nothing is for it");
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    Some(())
}
