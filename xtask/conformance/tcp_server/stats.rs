//! What the server counts, number by number.

use std::io::Write;
use std::panic;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use conformance::{MIB, assert_echo, half_close, noise, read_to_any_end, read_to_end, reset};

use super::support::{Mode, TestServer, in_all_modes, in_mode};
use crate::reactor::{ServerOptions, Stats};

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
        assert_eq!((stats.rejected, stats.bytes_discarded), (0, 0));

        let mut clients = clients.into_iter();
        half_close(&clients.next().expect("the first"));
        drop(clients.next());
        reset(clients.next().expect("the third"));
        let stats = server.wait_until(|stats| stats.active() == 2);
        assert_eq!(stats.closed_by_peer, 2);
        assert_eq!(stats.closed_failed, 1);
        let last: Vec<_> = clients.collect();
        let stats = server.stop(Duration::ZERO);
        assert_eq!(stats.closed_stopped, 2);
        assert_eq!((stats.accepted, stats.active()), (5, 0));
        drop(last);
    });
}

#[test]
fn each_reason_for_an_end_has_its_counter() {
    in_all_modes(|mode| {
        let start = |options| {
            TestServer::start(options, |server| {
                server.on_connect(|conn| {
                    conn.read();
                    match &*conn.read_buf() {
                        b"close" => conn.close(),
                        b"panic" => panic::resume_unwind(Box::new("as the test has asked for")),
                        _ => {}
                    }
                });
            })
        };
        let server = start(ServerOptions {
            max_connections: Some(1),
            ..mode.options()
        });
        let idle_server = start(ServerOptions {
            idle_timeout: Some(Duration::from_millis(100)),
            ..mode.options()
        });
        type Count = fn(&Stats) -> u64;
        let cases: [(_, _, Count); 3] = [
            (&server, "close", |stats| stats.closed_by_server),
            (&server, "panic", |stats| stats.closed_panicked),
            (&idle_server, "", |stats| stats.closed_idle),
        ];
        for (server, word, count) in cases {
            let client = server.connect();
            (&client).write_all(word.as_bytes()).expect("it is sent");
            assert!(read_to_any_end(&client).is_empty());
            drop(client);
            let stats = server.wait_until(|stats| stats.accepted > 0 && stats.active() == 0);
            assert_eq!(count(&stats), 1, "{word:?}: {stats}");
        }
        assert_eq!(server.stats().callback_panics, 1);

        let inside = server.connect();
        server.wait_until(|stats| stats.active() == 1);
        assert!(read_to_end(&server.connect()).is_empty());
        assert_eq!(server.stats().rejected, 1);
        drop(inside);
    });
}

/// A callback holds its loop; then the batch has an event for a connection that a message
/// in the same batch has ended.
#[test]
fn too_many_bytes_from_a_handle_end_the_connection_and_its_event_is_stale() {
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
            // Far above the limit, but in one piece: that is accepted.
            let _ = handle.send(noise(16 * MIB, 1));
            server.wait_until(|stats| stats.bytes_out > 0);
            (&holder).write_all(b"hold").expect("it is sent");
            is_held.recv().expect("the loop is held");
            let bytes = Arc::<[u8]>::from(*b"one message too many");
            let _ = handle.send(Arc::clone(&bytes));
            reset(slow);
            release.send(()).expect("the loop waits");
            let stats = server.wait_until(|stats| stats.active() == 1);
            assert_eq!(stats.closed_overflow, 1);
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

/// The server reads and discards.
#[test]
fn a_server_without_a_callback_counts_too() {
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
