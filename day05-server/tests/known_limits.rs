//! What this day's programs and library cannot do: each known limit of `src/lib.rs`, shown.
//! A test stays here until the day that lifts its limit.

mod common;
mod server_support;

use std::fs::OpenOptions;
use std::io::{self, BufRead, BufReader, ErrorKind, PipeReader, PipeWriter, Read, Write};
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::process;
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use day05_server as reactor;

use common::{PATIENCE, SERVER, Server, assert_echo};
use server_support::{Mode, TestServer};

/// Nobody reads what the server says on stderr, and there is no room for more.
#[test]
fn a_complaint_that_nobody_reads_stops_the_loop() {
    let (stderr, writer) = full_pipe();
    let script = r#"exec "$0" 127.0.0.1:0 --prefix '' --quiet --threads 0 2>"$1""#;
    let server = Server::run("sh", &["-c", script, SERVER, &path_of(&writer)]);
    drop(writer);
    let client = server.connect();
    assert_echo(&client, b"hello");
    // Not even to replace one that it closes.
    server.program.limit_descriptors(0);
    let _newcomer = server.connect();
    let deadline = Instant::now() + PATIENCE;
    while is_answered(&client) {
        assert!(Instant::now() < deadline, "the loop goes on");
    }
    // As soon as somebody reads, it does.
    let mut lines = BufReader::new(stderr).lines().map_while(Result::ok);
    let complaint = lines.find(|line| !line.is_empty());
    assert!(complaint.is_some_and(|line| line.starts_with("accepting no clients")));
    (&client).read_exact(&mut [0]).expect("the answer");
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

/// A pipe in which there is no room.
fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, writer) = io::pipe().expect("a pipe");
    let mut options = OpenOptions::new();
    options.write(true).custom_flags(libc::O_NONBLOCK);
    let mut filler = options.open(path_of(&writer)).expect("our pipe");
    while filler.write(&[b'\n'; 4096]).is_ok() {}
    (reader, writer)
}

/// Where another process can open a descriptor of ours.
fn path_of(descriptor: &impl AsRawFd) -> String {
    format!("/proc/{}/fd/{}", process::id(), descriptor.as_raw_fd())
}
