//! The exercises of the lesson. Each test fails until the exercise is solved.

use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

use day02_epoll as reactor;
use reactor::{Epoll, EpollFlags, Events};

use conformance::{MIB, assert_echo, assert_same, flood, half_close, noise, read_to_end};

const UNSOLVED: &str = "this is an exercise, which fails until you have solved it";

/// What is ready now, without waiting for more.
fn ready_now(epoll: &Epoll) -> Vec<(u64, EpollFlags)> {
    let mut events = Events::with_capacity(8);
    epoll
        .wait(&mut events, Some(Duration::ZERO))
        .expect("the epoll is open");
    events.iter().map(|e| (e.token(), e.ready())).collect()
}

/// A nonblocking stream, and its other end.
fn streams() -> (UnixStream, UnixStream) {
    let (ours, theirs) = UnixStream::pair().expect("two descriptors are free");
    ours.set_nonblocking(true).expect("a nonblocking stream");
    (ours, theirs)
}

/// Reads everything that has arrived, and returns whether it was the end of the stream.
fn drain(mut stream: &UnixStream, received: &mut Vec<u8>) -> io::Result<bool> {
    let mut buf = [0; 1024];
    let count = stream.read(&mut buf)?;
    received.extend(&buf[..count]);
    Ok(count == 0)
}

#[test]
#[ignore = "an exercise"]
fn exercise_drain_the_edge() {
    let epoll = Epoll::new().expect("a descriptor is free");
    let (ours, mut theirs) = streams();
    let interest = EpollFlags::IN | EpollFlags::ET;
    epoll.add(ours.as_fd(), interest, 7).expect("it is new");
    let mut received = Vec::new();

    let message = noise(3000, 1);
    theirs.write_all(&message).expect("there is room");
    assert_eq!(ready_now(&epoll).len(), 1);
    let is_end = drain(&ours, &mut received).expect("the stream is open");
    assert!(received == message, "{UNSOLVED}");
    assert!(!is_end, "more may come");

    theirs.write_all(b"and bye").expect("there is room");
    theirs.shutdown(Shutdown::Write).expect("it is connected");
    assert_eq!(ready_now(&epoll).len(), 1);
    let is_end = drain(&ours, &mut received).expect("the stream is open");
    assert!(received.ends_with(b"and bye"), "{UNSOLVED}");
    assert!(is_end, "the end of the stream is not reported again");
}

/// One event, and then none until the descriptor is armed again.
const ONE_SHOT: EpollFlags = EpollFlags::IN.union(EpollFlags::from_bits(libc::EPOLLONESHOT as u32));

/// Arms a descriptor again: it is reported once more, as soon as it is ready.
fn arm_again(epoll: &Epoll, fd: BorrowedFd<'_>, token: u64) -> io::Result<()> {
    let _ = (epoll, fd, token);
    Ok(())
}

#[test]
#[ignore = "an exercise"]
fn exercise_one_shot() {
    let epoll = Epoll::new().expect("a descriptor is free");
    let (mut ours, mut theirs) = streams();
    epoll.add(ours.as_fd(), ONE_SHOT, 7).expect("it is new");

    theirs.write_all(b"first").expect("there is room");
    assert_eq!(ready_now(&epoll), [(7, EpollFlags::IN)]);
    theirs.write_all(b"second").expect("there is room");
    assert!(ready_now(&epoll).is_empty(), "it is not armed again yet");

    for round in 0..2 {
        arm_again(&epoll, ours.as_fd(), 7).expect("it is in the set");
        assert_eq!(ready_now(&epoll), [(7, EpollFlags::IN)], "{UNSOLVED}");
        assert!(ready_now(&epoll).is_empty(), "round {round}");
    }
    assert_eq!(ours.read(&mut [0; 100]).expect("both"), 11);
    arm_again(&epoll, ours.as_fd(), 7).expect("it is in the set");
    assert!(ready_now(&epoll).is_empty(), "there is nothing to read");
}

#[test]
#[ignore = "an exercise"]
fn exercise_idle_limit() {
    const LIMIT: Duration = Duration::from_secs(1);
    const MOST: Duration = Duration::from_secs(4);
    let server = conformance::day!().start_verbatim();
    let active = server.connect();
    let mut idle = server.connect();
    let start = Instant::now();
    assert_echo(&idle, b"the last message");
    let pause = Some(Duration::from_millis(20));
    idle.set_read_timeout(pause).expect("a timeout");
    loop {
        assert_echo(&active, b"still here");
        match idle.read(&mut [0]) {
            Ok(count) => break assert_eq!(count, 0, "no bytes were asked for"),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => panic!("the server is to close the connection: {error}"),
        }
        assert!(start.elapsed() < MOST, "{UNSOLVED}");
    }
    assert!(start.elapsed() >= LIMIT, "closed too soon");
    assert_echo(&active, b"still here");

    // Without other clients, only the timeout of the wait can wake the server.
    drop(active);
    let mut idle = server.connect();
    idle.set_read_timeout(Some(MOST)).expect("a timeout");
    let count = idle.read(&mut [0]);
    assert!(
        matches!(count, Ok(0)),
        "the connection was not closed: {count:?}"
    );
}

#[test]
#[ignore = "an exercise"]
fn exercise_enough_is_enough() {
    // More than the kernel's buffers and the megabyte that may wait in the server.
    let message = noise(64 * MIB, 1);
    let server = conformance::day!().start_verbatim();
    let other = server.connect();
    let slow = server.connect_small();
    let sent = flood(&slow, &message, &other);
    assert!(sent < message.len(), "{UNSOLVED}");

    let rest = &message[sent..];
    let reply = thread::scope(|scope| {
        scope.spawn(|| {
            (&slow).write_all(rest).expect("it is sent");
            half_close(&slow);
        });
        read_to_end(&slow)
    });
    assert_same(&reply, &message);
}
