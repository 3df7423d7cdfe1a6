//! The client: a line, its reply, and a clear end.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;

use socket2::{Domain, Socket, Type};

use crate::{Day, MIB, Process, assert_failure, message_in};

pub fn each_line_gets_its_reply_before_the_next_is_sent(day: Day) {
    let server = day.start(&[]);
    let mut client = day.start_client(server.addr);
    for (line, printed) in [
        ("hello", r#""hello\n""#),
        ("", r#""\n""#),
        ("你好\t\\", r#""你好\t\\\n""#),
        ("\u{1b}[2J", r#""\u{1b}[2J\n""#),
    ] {
        client.write(&format!("{line}\n"));
        assert_eq!(client.line(), format!("Echo: {line}"));
        assert_eq!(message_in(&server.process.line()), printed);
    }
    let ended = client.end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
}

/// As in `client | head -1`.
pub fn a_reader_that_has_enough_ends_the_client_with_success(day: Day) {
    let server = day.start(&["--quiet"]);
    let script = r#"{ yes | "$0" "$1"; echo "code $?" >&2; } | head -1"#;
    let ended = Process::start("sh", &["-c", script, day.client, &server.addr.to_string()]).end();
    assert_eq!(ended.stdout, ["Echo: y"]);
    assert_eq!(ended.stderr, "code 0\n");
}

pub fn a_last_line_without_a_newline_is_sent(day: Day) {
    let server = day.start(&["--quiet"]);
    let mut client = day.start_client(server.addr);
    client.write("one\ntwo");
    let ended = client.end();
    assert_eq!(ended.code, Some(0));
    assert_eq!(ended.stdout, ["Echo: one", "Echo: two"]);
}

pub fn without_input_the_client_prints_nothing_and_succeeds(day: Day) {
    let server = day.start(&["--quiet"]);
    let ended = day.start_client(server.addr).end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    assert!(ended.stdout.is_empty());
}

/// The server reads no more than it can write: the line is longer than all buffers between
/// the two programs, so that a client that wrote it all before it read would wait for ever.
pub fn a_line_longer_than_all_buffers_comes_back(day: Day) {
    let (listener, addr) = listener_with_small_buffers();
    let mut client = day.start_client(addr);
    let line = "0123456789abcdef".repeat(16 * MIB / 16);
    thread::scope(|scope| {
        scope.spawn(|| {
            let (mut stream, _) = listener.accept().expect("the client");
            let mut piece = vec![0; 64 * 1024];
            while let Ok(count @ 1..) = stream.read(&mut piece) {
                stream.write_all(&piece[..count]).expect("the client reads");
            }
        });
        client.write(&format!("{line}\n"));
        assert!(client.line() == line, "the line came back changed");
        assert_eq!(client.end().code, Some(0));
    });
}

fn listener_with_small_buffers() -> (TcpListener, SocketAddr) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.set_recv_buffer_size(64 * 1024).expect("a size");
    socket.set_send_buffer_size(64 * 1024).expect("a size");
    let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
    socket.bind(&any_port.into()).expect("a port");
    socket.listen(1).expect("a bound socket");
    let listener = TcpListener::from(socket);
    let addr = listener.local_addr().expect("an address");
    (listener, addr)
}

pub fn a_killed_server_is_reported_at_the_next_line(day: Day) {
    let server = day.start(&["--quiet"]);
    let mut client = day.start_client(server.addr);
    client.write("hello\n");
    assert_eq!(client.line(), "Echo: hello");
    let addr = server.addr;
    server.process.kill();
    client.write("are you there?\n");
    let message = assert_failure(&client.end(), 1);
    let expected = format!("error: the server at {addr} went away: ");
    assert!(message.starts_with(&expected), "{message}");
}

pub fn a_reply_that_is_cut_off_is_reported(day: Day) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = listener.local_addr().expect("an address");
    let mut client = day.start_client(addr);
    client.write("hello\n");
    thread::scope(|scope| {
        scope.spawn(|| {
            let (mut server, _) = listener.accept().expect("the client");
            let mut line = String::new();
            let mut reader = BufReader::new(&server);
            reader.read_line(&mut line).expect("its line");
            server.write_all(b"Echo: hel").expect("half a reply");
        });
        let ended = client.end();
        let message = assert_failure(&ended, 1);
        let expected = format!("error: the server at {addr} went away: ");
        assert!(message.starts_with(&expected), "{message}");
        assert!(ended.stdout.is_empty(), "{:?}", ended.stdout);
    });
}
