//! Callbacks, options and clients that do what they should not, and what it costs.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::panic;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use conformance::{MIB, TIMEOUT, assert_echo, half_close, noise, read_to_any_end, read_to_end};
use socket2::SockRef;

use super::support::{Flag, Mode, TestServer, echo, in_all_modes, in_mode};
use crate::reactor::{EventLoop, ServerOptions, State, TcpServer};

#[test]
fn input_that_a_callback_does_not_read_is_discarded_and_the_end_is_seen() {
    in_all_modes(|mode| {
        let calls = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&calls);
        let server = TestServer::start(mode.options(), move |server| {
            server.on_connect(move |_| {
                counted.fetch_add(1, Ordering::Relaxed);
            });
        });
        let client = server.connect();
        (&client).write_all(&noise(MIB, 1)).expect("it is sent");
        half_close(&client);
        assert!(read_to_end(&client).is_empty());
        let stats = server.wait_until(|stats| stats.active() == 0);
        assert_eq!((stats.bytes_in, stats.bytes_discarded), (0, MIB as u64));
        // A loop that spins calls hundreds of thousands of times.
        assert!(calls.load(Ordering::Relaxed) < 10_000, "{calls:?}");
    });
}

/// recv(2) stops at urgent data, so that a read is short although there is more.
#[test]
fn input_behind_urgent_data_is_read() {
    for mode in [Mode::new(0, false), Mode::new(0, true)] {
        in_mode(mode, |mode| {
            let server = TestServer::echo(mode.options());
            let client = server.connect();
            client.set_nodelay(true).expect("an option");
            assert_echo(&client, b"hello");
            let (release, released) = mpsc::channel::<()>();
            // All three pieces are there when the loop goes on.
            let hold = move |_: &_| released.recv_timeout(TIMEOUT).expect("an end of the wait");
            server.event_loop.run_in_loop(hold).expect("it runs");
            (&client).write_all(b"abc").expect("it is sent");
            let urgent = SockRef::from(&client).send_out_of_band(b"!");
            assert_eq!(urgent.expect("it is sent"), 1);
            (&client).write_all(b"def").expect("it is sent");
            release.send(()).expect("the loop waits");
            let mut received = [0; 6];
            (&client).read_exact(&mut received).expect("all of it");
            assert_eq!(&received, b"abcdef");
        });
    }
}

#[test]
fn a_message_of_a_handle_does_not_cut_a_large_reply() {
    in_all_modes(|mode| {
        for closes in [false, true] {
            let (open, opened) = mpsc::channel();
            let open = Mutex::new(open);
            let server = TestServer::start(mode.options(), move |server| {
                server.on_connect(move |conn| {
                    conn.read();
                    if conn.state() == State::Closed {
                        return conn.close();
                    }
                    conn.set_send_buf(vec![b'.'; 8 * MIB]);
                    conn.write();
                    if closes {
                        conn.close();
                    }
                    let open = open.lock().expect("no panic");
                    open.send(conn.handle()).expect("the test waits");
                });
            });
            let client = server.connect_small();
            (&client).write_all(b"?").expect("it is sent");
            let handle = opened.recv_timeout(TIMEOUT).expect("a connection");
            handle.send(*b"late").expect("the loop runs");
            half_close(&client);
            let received = read_to_end(&client);
            assert!(received[..8 * MIB].iter().all(|&byte| byte == b'.'));
            let late: &[u8] = if closes { b"" } else { b"late" };
            assert_eq!(&received[8 * MIB..], late);
        }
    });
}

#[test]
fn bytes_written_after_a_close_are_not_sent() {
    in_all_modes(|mode| {
        let server = TestServer::start(mode.options(), |server| {
            server.on_connect(|conn| {
                conn.read();
                conn.set_send_buf(b"before");
                conn.write();
                conn.close();
                conn.set_send_buf(b"after");
                conn.write();
            });
        });
        let client = server.connect();
        (&client).write_all(b"?").expect("it is sent");
        assert_eq!(read_to_end(&client), b"before");
        drop(client);
        let stats = server.wait_until(|stats| stats.active() == 0);
        assert_eq!((stats.bytes_out, stats.bytes_discarded), (6, 5));
    });
}

#[test]
fn a_high_water_mark_of_zero_stops_neither_input_nor_handles() {
    in_all_modes(|mode| {
        let options = ServerOptions {
            high_water: 0,
            low_water: 0,
            ..mode.options()
        };
        let server = TestServer::start(options, |server| {
            server.on_open(|conn| {
                conn.handle().send(*b"welcome").expect("the loop runs");
                conn.handle().shutdown().expect("the loop runs");
            });
        });
        let client = server.connect();
        assert_eq!(read_to_end(&client), b"welcome");
        (&client).write_all(b"hello").expect("it is sent");
        drop(client);
        let stats = server.wait_until(|stats| stats.closed == 1);
        assert_eq!((stats.bytes_in, stats.closed_overflow), (5, 0));
    });
}

/// A panic whose payload panics again when it is dropped.
#[test]
fn a_panic_with_a_panicking_payload_costs_its_own_connection_only() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            if !thread::panicking() {
                panic::resume_unwind(Box::new("as the test has asked for"));
            }
        }
    }
    in_all_modes(|mode| {
        let server = TestServer::start(mode.options(), |server| {
            server.on_connect(|conn| {
                echo(conn);
                if conn.read_buf().starts_with(b"panic") {
                    panic::resume_unwind(Box::new(Bomb));
                }
            });
        });
        let other = server.connect();
        assert_echo(&other, b"hello");
        for _ in 0..4 {
            let victim = server.connect();
            (&victim).write_all(b"panic").expect("it is sent");
            read_to_any_end(&victim);
            assert_echo(&other, b"still here");
        }
        let stats = server.wait_until(|stats| stats.active() == 1);
        assert_eq!(stats.closed_panicked, 4);
    });
}

#[test]
fn a_start_that_fails_may_be_repeated() {
    let blocker = TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = blocker.local_addr().expect("an address");
    let event_loop = EventLoop::new().expect("a loop");
    let mut server = TcpServer::new(&event_loop, addr.into());
    server.on_stop(|event_loop| event_loop.quit());
    assert!(server.start().is_err());
    drop(blocker);
    let handle = server.start().expect("the address is free");
    handle.stop(Duration::ZERO).expect("the loop has not ended");
    event_loop.run_after(TIMEOUT, |_| panic!("on_stop is not called"));
    event_loop.run().expect("no error");
}

/// The server accepts what is in its listener's queue before it stops. Clients that come faster
/// than it accepts them must not keep it from stopping.
#[test]
fn a_server_stops_while_clients_go_on_connecting() {
    in_mode(Mode::new(0, false), |mode| {
        let mut server = TestServer::start(mode.options(), |server| {
            server.on_connect(echo);
            // Slower than the clients come.
            server.on_open(|_| thread::sleep(Duration::from_millis(1)));
        });
        let addr = server.addr;
        let over = Flag::default();
        thread::scope(|scope| {
            let _end = over.raise_at_the_end();
            for _ in 0..4 {
                scope.spawn(|| connect_until(addr, &over));
            }
            let before = server.wait_until(|stats| stats.accepted > 100).accepted;
            server.handle.stop(Duration::ZERO).expect("the loop runs");
            server.wait_for_end();
            // The batch that it is in, and the 4097 connections that the queue holds.
            let accepted = server.stats().accepted - before;
            assert!(accepted < 10_000, "{accepted}");
        });
    });
}

fn connect_until(addr: SocketAddr, over: &Flag) {
    while !over.is_raised() {
        drop(TcpStream::connect(addr));
    }
}
