//! What this day's programs and library cannot do: each known limit of `src/lib.rs`, shown.
//! A test stays here until the day that lifts its limit.

mod common;

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::rc::Rc;

use day04_eventloop as reactor;
use reactor::{Channel, EventLoop};

use common::{Program, Server, assert_echo, assert_idle};

const MIB: usize = 1024 * 1024;

/// The library has no `Connection` with a `Buffer`: a callback that does not keep what the
/// socket did not take has lost it.
#[test]
fn what_a_socket_does_not_take_nobody_keeps() {
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
        handle.quit();
    });
    channel.enable_writing().expect("an interest");
    event_loop.run().expect("an end");
    drop((channel, event_loop));
    let mut received = Vec::new();
    (&theirs).read_to_end(&mut received).expect("an end");
    assert!(received.len() < 16 * MIB, "all of it has arrived");
}

/// However many cores the machine has.
#[test]
fn one_thread_serves_all_clients() {
    let server = Server::verbatim();
    let clients: Vec<_> = (0..20).map(|_| server.connect()).collect();
    for client in &clients {
        assert_echo(client, b"hello");
    }
    assert_eq!(server.program.threads(), 1);
}

#[test]
fn a_client_that_never_reads_makes_the_server_grow() {
    let server = Server::verbatim();
    let slow = server.connect_small();
    // Far more than the sockets on both sides hold.
    let message = vec![0; 64 * MIB];
    (&slow).write_all(&message).expect("the server takes it");
    let kept = resident(&server.program);
    assert!(kept > 16 * MIB, "the server has grown to {kept} bytes only");
}

/// The kernel has connected them. To accept them takes a descriptor, even if it is only to
/// send them away.
#[test]
fn who_finds_no_descriptor_free_waits_in_silence() {
    let server = Server::verbatim();
    let first = server.connect();
    assert_echo(&first, b"the first");
    server.program.leave_room_for(0);
    // A server that waits in accept(2) has a descriptor ready for the second.
    let (_second, third) = (server.connect(), server.connect());
    (&third).write_all(b"anybody there?").expect("it is sent");
    assert_idle(&server.program, &third);
    assert_echo(&first, b"the first again");
}

#[test]
fn ctrl_c_drops_replies_that_clients_have_not_taken() {
    let server = Server::verbatim();
    let slow = server.connect_small();
    // More than the socket of the server holds, and it keeps the rest.
    let message = vec![0; 16 * MIB];
    (&slow).write_all(&message).expect("the server takes it");
    server.program.signal(libc::SIGINT);
    assert_eq!(server.program.end().code, Some(0));
    let (mut received, mut piece) = (0, vec![0; MIB]);
    // The connection ends, in one way or another.
    while let Ok(count @ 1..) = (&slow).read(&mut piece) {
        received += count;
    }
    assert!(received < message.len(), "everything has arrived");
}

/// How much memory a program has, in bytes.
fn resident(program: &Program) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", program.id()));
    let status = status.expect("a process of ours");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    1024 * kilobytes
        .and_then(|count| count.parse::<usize>().ok())
        .expect("a size")
}
