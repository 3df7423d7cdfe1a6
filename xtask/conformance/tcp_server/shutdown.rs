//! How a server ends: politely, on time, and completely.

mod common;
mod server_support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Command, Stdio};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use day05_server as reactor;
use reactor::CloseReason;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use common::{Server, assert_echo, assert_same, noise, read_to_end};
use server_support::{
    TestServer, echo, guarded, in_all_modes, in_two_modes, read_to_any_end, widen,
};

const MIB: usize = 1024 * 1024;
const GRACE: Duration = Duration::from_secs(20);

/// The kernel has told these clients that they are connected: they have a right to an
/// answer, although the server is stopped before it has accepted the first of them.
#[test]
fn clients_in_the_queue_are_still_served() {
    in_all_modes(|mode| {
        let mut server =
            TestServer::start_asleep("127.0.0.1:0", mode.options(), |s| s.on_connect(echo));
        let clients: Vec<_> = (0..100).map(|_| server.connect()).collect();
        for mut client in &clients {
            client.write_all(b"am I too late?").expect("it is sent");
        }
        server.handle.stop(GRACE);
        server.wake();
        for client in clients {
            assert_eq!(read_to_end(&client), b"am I too late?");
        }
        server.wait_for_end();
        let stats = server.stats();
        assert_eq!((stats.accepted, stats.active()), (100, 0));
        assert!(TcpStream::connect(server.addr).is_err());
    });
}

#[test]
fn replies_under_way_arrive_and_nothing_new_begins() {
    in_two_modes(|mode| {
        let reply = Arc::new(noise(16 * MIB, 1));
        let sent = Arc::clone(&reply);
        let mut server = TestServer::start(mode.options(), move |server| {
            server.on_connect(move |conn| {
                if conn.read() > 0 {
                    conn.set_send_buf(&*sent);
                    conn.write();
                }
            });
        });
        let (client, idle) = (server.connect_small(), server.connect());
        (&client).write_all(b"?").expect("it is sent");
        server.wait_until(|stats| stats.bytes_out > 0 && stats.accepted == 2);
        server.handle.stop(GRACE);
        assert!(read_to_end(&idle).is_empty());
        assert!(TcpStream::connect(server.addr).is_err());
        // A request that comes when the server is leaving is not begun any more.
        let _ = (&client).write_all(b"?");
        widen(&client);
        assert_same(&read_to_end(&client)[..reply.len()], &reply);
        drop((client, idle));
        server.wait_for_end();
        assert_eq!(server.stats().closed(CloseReason::Stopped), 2);
    });
}

#[test]
fn who_does_not_take_his_reply_in_time_is_cut_off() {
    in_two_modes(|mode| {
        let server = TestServer::echo(mode.options());
        let slow = server.connect_small();
        let message = noise(16 * MIB, 1);
        let sent = server.flood(&slow, &message);
        assert!(sent < message.len(), "the server has taken everything");
        let stats = server.stop(Duration::from_millis(50));
        assert_eq!(stats.closed(CloseReason::Stopped), 1);
        assert_eq!(stats.bytes_in, stats.bytes_out + stats.bytes_discarded);
        widen(&slow);
        let received = read_to_any_end(&slow);
        assert_same(&received, &message[..received.len()]);
    });
}

#[test]
fn stopping_is_possible_from_anywhere_and_more_than_once() {
    in_all_modes(|mode| {
        let mut server = TestServer::echo(mode.options());
        let client = server.connect();
        assert_echo(&client, b"hello");
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| server.handle.stop(GRACE));
            }
        });
        assert!(read_to_end(&client).is_empty());
        drop(client);
        server.wait_for_end();
        server.handle.stop(GRACE);
        assert_eq!(server.stats().active(), 0);

        // A server that has not begun to run is stopped as soon as it does.
        let mut server =
            TestServer::start_asleep("127.0.0.1:0", mode.options(), |s| s.on_connect(echo));
        server.handle.stop(Duration::ZERO);
        server.handle.stop(Duration::MAX);
        server.wake();
        server.wait_for_end();
    });
}

/// Each client asks and waits for the answer, again and again. Wherever the signal finds
/// them, no answer is cut in the middle and none is followed by a reset.
#[test]
fn a_signal_under_load_cuts_no_reply() {
    const CLIENTS: usize = 20;
    const REQUEST: usize = 1000;
    for threads in ["0", "1", "3"] {
        let server = Server::start(&["--prefix", "", "--quiet", "--threads", threads]);
        let requests = noise(REQUEST, 1);
        thread::scope(|scope| {
            let ready = Arc::new(Barrier::new(CLIENTS + 1));
            for _ in 0..CLIENTS {
                let (client, ready) = (guarded(server.connect()), Arc::clone(&ready));
                let requests = &requests;
                scope.spawn(move || {
                    assert_echo(&client, requests);
                    ready.wait();
                    let mut replies = Vec::new();
                    for number in 1_usize.. {
                        let sent = (&client).write_all(requests);
                        let wanted = number * REQUEST;
                        while replies.len() < wanted {
                            let mut piece = [0; 4096];
                            let count = (&client).read(&mut piece).expect("an end and no reset");
                            if count == 0 {
                                assert_eq!(replies.len() % REQUEST, 0, "a reply is cut");
                                let expected = requests.repeat(replies.len() / REQUEST);
                                assert_same(&replies, &expected);
                                return;
                            }
                            replies.extend(&piece[..count]);
                        }
                        // Who got a reply has asked for it.
                        sent.expect("it was sent");
                    }
                });
            }
            ready.wait();
            server.program.signal(libc::SIGTERM);
        });
        let ended = server.program.end();
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    }
}

/// The server prints what it gets, and nobody reads that: its callbacks wait for ever.
/// It still ends, without the thread that is stuck.
#[test]
fn a_second_signal_ends_even_a_server_whose_callbacks_hang() {
    let mut child = Command::new(common::SERVER)
        .args(["127.0.0.1:0", "--threads", "2"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("a server");
    let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    stdout.read_line(&mut line).expect("a first line");
    let addr = line.trim_end().strip_prefix("listening on ");
    let addr = addr.expect("an address");
    let client = guarded(TcpStream::connect(addr).expect("it listens"));
    // More than the pipe holds.
    (&client).write_all(&vec![b'x'; MIB]).expect("it is sent");
    client.shutdown(Shutdown::Write).expect("still connected");
    let pid = Pid::from_raw(child.id().cast_signed());
    kill(pid, Signal::SIGTERM).expect("it runs");
    // Two signals of a kind that come together are one.
    while TcpStream::connect(addr).is_ok() {
        thread::yield_now();
    }
    kill(pid, Signal::SIGTERM).expect("it runs");
    let status = child.wait().expect("it ends");
    assert!(status.success(), "{status}");
    drop(stdout);
}
