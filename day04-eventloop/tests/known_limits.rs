//! What this day's programs and library cannot do: each known limit of `src/lib.rs`, shown.
//! A test stays here until the day that lifts its limit. Those that later days share stand in
//! `xtask/conformance/src/echo/known_limits.rs`.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::rc::Rc;

use conformance::{MIB, Signal};

use day04_eventloop as reactor;
use reactor::{Channel, EventLoop};

conformance::tests! {
    known_limits: [
        a_client_for_which_no_descriptor_is_free_waits_without_an_answer,
        one_thread_serves_all_clients,
        a_client_that_never_reads_makes_the_server_grow,
    ],
}

/// The library has no `Connection` with a `Buffer`: a callback that does not keep what the
/// socket did not take has lost it.
#[test]
fn bytes_that_a_socket_does_not_take_are_lost() {
    let (ours, theirs) = UnixStream::pair().expect("a pair");
    ours.set_nonblocking(true).expect("a nonblocking socket");
    let ours = Rc::new(ours);
    let event_loop = EventLoop::new().expect("a loop");
    let channel = Channel::new(&event_loop, Rc::clone(&ours));
    let handle = event_loop.handle();
    channel.set_write_callback(move |channel| {
        let count = (&*ours).write(&vec![0; 16 * MIB]).expect("there is room");
        assert!(count > 0);
        channel.remove().expect("it was there");
        handle.quit().expect("the loop runs");
    });
    channel.enable_writing().expect("an interest");
    event_loop.run().expect("an end");
    drop((channel, event_loop));
    let mut received = Vec::new();
    (&theirs).read_to_end(&mut received).expect("an end");
    assert!(received.len() < 16 * MIB, "all of it has arrived");
}

#[test]
fn ctrl_c_drops_replies_that_clients_have_not_taken() {
    let server = conformance::day!().start_verbatim();
    let slow = server.connect_small();
    // More than the socket of the server holds, and it keeps the rest.
    let message = vec![0; 16 * MIB];
    (&slow).write_all(&message).expect("the server takes it");
    server.process.signal(Signal::SIGINT);
    assert_eq!(server.process.end().code, Some(0));
    let (mut received, mut piece) = (0, vec![0; MIB]);
    // The connection ends, in one way or another.
    while let Ok(count @ 1..) = (&slow).read(&mut piece) {
        received += count;
    }
    assert!(received < message.len(), "everything has arrived");
}
