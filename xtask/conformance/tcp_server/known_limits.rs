//! Known limits of every day that has a `TcpServer`.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Mutex, mpsc};
use std::thread;

use conformance::{TIMEOUT, assert_echo, is_answered};

use super::support::{Mode, TestServer};

#[test]
fn a_callback_that_waits_delays_its_whole_loop() {
    let (go, gone) = mpsc::channel();
    let gone = Mutex::new(gone);
    let server = TestServer::start(Mode::new(1, false).options(), |server| {
        server.on_connect(move |conn| {
            conn.read();
            if conn.read_buf().starts_with(b"wait") {
                let gone = gone.lock().expect("no panic");
                gone.recv_timeout(TIMEOUT).expect("an end of the wait");
            }
            conn.set_send_buf(conn.read_buf());
            conn.write();
        });
    });
    let (waits, other) = (server.connect(), server.connect());
    assert_echo(&other, b"hello");
    (&waits).write_all(b"wait").expect("it is sent");
    server.wait_until(|stats| stats.bytes_in == 9);
    assert!(!is_answered(&other), "the loop goes on");
    go.send(()).expect("the callback waits");
    (&other).read_exact(&mut [0]).expect("the answer");
    (&waits).read_exact(&mut [0; 4]).expect("the answer");
}

/// The server hands connections to its threads in turn, and they stay there, whatever load
/// they bring: here one thread serves two clients in the end, and the other none.
#[test]
fn connections_do_not_move_to_another_thread() {
    let server = TestServer::start(Mode::new(2, false).options(), |server| {
        server.on_connect(|conn| {
            if conn.read() > 0 {
                conn.set_send_buf(thread::current().name().unwrap_or_default());
                conn.write();
            }
        });
    });
    let mut clients: Vec<_> = (0..4).map(|_| server.connect()).collect();
    let threads: Vec<_> = clients.iter().map(thread_of).collect();
    assert_eq!(threads, ["worker-0", "worker-1", "worker-0", "worker-1"]);
    clients.remove(0);
    clients.remove(1);
    server.wait_until(|stats| stats.active() == 2);
    let threads: Vec<_> = clients.iter().map(thread_of).collect();
    assert_eq!(threads, ["worker-1", "worker-1"]);
}

/// Asks which thread serves a client.
fn thread_of(mut client: &TcpStream) -> String {
    let mut name = [0; 8];
    client.write_all(b"?").expect("it is sent");
    client.read_exact(&mut name).expect("a name");
    String::from_utf8_lossy(&name).into_owned()
}
