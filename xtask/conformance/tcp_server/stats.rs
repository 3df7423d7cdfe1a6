//! What the server counts, number by number.

mod common;
mod server_support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::panic;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use day05_server as reactor;
use reactor::{CloseReason, ServerOptions, Stats};

use common::{PATIENCE, Server, assert_echo, half_close, noise, read_to_end, reset};
use server_support::{Mode, TestServer, in_all_modes, in_mode, read_to_any_end};

const MIB: usize = 1024 * 1024;

#[test]
fn connections_and_bytes_are_counted() {
    in_all_modes(|mode| {
        let server = TestServer::echo(mode.options());
        assert_eq!(server.stats(), Stats::default());
        let clients: Vec<_> = (0..5).map(|_| server.connect()).collect();
        for (size, client) in clients.iter().enumerate() {
            assert_echo(client, &noise(1000 * size, 1));
        }
        let stats = server.wait_until(|stats| stats.accepted == 5 && stats.bytes_out == 10_000);
        assert_eq!((stats.active(), stats.bytes_in), (5, 10_000));
        assert_eq!((stats.turned_away, stats.bytes_discarded), (0, 0));

        let mut clients = clients.into_iter();
        half_close(&clients.next().expect("the first"));
        drop(clients.next());
        reset(clients.next().expect("the third"));
        let stats = server.wait_until(|stats| stats.active() == 2);
        assert_eq!(stats.closed(CloseReason::Peer), 2);
        assert_eq!(stats.closed(CloseReason::Failed), 1);
        let last: Vec<_> = clients.collect();
        let stats = server.stop(Duration::ZERO);
        assert_eq!(stats.closed(CloseReason::Stopped), 2);
        assert_eq!((stats.accepted, stats.active()), (5, 0));
        drop(last);
    });
}

#[test]
fn ends_by_the_server_have_their_reasons() {
    in_all_modes(|mode| {
        let options = ServerOptions {
            idle_timeout: Some(Duration::from_millis(100)),
            max_connections: Some(1),
            ..mode.options()
        };
        let server = TestServer::start(options, |server| {
            server.on_connect(|conn| {
                conn.read();
                match &*conn.read_buf() {
                    b"close" => conn.close(),
                    b"panic" => panic::resume_unwind(Box::new("as the test has asked for")),
                    _ => {}
                }
            });
        });
        for (word, reason) in [
            ("close", CloseReason::Local),
            ("panic", CloseReason::Panicked),
            ("", CloseReason::Idle),
        ] {
            let client = server.connect();
            (&client).write_all(word.as_bytes()).expect("it is sent");
            assert!(read_to_any_end(&client).is_empty());
            drop(client);
            let stats = server.wait_until(|stats| stats.active() == 0);
            assert_eq!(stats.closed(reason), 1, "{reason:?} in {stats}");
        }
        assert_eq!(server.stats().callback_panics, 1);

        let inside = server.connect();
        server.wait_until(|stats| stats.active() == 1);
        assert!(read_to_end(&server.connect()).is_empty());
        assert_eq!(server.stats().turned_away, 1);
        drop(inside);
    });
}

/// A loop that is kept in a callback finds, when it is let go, news of a connection that
/// another piece of news in the same batch has ended.
#[test]
fn too_much_from_afar_ends_a_connection_and_its_late_news_is_stale() {
    for mode in [Mode::new(0, false), Mode::new(1, false), Mode::new(1, true)] {
        in_mode(mode, |mode| {
            let (open, opened) = mpsc::channel();
            let (held, is_held) = mpsc::channel();
            let (release, released) = mpsc::channel::<()>();
            let open = Mutex::new(open);
            let gate = Mutex::new((held, released));
            let server = TestServer::start(mode.options(), move |server| {
                server.on_open(move |conn| {
                    let open = open.lock().expect("no panic");
                    open.send(conn.handle()).expect("the test waits");
                });
                server.on_connect(move |conn| {
                    conn.read();
                    if conn.read_buf().starts_with(b"hold") {
                        let (held, released) = &*gate.lock().expect("no panic");
                        held.send(()).expect("the test waits");
                        released.recv().expect("the test goes on");
                    }
                });
            });
            let holder = server.connect();
            let _ = opened.recv().expect("it is accepted");
            let slow = server.connect_small();
            let handle = opened.recv().expect("it is accepted");
            // Much more than is let pass, in one piece: that is not too much yet.
            handle.send(noise(16 * MIB, 1));
            server.wait_until(|stats| stats.bytes_out > 0);
            (&holder).write_all(b"hold").expect("it is sent");
            is_held.recv().expect("the loop is held");
            let bytes = Arc::<[u8]>::from(*b"one word too much");
            handle.send(Arc::clone(&bytes));
            reset(slow);
            release.send(()).expect("the loop waits");
            let stats = server.wait_until(|stats| stats.active() == 1);
            assert_eq!(stats.closed(CloseReason::Overflow), 1);
            assert_eq!(
                stats.bytes_out + stats.bytes_discarded,
                (16 * MIB + bytes.len()) as u64
            );
            drop(holder);
            let stats = server.wait_until(|stats| stats.active() == 0);
            assert_eq!(stats.stale_events, 1);
        });
    }
}

#[test]
fn errors_of_accept_are_counted() {
    let script = r#"ulimit -n 16 && exec "$0" 127.0.0.1:0 --prefix '' --quiet --threads 0"#;
    let server = Server::run("sh", &["-c", script, common::SERVER]);
    let clients: Vec<_> = (0..30).map(|_| server.connect()).collect();
    let told = clients.iter().filter(|client| !read_one(client)).count();
    let stats = ask(&server);
    assert!(stats.contains(&format!("{told} turned away")), "{stats}");
    assert!(!stats.contains(" 0 accept errors"), "{stats}");
}

fn read_one(mut client: &TcpStream) -> bool {
    let mut reply = [0];
    client.write_all(b"!").is_ok() && client.read_exact(&mut reply).is_ok()
}

#[test]
fn the_server_says_its_numbers_when_asked() {
    let server = Server::start(&["--prefix", "", "--quiet"]);
    let clients = [server.connect(), server.connect()];
    for client in &clients {
        assert_echo(client, b"hello");
    }
    ask_until(&server, "connections: 2 accepted, 2 active, 0 turned away");
    assert_echo(&clients[0], b"still here");
    ask_until(&server, "bytes: 20 in, 20 out");
}

/// A client may have a reply before the server has counted it.
#[track_caller]
fn ask_until(server: &Server, expected: &str) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let stats = ask(server);
        if stats.contains(expected) {
            return;
        }
        assert!(Instant::now() < deadline, "{stats}");
    }
}

fn ask(server: &Server) -> String {
    server.program.signal(libc::SIGUSR1);
    server.program.line()
}

/// A server that has no code of its own reads and forgets.
#[test]
fn a_server_without_a_callback_counts_all_the_same() {
    in_all_modes(|mode| {
        let server = TestServer::start(mode.options(), |_| {});
        let client = server.connect();
        (&client).write_all(&noise(MIB, 1)).expect("it is sent");
        half_close(&client);
        assert!(read_to_end(&client).is_empty());
        let stats = server.wait_until(|stats| stats.active() == 0);
        assert_eq!((stats.bytes_in, stats.bytes_out), (MIB as u64, 0));
    });
}
