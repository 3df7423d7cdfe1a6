//! The exercises of the lesson. Each test fails until the exercise is solved.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use day01_socket as reactor;
use reactor::{InetAddr, Socket};

use conformance::{Server, assert_echo, noise};

const UNSOLVED: &str = "this is an exercise, which fails until you have solved it";

/// How long to wait for what the exercise is to do.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What the server sends until it closes the connection or is silent for `TIMEOUT`.
fn read_all(mut client: &TcpStream) -> String {
    client.set_read_timeout(Some(TIMEOUT)).expect("a timeout");
    let mut text = Vec::new();
    // A timeout is an error too; what came before it is in `text`.
    let _ = client.read_to_end(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}

#[test]
#[ignore = "an exercise"]
fn exercise_silent_clients() {
    let server = conformance::day!().start_verbatim();
    let (idle, mut active) = (server.connect(), server.connect());
    assert_echo(&idle, b"my only message");

    // Each read waits half a second for the server to close the idle connection; the
    // active client sends a byte in between.
    let pause = Some(Duration::from_millis(500));
    idle.set_read_timeout(pause).expect("a timeout");
    let start = Instant::now();
    let was_closed = loop {
        match (&idle).read(&mut [0; 16]) {
            Ok(0) => break true,
            _ if start.elapsed() > TIMEOUT => break false,
            _ => {}
        }
        let echoed = active.write_all(b"x").is_ok() && active.read_exact(&mut [0]).is_ok();
        assert!(
            echoed,
            "a client that sends now and then is to stay connected"
        );
    };
    assert!(was_closed, "{UNSOLVED}");
    assert!(start.elapsed() > Duration::from_secs(1), "closed too soon");
    assert_echo(&active, b"still here");
}

#[test]
#[ignore = "an exercise"]
fn exercise_a_polite_no() {
    let server = conformance::day!().start_verbatim();
    let mut served: Vec<_> = (0..100).map(|_| server.connect()).collect();
    for client in &served {
        assert_echo(client, b"there is room for a hundred");
    }
    assert_eq!(read_all(&server.connect()), "busy\n", "{UNSOLVED}");

    served.pop();
    let deadline = Instant::now() + TIMEOUT;
    while !is_served(&server) {
        assert!(Instant::now() < deadline, "one client has left: {UNSOLVED}");
    }
    assert_echo(&served[0], b"the first is still here");
}

/// Whether a new client gets its reply. A client that is rejected may get an error when it
/// sends.
fn is_served(server: &Server) -> bool {
    let mut client = server.connect();
    let mut reply = [0];
    client.write_all(b"!").is_ok() && client.read_exact(&mut reply).is_ok() && reply == *b"!"
}

/// Sends a message of any size, closes the sending direction, and returns everything that
/// comes back.
fn everything_at_once(server: &Socket, message: &[u8]) -> io::Result<Vec<u8>> {
    let _ = (server, message);
    Ok(Vec::new())
}

#[test]
#[ignore = "an exercise"]
fn exercise_everything_at_once() {
    let server = conformance::day!().start_verbatim();
    let socket = connect_to(server.addr);
    // More than the buffers of both sockets hold, at their largest.
    let message = noise(64 << 20, 7);
    let reply = within_timeout({
        let message = message.clone();
        move || everything_at_once(&socket, &message)
    });
    assert!(reply.is_ok_and(|reply| reply == message), "{UNSOLVED}");
}

/// Connects to the first of several addresses that has a server. If none has, the
/// error is the last one's.
fn connect_to_any(addrs: &[InetAddr]) -> io::Result<Socket> {
    let addr = addrs.first().ok_or(io::ErrorKind::InvalidInput)?;
    let socket = Socket::new(addr)?;
    socket.connect(addr)?;
    Ok(socket)
}

#[test]
#[ignore = "an exercise"]
fn exercise_several_addresses() {
    let server = conformance::day!().start_verbatim();
    let port = server.addr.port();
    // A port that was free a moment ago, and the server's own port at the loopback address
    // of the other family: no socket listens at either.
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let unused = [
        InetAddr::from(free.expect("a port")),
        InetAddr::new(Ipv6Addr::LOCALHOST, port),
    ];
    let served = InetAddr::new(Ipv4Addr::LOCALHOST, port);

    let addrs = [unused[0], unused[1], served];
    let socket = within_timeout(move || connect_to_any(&addrs));
    let reply = socket.and_then(|socket| {
        let mut reply = [0; 5];
        (&socket).write_all(b"hello")?;
        (&socket).read_exact(&mut reply)?;
        Ok(reply)
    });
    assert!(reply.is_ok_and(|reply| reply == *b"hello"), "{UNSOLVED}");
    let error = within_timeout(move || connect_to_any(&unused));
    assert!(error.is_err(), "no socket listens there");
}

fn connect_to(addr: SocketAddr) -> Socket {
    let addr = InetAddr::from(addr);
    let socket = Socket::new(&addr).expect("a socket");
    socket.connect(&addr).expect("the server listens");
    socket
}

/// Runs `action`, which may block for ever, and waits for it no longer than `TIMEOUT`.
fn within_timeout<T: Send + 'static>(
    action: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let (sender, result) = mpsc::channel();
    thread::spawn(move || sender.send(action()));
    result.recv_timeout(TIMEOUT).unwrap_or_else(|_| {
        Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "it is still blocked",
        ))
    })
}
