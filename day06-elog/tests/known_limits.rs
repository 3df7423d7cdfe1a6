//! What this day's programs and library cannot do: each known limit of `src/lib.rs`, shown.
//! A test stays here until the day that lifts its limit.

mod common;
mod server_support;

use std::cell::Cell;
use std::fmt;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::{self, Command, Stdio};
use std::sync::{Mutex, mpsc};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use day06_elog as reactor;
use reactor::elog::Elog;
use reactor::info;

use common::{PATIENCE, SERVER, assert_echo, fill};
use server_support::{Mode, TestServer};

/// Were it the thread that writes, this text could not even borrow.
#[test]
fn a_line_is_formatted_by_whoever_logs_it() {
    struct Text<'a>(&'a Cell<Option<ThreadId>>);
    impl fmt::Display for Text<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.set(Some(thread::current().id()));
            f.write_str("hello")
        }
    }
    let dir = tempfile::tempdir().expect("a directory");
    let log = Elog::builder(dir.path().join("log"))
        .build()
        .expect("a log");
    let formatted_by = Cell::new(None);
    info!(logger: log.logger(), "{}", Text(&formatted_by));
    assert_eq!(formatted_by.get(), Some(thread::current().id()));
}

/// They are the program's output, and no matter for the log.
#[test]
fn messages_that_nobody_reads_stop_the_loop() {
    let args = ["127.0.0.1:0", "--prefix", "", "--threads", "0"];
    let server = Command::new(SERVER)
        .args(args)
        .stdout(Stdio::piped())
        .spawn();
    let mut server = Child(server.expect("a server"));
    let mut stdout = BufReader::new(server.0.stdout.take().expect("a pipe"));
    let mut line = String::new();
    stdout.read_line(&mut line).expect("a first line");
    let addr = line
        .trim_end()
        .strip_prefix("listening on ")
        .expect("an address");
    let connect = || TcpStream::connect(addr).expect("it listens");
    let (talker, client) = (connect(), connect());
    let deadline = Instant::now() + PATIENCE;
    while is_answered(&client) {
        assert!(Instant::now() < deadline, "the loop goes on");
        fill(&talker, &[b'x'; 64 * 1024]);
    }
    // As soon as somebody reads, it does.
    thread::scope(|scope| {
        scope.spawn(|| io::copy(&mut stdout, &mut io::sink()).expect("text and its end"));
        (&client).read_exact(&mut [0]).expect("the answer");
        drop(server);
    });
}

/// A program that ends with its test.
struct Child(process::Child);

impl Drop for Child {
    fn drop(&mut self) {
        // It has not ended by itself, and whoever fails here has failed already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_callback_that_waits_holds_up_its_whole_loop() {
    let (go, gone) = mpsc::channel();
    let gone = Mutex::new(gone);
    let server = TestServer::start(Mode::new(1, false).options(), |server| {
        server.on_connect(move |conn| {
            conn.read();
            if conn.read_buf().starts_with(b"wait") {
                let gone = gone.lock().expect("nobody has panicked");
                gone.recv_timeout(PATIENCE).expect("an end of the wait");
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

/// They are dealt out in turn, and stay on their loop, whatever load they bring: here one
/// thread serves two clients in the end, and the other none.
#[test]
fn connections_do_not_move() {
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

/// Whether a client gets an answer within half a second.
fn is_answered(mut client: &TcpStream) -> bool {
    let half_a_second = Some(Duration::from_millis(500));
    client.set_read_timeout(half_a_second).expect("a timeout");
    client.write_all(b"?").expect("it is sent");
    let answer = client.read(&mut [0]);
    client.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    match answer {
        Ok(count) => count > 0,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}");
            false
        }
    }
}
