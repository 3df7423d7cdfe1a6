//! A server leaves no descriptor and no thread behind. These tests count the process's own,
//! so that they run one at a time and in a program of their own.

use std::fs;
use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use conformance::{assert_echo, noise, read_to_any_end, read_to_end, wait_until};

use super::support::{MODES, Mode, TestServer, echo, in_mode};
use crate::reactor::{ConnHandle, EventLoop, TcpServer};

fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many descriptors this process has, and how many threads that serve connections:
/// the others are the test harness's. A thread that has been joined may still be there for
/// a moment.
fn owned() -> (usize, usize) {
    let descriptors = fs::read_dir("/proc/self/fd").expect("this process");
    let threads = fs::read_dir("/proc/self/task").expect("this process");
    let workers = threads.filter(|thread| {
        let path = thread.as_ref().expect("a thread").path().join("comm");
        // A thread that has just ended has no name any more.
        fs::read_to_string(path).is_ok_and(|name| name.starts_with("worker-"))
    });
    (descriptors.count(), workers.count())
}

/// Waits until this process owns so many descriptors and threads.
#[track_caller]
fn wait_for(expected: (usize, usize)) {
    wait_until(&format!("there are {expected:?}"), || owned() == expected);
}

#[track_caller]
fn wait_for_threads(expected: usize) {
    wait_until(&format!("there are {expected} threads"), || {
        owned().1 == expected
    });
}

#[test]
fn fifty_starts_and_stops_leave_nothing_behind() {
    let _alone = alone();
    // The test harness has opened by now what it opens.
    let before = owned();
    for round in 0..50 {
        in_mode(MODES[round % MODES.len()], |mode| {
            let server = TestServer::echo(mode.options());
            let clients = [server.connect(), server.connect(), server.connect()];
            for client in &clients {
                assert_echo(client, b"hello");
            }
            if round % 2 == 0 {
                let _ = server.handle.stop(Duration::from_secs(20));
                assert!(clients.iter().all(|client| read_to_end(client).is_empty()));
            } else {
                let _ = server.event_loop.quit();
                assert!(
                    clients
                        .iter()
                        .all(|client| read_to_any_end(client).is_empty())
                );
            }
        });
        wait_for(before);
    }
}

#[test]
fn fifty_servers_on_one_loop_leave_nothing_behind() {
    let _alone = alone();
    let event_loop = EventLoop::new().expect("a loop");
    let before = owned();
    for round in 0..50 {
        in_mode(MODES[round % MODES.len()], |mode| {
            let mut server =
                TcpServer::new(&event_loop, "127.0.0.1:0".parse().expect("an address"));
            server.set_options(mode.options());
            server.on_connect(echo);
            let handle = server.start().expect("a server");
            // It cannot be started twice, and its address is its own.
            assert!(server.start().is_err());
            let mut second = TcpServer::new(&event_loop, handle.local_addr());
            second.set_options(mode.options());
            assert!(second.start().is_err());
            drop(second);
            drop(server);
            drop(handle);
        });
        wait_for(before);
    }
}

/// The callback of one of three loops never returns: only this thread is left.
#[test]
fn a_callback_that_never_returns_does_not_stop_the_server_from_ending() {
    let _alone = alone();
    let (_, before) = owned();
    assert_eq!(before, 0);
    let (release, released) = mpsc::channel::<()>();
    let (open, opened) = mpsc::channel::<ConnHandle>();
    let released = Mutex::new(released);
    let open = Mutex::new(open);
    let server = TestServer::start(Mode::new(3, false).options(), move |server| {
        server.on_open(move |conn| {
            let open = open.lock().expect("no panic");
            open.send(conn.handle()).expect("the test waits");
        });
        server.on_connect(move |conn| {
            echo(conn);
            if conn.read_buf().starts_with(b"hang") {
                // As good as never.
                let _ = released.lock().expect("no panic").recv();
            }
        });
    });
    let clients = [server.connect(), server.connect(), server.connect()];
    let handles: Vec<_> = clients.iter().map(|_| opened.recv()).collect();
    assert_echo(&clients[0], b"hang");
    for client in &clients[1..] {
        assert_echo(client, b"hello");
    }
    let stats = server.stop(Duration::from_millis(50));
    for client in &clients[1..] {
        assert!(read_to_any_end(client).is_empty());
    }
    assert_eq!(stats.accepted, 3);
    wait_for_threads(before + 1);
    // Messages to the connection that hangs are discarded when its callback returns.
    for handle in handles.into_iter().flatten() {
        let _ = handle.send(noise(10, 1));
    }
    drop(release);
    assert!(read_to_any_end(&clients[0]).is_empty());
    wait_for_threads(before);
    let _ = (&clients[0]).write(b"?");
}
