//! Clients that are slow, silent or gone.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use conformance::{
    Dice, MIB, assert_echo, assert_same, half_close, noise, read_to_any_end, read_to_end, reset,
    send_some, widen,
};

use super::support::{
    Flag, MODES, Mode, ONE_READ, TestServer, echo, in_all_modes, in_mode, in_two_modes,
};
use crate::reactor::ServerOptions;

const KIB: usize = 1024;

/// More than the sockets on both sides hold.
const FLOOD: usize = 16 * MIB;

#[test]
fn a_client_that_does_not_read_is_not_read_from_and_loses_nothing() {
    in_all_modes(|mode| {
        let options = ServerOptions {
            high_water: 256 * KIB,
            low_water: 64 * KIB,
            ..mode.options()
        };
        let server = TestServer::echo(options);
        let slow = server.connect_small();
        let message = noise(FLOOD, 1);
        let sent = server.flood(&slow, &message);
        assert!(sent < FLOOD, "the server has taken everything");
        let stats = server.stats();
        let waiting = usize::try_from(stats.bytes_in - stats.bytes_out).expect("a size");
        assert!(waiting >= options.high_water, "{waiting} bytes: too early");
        assert!(waiting < options.high_water + ONE_READ, "{waiting} bytes");
        assert_echo(&server.connect(), b"no other client is delayed");

        // The server reads again as soon as the client does.
        let received = thread::scope(|scope| {
            widen(&slow);
            scope.spawn(|| {
                (&slow).write_all(&message[sent..]).expect("it is sent");
                half_close(&slow);
            });
            read_to_end(&slow)
        });
        assert_same(&received, &message);
        let stats = server.wait_until(|stats| stats.active() == 0);
        assert_eq!(stats.bytes_in, stats.bytes_out);
        assert_eq!(stats.closed_by_peer, 2);
    });
}

/// Water marks that make little sense must not make a connection hang.
#[test]
fn water_marks_may_be_zero_or_in_the_wrong_order() {
    for (high_water, low_water) in [(0, 0), (1, 0), (0, MIB), (KIB, MIB)] {
        for mode in [Mode::new(0, false), Mode::new(1, true)] {
            let server = TestServer::echo(ServerOptions {
                high_water,
                low_water,
                ..mode.options()
            });
            let client = server.connect_small();
            assert_echo(&client, b"hello");
            assert_echo(&client, &noise(MIB, 1));
        }
    }
}

#[test]
fn a_half_close_with_megabytes_in_flight_loses_none() {
    in_two_modes(|mode| {
        let server = TestServer::echo(mode.options());
        let (client, message) = (server.connect_small(), noise(FLOOD, 1));
        let sent = server.flood(&client, &message);
        widen(&client);
        let received = thread::scope(|scope| {
            scope.spawn(|| {
                (&client).write_all(&message[sent..]).expect("it is sent");
                half_close(&client);
            });
            read_to_end(&client)
        });
        assert_same(&received, &message);
        // And a message so small that it comes in one piece with its end.
        let client = server.connect();
        (&client).write_all(b"x").expect("it is sent");
        half_close(&client);
        assert_eq!(read_to_end(&client), b"x");
    });
}

#[test]
fn idle_connections_are_closed_and_active_ones_are_not() {
    thread::scope(|scope| {
        for mode in MODES {
            scope.spawn(move || in_mode(mode, close_the_idle));
        }
    });
}

fn close_the_idle(mode: Mode) {
    let server = TestServer::echo(ServerOptions {
        idle_timeout: Some(Duration::from_secs(1)),
        high_water: 64 * KIB,
        low_water: 16 * KIB,
        ..mode.options()
    });
    let message = noise(FLOOD, 1);
    let active = server.connect();
    let is_over = Flag::default();
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.is_raised() {
                assert_echo(&active, b"here");
                // A pace that leaves the processor to the other tests.
                thread::sleep(Duration::from_millis(10));
            }
        });
        let _end = is_over.raise_at_the_end();
        let silent = server.connect();
        let sent_one_byte = server.connect();
        assert_echo(&sent_one_byte, b"1");
        // A client that does not read what it is sent is idle too.
        let unread = server.connect_small();
        let mut sent = 0;
        let stats = server.wait_until(|stats| {
            sent += send_some(&unread, &message[sent..]);
            stats.closed_idle == 3
        });
        assert!(sent < FLOOD, "the server has taken everything");
        assert!(stats.bytes_discarded > 0, "there was nothing to read");
        assert!(read_to_end(&silent).is_empty());
        assert!(read_to_end(&sent_one_byte).is_empty());
        assert!(read_to_any_end(&unread).len() <= sent);
    });
    assert_echo(&active, b"still here");
    assert_eq!(server.stats().active(), 1);
}

#[test]
fn a_reset_at_any_moment_affects_no_other_client() {
    in_two_modes(|mode| {
        let server = TestServer::echo(ServerOptions {
            high_water: 64 * KIB,
            low_water: 16 * KIB,
            ..mode.options()
        });
        let steady = server.connect();
        let mut dice = Dice::new(1);
        let message = noise(MIB, 1);
        for _ in 0..100 {
            let client = server.connect_small();
            match dice.below(5) {
                0 => {}
                1 => {
                    send_some(&client, &message[..1 + dice.below(2000)]);
                }
                // The server is left with output that no client will read.
                2 => {
                    send_some(&client, &message);
                }
                3 => {
                    send_some(&client, &message);
                    let _ = (&client).read(&mut [0; 100]);
                }
                _ => {
                    send_some(&client, &message[..10_000]);
                    half_close(&client);
                }
            }
            // Without this, the server may see the client and its RST in one batch.
            if dice.below(2) == 0 {
                assert_echo(&steady, b"one thing after the other");
            }
            reset(client);
        }
        assert_echo(&steady, &noise(MIB, 2));
        let stats = server.wait_until(|stats| stats.active() == 1);
        assert_eq!(stats.accepted, 101);
        assert_eq!(stats.accept_errors, 0);
        assert_eq!(stats.closed_by_peer + stats.closed_failed, 100);
        assert_eq!(stats.callback_panics, 0);
    });
}

#[test]
fn a_client_that_never_stops_sending_delays_no_other_client() {
    const CLIENTS: usize = 50;
    const ROUNDS: usize = 20;
    for mode in [Mode::new(0, false), Mode::new(0, true), Mode::new(1, true)] {
        in_mode(mode, |mode| {
            let server = TestServer::echo(mode.options());
            let flood = server.connect();
            let is_over = Flag::default();
            thread::scope(|scope| {
                let _end = is_over.raise_at_the_end();
                scope.spawn(|| write_until(&flood, &is_over));
                scope.spawn(|| {
                    let mut piece = vec![0; 256 * KIB];
                    while (&flood).read(&mut piece).expect("an endless echo") > 0 {}
                });
                server.wait_until(|stats| stats.bytes_out > MIB as u64);
                let clients: Vec<_> = (0..CLIENTS).map(|_| server.connect()).collect();
                for round in 0..ROUNDS {
                    let message = [u8::try_from(round).expect("a small number"); 64];
                    for mut client in &clients {
                        client.write_all(&message).expect("it is sent");
                    }
                    let before = server.stats().bytes_in;
                    for mut client in &clients {
                        let mut reply = [0; 64];
                        client
                            .read_exact(&mut reply)
                            .expect("a turn for each client");
                        assert_eq!(reply, message);
                    }
                    // The client that never stops is served too.
                    server.wait_until(|stats| stats.bytes_in > before + MIB as u64);
                }
            });
        });
    }
}

fn write_until(mut flood: &TcpStream, is_over: &Flag) {
    let piece = noise(256 * KIB, 1);
    while !is_over.is_raised() {
        flood.write_all(&piece).expect("it is sent");
    }
    half_close(flood);
}

/// The clients' messages are there before the server looks.
#[test]
fn a_client_beyond_max_connections_gets_eof_and_no_rst() {
    in_all_modes(|mode| {
        let options = ServerOptions {
            max_connections: Some(3),
            ..mode.options()
        };
        let mut server = TestServer::start_paused("127.0.0.1:0", options, |server| {
            server.on_connect(echo);
        });
        let clients: Vec<_> = (0..10).map(|_| server.connect()).collect();
        for mut client in &clients {
            client.write_all(&[b'x'; 10_000]).expect("it is sent");
        }
        server.run();
        let (inside, outside) = clients.split_at(3);
        for mut client in inside {
            let mut reply = [0; 10_000];
            client.read_exact(&mut reply).expect("there was room");
        }
        for client in outside {
            assert!(read_to_end(client).is_empty());
        }
        let stats = server.stats();
        assert_eq!((stats.accepted, stats.active(), stats.rejected), (3, 3, 7));

        // One leaves, and another one may come.
        half_close(&inside[0]);
        assert!(read_to_end(&inside[0]).is_empty());
        server.wait_until(|stats| stats.active() == 2);
        assert_echo(&server.connect(), b"just in time");
        let stats = server.wait_until(|stats| stats.active() == 2);
        assert_eq!(stats.closed_by_peer, 2);
    });
}
