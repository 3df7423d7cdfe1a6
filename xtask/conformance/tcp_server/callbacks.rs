//! What callbacks and handles may do, and what it means for other connections.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::panic;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::thread;
use std::time::Duration;

use conformance::{
    MIB, TIMEOUT, assert_echo, assert_same, half_close, noise, read_to_any_end, read_to_end, reset,
    wait_until, widen,
};

use super::support::{Mode, TestServer, echo, in_all_modes, in_mode};
use crate::reactor::{
    ConnHandle, Connection, InetAddr, LoopHandle, ServerHandle, ServerOptions, State,
};

const GRACE: Duration = Duration::from_secs(20);

/// As a panic, but without the message on stderr, which would look like a failure.
fn panic_quietly() {
    panic::resume_unwind(Box::new("as the test has asked for"));
}

#[test]
fn a_panic_in_a_callback_costs_its_own_connection_only() {
    in_all_modes(|mode| {
        let server = TestServer::start(mode.options(), |server| {
            server.on_connect(|conn| {
                conn.read();
                let text = conn.read_buf();
                // The borrowed text and what is to be sent are left as they are.
                conn.set_send_buf(&text);
                if text.starts_with(b"panic") {
                    panic_quietly();
                }
                drop(text);
                conn.write();
            });
        });
        let others = [server.connect(), server.connect(), server.connect()];
        for round in 1..=4 {
            let victim = server.connect();
            assert_echo(&victim, b"hello");
            (&victim).write_all(b"panic").expect("it is sent");
            assert!(read_to_any_end(&victim).is_empty());
            for other in &others {
                assert_echo(other, b"still here");
            }
            let stats = server.wait_until(|stats| stats.active() == 3);
            assert_eq!(stats.callback_panics, round);
            assert_eq!(stats.closed_panicked, round);
        }
    });
}

#[test]
fn a_panic_in_on_open_or_at_the_end_costs_its_own_connection_only() {
    in_all_modes(|mode| {
        let opened = Arc::new(AtomicUsize::new(0));
        let server = TestServer::start(mode.options(), move |server| {
            server.on_open(move |_| {
                if opened.fetch_add(1, Ordering::Relaxed) == 0 {
                    panic_quietly();
                }
            });
            server.on_connect(|conn| {
                conn.read();
                if conn.state() == State::Closed {
                    panic_quietly();
                }
                conn.set_send_buf(conn.read_buf());
                conn.write();
            });
        });
        assert!(read_to_any_end(&server.connect()).is_empty());
        let stats = server.wait_until(|stats| stats.active() == 0);
        assert_eq!(stats.callback_panics, 1);

        let client = server.connect();
        assert_echo(&client, b"hello");
        half_close(&client);
        assert!(read_to_any_end(&client).is_empty());
        reset(server.connect());
        server.wait_until(|stats| stats.active() == 0 && stats.callback_panics == 3);
        assert_echo(&server.connect(), b"still here");
    });
}

/// The reply is larger than all buffers on the way, and what the client goes on sending
/// is never read by the callback: closing at once would destroy the reply.
#[test]
fn a_close_with_unread_input_delivers_the_whole_reply() {
    in_all_modes(|mode| {
        let reply = Arc::new(noise(8 * MIB, 1));
        let sent = Arc::clone(&reply);
        let server = TestServer::start(mode.options(), move |server| {
            server.on_connect(move |conn| {
                conn.read();
                conn.set_send_buf(&*sent);
                conn.write();
                conn.close();
                // The connection is closing: these calls do nothing.
                conn.close();
                conn.shutdown();
            });
        });
        let client = server.connect_small();
        let received = thread::scope(|scope| {
            scope.spawn(|| {
                // The connection may end before all of this is sent.
                let _ = (&client).write_all(&noise(4 * MIB, 2));
            });
            server.wait_until(|stats| stats.bytes_out > 0);
            widen(&client);
            read_to_end(&client)
        });
        assert_same(&received, &reply);
        drop(client);
        let stats = server.wait_until(|stats| stats.active() == 0);
        assert_eq!(stats.closed_by_server, 1);
    });
}

#[test]
fn bytes_written_after_a_close_are_discarded_and_counted() {
    in_all_modes(|mode| {
        let server = TestServer::start(mode.options(), |server| {
            server.on_connect(|conn| {
                conn.read();
                conn.shutdown();
                conn.set_send_buf(b"before the end");
                conn.write();
                conn.close();
            });
            server.on_open(|conn| {
                conn.set_send_buf(b"hello, ");
                conn.write();
            });
        });
        let client = server.connect();
        (&client).write_all(b"!").expect("it is sent");
        let received = read_to_end(&client);
        drop(client);
        let stats = server.wait_until(|stats| stats.active() == 0);
        let received = u64::try_from(received.len()).expect("a few bytes");
        assert_eq!(stats.bytes_out, received);
        assert_eq!(stats.bytes_out + stats.bytes_discarded, 7 + 14);
    });
}

#[test]
fn a_connection_still_reads_after_its_shutdown() {
    in_all_modes(|mode| {
        let server = TestServer::start(mode.options(), |server| {
            server.on_connect(|conn| {
                conn.read();
                if conn.state() == State::Closed {
                    return conn.close();
                }
                conn.set_send_buf(b"goodbye");
                conn.write();
                conn.shutdown();
            });
        });
        let client = server.connect();
        (&client).write_all(b"1").expect("it is sent");
        assert_eq!(read_to_end(&client), b"goodbye");
        (&client).write_all(&noise(4 * MIB, 1)).expect("it is sent");
        server.wait_until(|stats| stats.bytes_in == 1 + 4 * MIB as u64);
        half_close(&client);
        let stats = server.wait_until(|stats| stats.active() == 0);
        assert_eq!(stats.closed_by_peer, 1);
    });
}

#[test]
fn a_callback_may_quit_the_main_loop() {
    in_all_modes(|mode| {
        let handle = Arc::new(OnceLock::<LoopHandle>::new());
        let in_callback = Arc::clone(&handle);
        let mut server = TestServer::start(mode.options(), move |server| {
            server.on_connect(move |conn| {
                echo(conn);
                let _ = in_callback.get().expect("it is set").quit();
            });
        });
        assert!(handle.set(server.event_loop.clone()).is_ok());
        let client = server.connect();
        (&client).write_all(b"quit").expect("it is sent");
        server.wait_for_end();
        assert_eq!(read_to_any_end(&client), b"quit");
        assert_eq!(server.stats().active(), 0);
    });
}

#[test]
fn a_callback_may_stop_the_server_and_its_reply_arrives() {
    in_all_modes(|mode| {
        let handle = Arc::new(OnceLock::<ServerHandle>::new());
        let in_callback = Arc::clone(&handle);
        let mut server = TestServer::start(mode.options(), move |server| {
            server.on_connect(move |conn| {
                let handle = in_callback.get().expect("it is set");
                conn.read();
                if conn.read_buf().starts_with(b"stop") {
                    let _ = handle.stop(GRACE);
                    let _ = handle.stop(Duration::ZERO);
                }
                conn.set_send_buf(conn.read_buf());
                conn.write();
            });
        });
        assert!(handle.set(server.handle.clone()).is_ok());
        let (client, other) = (server.connect(), server.connect());
        assert_echo(&other, b"hello");
        (&client).write_all(b"stop").expect("it is sent");
        assert_eq!(read_to_end(&client), b"stop");
        assert!(read_to_end(&other).is_empty());
        drop((client, other));
        server.wait_for_end();
        assert_eq!(server.stats().closed_stopped, 2);
    });
}

/// The connections that are open, by address.
type Room = Arc<Mutex<HashMap<InetAddr, ConnHandle>>>;

#[test]
fn a_callback_may_send_to_all_others_and_close_them() {
    in_all_modes(|mode| {
        let room = Room::default();
        let entered = Arc::clone(&room);
        let server = TestServer::start(mode.options(), move |server| {
            let in_callback = Arc::clone(&entered);
            server.on_open(move |conn| {
                let mut room = entered.lock().expect("no panic");
                room.insert(conn.peer_addr(), conn.handle());
            });
            server.on_connect(move |conn| talk(conn, &in_callback));
        });
        let clients: Vec<_> = (0..8).map(|_| server.connect()).collect();
        server.wait_until(|stats| stats.accepted == 8);
        wait_for_members(&room, 8);
        for mut speaker in &clients {
            speaker.write_all(b"word").expect("it is sent");
            for mut client in &clients {
                let mut copy = [0; 4];
                client.read_exact(&mut copy).expect("a copy for each");
                assert_eq!(&copy, b"word");
            }
        }
        (&clients[0]).write_all(b"!").expect("it is sent");
        for client in &clients {
            assert!(read_to_end(client).is_empty());
        }
        drop(clients);
        let stats = server.wait_until(|stats| stats.active() == 0);
        assert_eq!(stats.closed_by_server, 8);
        wait_for_members(&room, 0);
    });
}

/// Sends what one client has sent to all; after a `!` closes all connections.
fn talk(conn: &Connection, room: &Room) {
    conn.read();
    let mut room = room.lock().expect("no panic");
    if conn.state() == State::Closed {
        room.remove(&conn.peer_addr());
        return conn.close();
    }
    let words: Arc<[u8]> = Arc::from(&*conn.read_buf());
    for handle in room.values() {
        if words.starts_with(b"!") {
            let _ = handle.close();
            let _ = handle.shutdown();
            let _ = handle.close();
        } else {
            let _ = handle.send(Arc::clone(&words));
        }
    }
}

#[track_caller]
fn wait_for_members(room: &Room, count: usize) {
    wait_until("the room has as many members", || {
        room.lock().expect("no panic").len() == count
    });
}

#[test]
fn a_handle_may_outlive_its_connection_and_its_server() {
    in_all_modes(|mode| {
        let handles = Arc::new(Mutex::new(Vec::<ConnHandle>::new()));
        let opened = Arc::clone(&handles);
        let server = TestServer::start(mode.options(), move |server| {
            server.on_connect(echo);
            server.on_open(move |conn| opened.lock().expect("no panic").push(conn.handle()));
        });
        assert_echo(&server.connect(), b"hello");
        server.wait_until(|stats| stats.active() == 0);
        // Another connection takes the slot of the first.
        let second = server.connect();
        assert_echo(&second, b"hello");

        let handles = handles.lock().expect("no panic").clone();
        let bytes = Arc::<[u8]>::from(noise(1000, 1));
        let _ = handles[0].send(Arc::clone(&bytes));
        let _ = handles[0].shutdown();
        let _ = handles[0].close();
        server.wait_until(|stats| stats.bytes_discarded == 1000);
        assert_echo(&second, b"and nothing else");

        let _ = handles[1].send(Arc::clone(&bytes));
        let mut received = vec![0; 1000];
        (&second).read_exact(&mut received).expect("it is sent");
        assert_same(&received, &bytes);
        drop(second);
        server.stop(GRACE);
        for handle in &handles {
            let _ = handle.send(Arc::clone(&bytes));
            let _ = handle.shutdown();
            let _ = handle.close();
        }
        assert_eq!(Arc::strong_count(&bytes), 1, "it is still kept");
    });
}

#[test]
fn messages_from_several_threads_keep_the_order_of_each_thread() {
    const SENDERS: usize = 8;
    const SENDS: u32 = 100_000;
    in_mode(Mode::new(1, false), |mode| {
        let (sender, opened) = mpsc::channel();
        let options = ServerOptions {
            high_water: usize::MAX,
            ..mode.options()
        };
        let server = TestServer::start(options, move |server| {
            let sender = Mutex::new(sender);
            server.on_open(move |conn| {
                let sender = sender.lock().expect("no panic");
                sender.send(conn.handle()).expect("the test waits");
            });
        });
        let client = server.connect();
        let handle = opened.recv_timeout(TIMEOUT).expect("a client");
        thread::scope(|scope| {
            for sender in 0..SENDERS {
                let handle = handle.clone();
                scope.spawn(move || {
                    for number in 0..SENDS {
                        let name = u32::try_from(sender).expect("a few senders") << 24;
                        let _ = handle.send((name | number).to_le_bytes());
                    }
                });
            }
            let mut next = [0; SENDERS];
            let mut reader = std::io::BufReader::new(&client);
            let mut word = [0; 4];
            for _ in 0..SENDERS * SENDS as usize {
                reader.read_exact(&mut word).expect("all arrive");
                let word = u32::from_le_bytes(word);
                let (sender, number) = ((word >> 24) as usize, word & 0x00ff_ffff);
                assert_eq!(number, next[sender], "of sender {sender}");
                next[sender] += 1;
            }
            assert_eq!(next, [SENDS; SENDERS]);
        });
    });
}

#[test]
fn the_end_of_a_connection_is_reported_once() {
    in_all_modes(|mode| {
        let (server, ends) = count_ends(mode.options());
        // By the client, with a FIN, an RST, and an RST while a reply is under way.
        drop(server.connect());
        half_close(&server.connect());
        reset(server.connect());
        let client = server.connect_small();
        (&client).write_all(&noise(MIB, 1)).expect("it is sent");
        reset(client);
        server.wait_until(|stats| stats.accepted == 4 && stats.active() == 0);
        assert_eq!(ends.load(Ordering::Relaxed), 4);

        // With the loop.
        let mut server = server;
        let last = server.connect();
        server.wait_until(|stats| stats.active() == 1);
        let _ = server.event_loop.quit();
        server.wait_for_end();
        assert!(read_to_any_end(&last).is_empty());
        assert_eq!(ends.load(Ordering::Relaxed), 5);
        assert_eq!(server.stats().active(), 0);

        // By the idle timeout.
        let (server, ends) = count_ends(ServerOptions {
            idle_timeout: Some(Duration::from_millis(100)),
            ..mode.options()
        });
        assert!(read_to_end(&server.connect()).is_empty());
        let stats = server.wait_until(|stats| stats.accepted == 1 && stats.active() == 0);
        assert_eq!(stats.closed_idle, 1);
        assert_eq!(ends.load(Ordering::Relaxed), 1);
    });
}

/// An echo server, and how many connections its callback has seen end.
fn count_ends(options: ServerOptions) -> (TestServer, Arc<AtomicU64>) {
    let ends = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&ends);
    let server = TestServer::start(options, move |server| {
        server.on_connect(move |conn| {
            conn.read();
            if conn.state() == State::Closed {
                counted.fetch_add(1, Ordering::Relaxed);
                return;
            }
            conn.set_send_buf(conn.read_buf());
            conn.write();
        });
    });
    (server, ends)
}
