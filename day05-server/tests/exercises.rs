//! The exercises of the lesson. Each test fails until the exercise is solved.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Mutex;
use std::time::Duration;

use day05_server as reactor;
use reactor::{ConnHandle, Connection, ServerOptions, State};

#[path = "../../xtask/conformance/tcp_server/support.rs"]
mod support;

use support::TestServer;

const UNSOLVED: &str = "this is an exercise, which fails until you have solved it";

/// How long a client waits for what the exercise is to send.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The bytes that arrive until the server closes, or sends nothing for [`TIMEOUT`].
fn read_all(mut client: &TcpStream) -> String {
    client.set_read_timeout(Some(TIMEOUT)).expect("a timeout");
    let mut text = Vec::new();
    // After a timeout, what has arrived before is in the buffer.
    let _ = client.read_to_end(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}

#[test]
#[ignore = "an exercise"]
fn exercise_a_polite_no() {
    let server = TestServer::echo(ServerOptions {
        max_connections: Some(1),
        ..ServerOptions::default()
    });
    let _first = server.connect();
    server.wait_until(|stats| stats.active() == 1);
    assert_eq!(read_all(&server.connect()), "busy\n", "{UNSOLVED}");
}

/// Answers each line with its length, without the line feed, and a line feed.
fn lengths(conn: &Connection) {
    conn.read();
    if conn.state() == State::Closed {
        conn.close();
    }
}

#[test]
#[ignore = "an exercise"]
fn exercise_lines() {
    let server = TestServer::start(ServerOptions::default(), |server| {
        server.on_connect(lengths);
    });
    let client = server.connect();
    for piece in ["on", "e\nthr", "ee\n\nfifteen", "\nrest"] {
        (&client).write_all(piece.as_bytes()).expect("it is sent");
        std::thread::sleep(Duration::from_millis(50));
    }
    client.shutdown(Shutdown::Write).expect("it is connected");
    assert_eq!(read_all(&client), "3\n5\n0\n7\n", "{UNSOLVED}");
}

/// Sends the same text to all members.
fn tell_all(members: &[ConnHandle], text: &[u8]) {
    let _ = (members, text);
}

#[test]
#[ignore = "an exercise"]
fn exercise_to_everybody() {
    static MEMBERS: Mutex<Vec<ConnHandle>> = Mutex::new(Vec::new());
    let options = ServerOptions {
        thread_num: Some(2),
        ..ServerOptions::default()
    };
    let server = TestServer::start(options, |server| {
        server.on_open(|conn| MEMBERS.lock().expect("no panic").push(conn.handle()));
        server.on_connect(|conn| {
            conn.read();
            if conn.state() == State::Closed {
                conn.close();
            } else {
                tell_all(&MEMBERS.lock().expect("no panic"), &conn.read_buf());
            }
        });
    });
    let clients = [server.connect(), server.connect(), server.connect()];
    server.wait_until(|_| MEMBERS.lock().expect("no panic").len() == clients.len());
    (&clients[0]).write_all(b"hello").expect("it is sent");
    for mut client in &clients {
        client.set_read_timeout(Some(TIMEOUT)).expect("a timeout");
        let mut text = [0; 5];
        let received = client.read_exact(&mut text);
        assert!(received.is_ok() && &text == b"hello", "{UNSOLVED}");
    }
}
