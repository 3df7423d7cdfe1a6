//! What a server leaves behind: nothing. The descriptors and threads of this process are
//! counted, which is why there is one test at a time.

mod common;
mod server_support;

use std::fs;
use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use day05_server as reactor;
use reactor::{ConnHandle, EventLoop, TcpServer};

use common::{PATIENCE, assert_echo, noise, read_to_end};
use server_support::{MODES, Mode, TestServer, echo, in_mode, read_to_any_end};

fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many descriptors this process has, and how many threads that serve connections:
/// the others are the test harness's. A thread that has been joined may still be there for
/// a moment.
fn possessions() -> (usize, usize) {
    let descriptors = fs::read_dir("/proc/self/fd").expect("this process");
    let threads = fs::read_dir("/proc/self/task").expect("this process");
    let workers = threads.filter(|thread| {
        let path = thread.as_ref().expect("a thread").path().join("comm");
        // A thread that has just ended has no name any more.
        fs::read_to_string(path).is_ok_and(|name| name.starts_with("worker-"))
    });
    (descriptors.count(), workers.count())
}

#[track_caller]
fn wait_for(expected: (usize, usize)) {
    let deadline = Instant::now() + PATIENCE;
    while possessions() != expected {
        assert!(
            Instant::now() < deadline,
            "{:?} descriptors and threads instead of {expected:?}",
            possessions()
        );
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn fifty_starts_and_stops_leave_nothing_behind() {
    let _alone = alone();
    // The test harness has opened by now what it opens.
    let before = possessions();
    for round in 0..50 {
        in_mode(MODES[round % MODES.len()], |mode| {
            let server = TestServer::echo(mode.options());
            let clients = [server.connect(), server.connect(), server.connect()];
            for client in &clients {
                assert_echo(client, b"hello");
            }
            if round % 2 == 0 {
                server.handle.stop(Duration::from_secs(20));
                assert!(clients.iter().all(|client| read_to_end(client).is_empty()));
            } else {
                server.event_loop.quit();
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

/// The same on a loop that goes on meanwhile, with handles that are never given up.
#[test]
fn servers_that_come_and_go_on_one_loop_leave_nothing_behind() {
    let _alone = alone();
    let event_loop = EventLoop::new().expect("a loop");
    let before = possessions();
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

/// The callback of one of three loops never returns. The server ends all the same, and
/// the other threads with it.
#[test]
fn a_callback_that_never_returns_is_left_behind() {
    let _alone = alone();
    let (_, before) = possessions();
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
    let deadline = Instant::now() + PATIENCE;
    while possessions().1 != before + 1 {
        assert!(Instant::now() < deadline, "{:?}", possessions());
        thread::sleep(Duration::from_millis(1));
    }
    // What is said to the one that hangs is heard when it returns, and goes nowhere.
    for handle in handles.into_iter().flatten() {
        handle.send(noise(10, 1));
    }
    drop(release);
    assert!(read_to_any_end(&clients[0]).is_empty());
    let deadline = Instant::now() + PATIENCE;
    while possessions().1 != before {
        assert!(Instant::now() < deadline, "{:?}", possessions());
        thread::sleep(Duration::from_millis(1));
    }
    let _ = (&clients[0]).write(b"?");
}
