//! Clients: streams that connect, send, read and leave in every way.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use socket2::{Domain, SockRef, Socket, Type};

use crate::TIMEOUT;

/// A client whose calls fail after [`TIMEOUT`].
#[track_caller]
pub fn connect(addr: SocketAddr) -> TcpStream {
    with_timeouts(TcpStream::connect(addr).expect("the server listens"))
}

/// A client with little room for replies: the server soon notices that they are not read.
#[track_caller]
pub fn connect_small(addr: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, None).expect("a socket");
    socket.set_recv_buffer_size(4096).expect("a small buffer");
    socket.connect(&addr.into()).expect("the server listens");
    with_timeouts(socket.into())
}

fn with_timeouts(stream: TcpStream) -> TcpStream {
    stream.set_read_timeout(Some(TIMEOUT)).expect("a timeout");
    stream.set_write_timeout(Some(TIMEOUT)).expect("a timeout");
    stream
}

/// Gives a client of [`connect_small`] as much room as others have, to get its reply before
/// long.
pub fn widen(stream: &TcpStream) {
    let widened = SockRef::from(stream).set_recv_buffer_size(1024 * 1024);
    widened.expect("an option of every socket");
}

/// Shuts the sending half down: the server reads EOF.
pub fn half_close(stream: &TcpStream) {
    stream.shutdown(Shutdown::Write).expect("still connected");
}

/// Ends a connection by an RST instead of a FIN.
pub fn reset(stream: TcpStream) {
    let linger = SockRef::from(&stream).set_linger(Some(Duration::ZERO));
    linger.expect("an option of every socket");
}

/// Sends a message and expects the same bytes back, while it is still sending.
#[track_caller]
pub fn assert_echo(stream: &TcpStream, message: &[u8]) {
    let mut reply = vec![0; message.len()];
    thread::scope(|scope| {
        if message.len() > 1024 {
            scope.spawn(|| (&mut &*stream).write_all(message).expect("it is sent"));
        } else {
            // There is room for this on the way.
            (&mut &*stream).write_all(message).expect("it is sent");
        }
        (&mut &*stream).read_exact(&mut reply).expect("a reply");
    });
    assert_same(&reply, message);
}

/// Whether a short message comes back, and not an error or the end of the connection.
#[track_caller]
pub fn echo_succeeds(mut stream: &TcpStream, message: &[u8]) -> bool {
    let mut reply = vec![0; message.len()];
    let result = stream
        .write_all(message)
        .and_then(|()| stream.read_exact(&mut reply));
    match result {
        Ok(()) => {
            assert_same(&reply, message);
            true
        }
        Err(error) => {
            assert_ne!(error.kind(), ErrorKind::WouldBlock, "the connection hangs");
            false
        }
    }
}

/// Sends one byte and returns whether an answer comes within half a second.
#[track_caller]
pub fn is_answered(mut stream: &TcpStream) -> bool {
    let half_a_second = Some(Duration::from_millis(500));
    stream.set_read_timeout(half_a_second).expect("a timeout");
    stream.write_all(b"?").expect("it is sent");
    let answer = stream.read(&mut [0]);
    stream.set_read_timeout(Some(TIMEOUT)).expect("a timeout");
    match answer {
        Ok(count) => count > 0,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}");
            false
        }
    }
}

/// Reads up to the end of the connection.
#[track_caller]
pub fn read_to_end(mut stream: &TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).expect("a reply and its end");
    bytes
}

/// Reads up to the end of the connection, which may be an RST, and returns what came before.
#[track_caller]
pub fn read_to_any_end(mut stream: &TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => panic!("the connection stays"),
        _ => bytes,
    }
}

/// As `assert_eq!`, which would print the megabytes.
#[track_caller]
pub fn assert_same(got: &[u8], expected: &[u8]) {
    if got != expected {
        let at = got.iter().zip(expected).position(|(a, b)| a != b);
        let (got, expected) = (got.len(), expected.len());
        panic!("{got} bytes instead of {expected}; the first difference is at {at:?}");
    }
}

/// Sends without reading for as long as there is room on the way, which there is not when the
/// connection has ended. Returns how many bytes that was.
pub fn send_some(mut stream: &TcpStream, message: &[u8]) -> usize {
    stream.set_nonblocking(true).expect("a nonblocking socket");
    let mut sent = 0;
    while let Ok(count @ 1..) = stream.write(&message[sent..]) {
        sent += count;
    }
    stream.set_nonblocking(false).expect("a blocking socket");
    sent
}

/// Sends without reading until the server takes no more, although it has answered `other`
/// again and again. Returns how many bytes that was.
#[track_caller]
pub fn flood(mut slow: &TcpStream, message: &[u8], other: &TcpStream) -> usize {
    let moment = Some(Duration::from_millis(10));
    slow.set_write_timeout(moment).expect("a timeout");
    let (mut sent, mut refusals) = (0, 0);
    while sent < message.len() && refusals < 10 {
        match slow.write(&message[sent..]) {
            Ok(count) => (sent, refusals) = (sent + count, 0),
            Err(error) if error.kind() == ErrorKind::WouldBlock => refusals += 1,
            Err(error) => panic!("cannot send: {error}"),
        }
        assert_echo(other, b"meanwhile");
    }
    slow.set_write_timeout(Some(TIMEOUT)).expect("a timeout");
    sent
}
