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
const PATIENCE: Duration = Duration::from_secs(5);

/// What comes until the server closes, or says nothing more.
fn read_all(mut client: &TcpStream) -> String {
    client.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let mut text = Vec::new();
    // Whoever is silent has said what came before.
    let _ = client.read_to_end(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}

#[test]
#[ignore = "an exercise"]
fn exercise_silent_clients() {
    let server = conformance::day!().start_verbatim();
    let (silent, mut talkative) = (server.connect(), server.connect());
    assert_echo(&silent, b"my only word");

    // The silent client's end is awaited half a second at a time. The other one
    // speaks in between.
    let moment = Some(Duration::from_millis(500));
    silent.set_read_timeout(moment).expect("a timeout");
    let start = Instant::now();
    let was_let_go = loop {
        match (&silent).read(&mut [0; 16]) {
            Ok(0) => break true,
            _ if start.elapsed() > PATIENCE => break false,
            _ => {}
        }
        let heard = talkative.write_all(b"x").is_ok() && talkative.read_exact(&mut [0]).is_ok();
        assert!(heard, "who speaks every now and then is to stay");
    };
    assert!(was_let_go, "{UNSOLVED}");
    assert!(start.elapsed() > Duration::from_secs(1), "that was hasty");
    assert_echo(&talkative, b"still here");
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
    let deadline = Instant::now() + PATIENCE;
    while !is_served(&server) {
        assert!(Instant::now() < deadline, "somebody has left: {UNSOLVED}");
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

/// Sends a message of any size, says that this was all, and returns all that comes
/// back.
fn everything_at_once(server: &Socket, message: &[u8]) -> io::Result<Vec<u8>> {
    let _ = (server, message);
    Ok(Vec::new())
}

#[test]
#[ignore = "an exercise"]
fn exercise_everything_at_once() {
    let server = conformance::day!().start_verbatim();
    let socket = connect_to(server.addr);
    let message = noise(8 << 20, 7);
    let reply = within_patience({
        let message = message.clone();
        move || everything_at_once(&socket, &message)
    });
    assert!(reply.is_ok_and(|reply| reply == message), "{UNSOLVED}");
}

/// Connects to the first of several addresses that has a server. If none has, the
/// error is the last one's.
fn connect_to_any(addrs: &[InetAddr]) -> io::Result<Socket> {
    let addr = addrs.first().ok_or(io::ErrorKind::InvalidInput)?;
    let socket = Socket::new(addr.domain())?;
    socket.connect(addr)?;
    Ok(socket)
}

#[test]
#[ignore = "an exercise"]
fn exercise_several_addresses() {
    let server = conformance::day!().start_verbatim();
    let port = server.addr.port();
    // A port that was free a moment ago, and at the other family's loopback address
    // the server's own: nobody listens at either.
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let nobody = [
        InetAddr::from(free.expect("a port")),
        InetAddr::new(Ipv6Addr::LOCALHOST, port),
    ];
    let somebody = InetAddr::new(Ipv4Addr::LOCALHOST, port);

    let addrs = [nobody[0], nobody[1], somebody];
    let socket = within_patience(move || connect_to_any(&addrs));
    let reply = socket.and_then(|socket| {
        let mut reply = [0; 5];
        (&socket).write_all(b"hello")?;
        (&socket).read_exact(&mut reply)?;
        Ok(reply)
    });
    assert!(reply.is_ok_and(|reply| reply == *b"hello"), "{UNSOLVED}");
    let error = within_patience(move || connect_to_any(&nobody));
    assert!(error.is_err(), "nobody listens there");
}

fn connect_to(addr: SocketAddr) -> Socket {
    let addr = InetAddr::from(addr);
    let socket = Socket::new(addr.domain()).expect("a socket");
    socket.connect(&addr).expect("the server listens");
    socket
}

/// Runs what may wait for ever, and does not wait for it that long.
fn within_patience<T: Send + 'static>(
    action: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let (sender, result) = mpsc::channel();
    thread::spawn(move || sender.send(action()));
    result.recv_timeout(PATIENCE).unwrap_or_else(|_| {
        Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "it waits, and nobody will come",
        ))
    })
}
