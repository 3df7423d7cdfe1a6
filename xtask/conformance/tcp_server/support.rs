//! Servers made for one test, each with its loop in a thread of its own.

#![allow(dead_code, reason = "each test file uses its own part of this")]

use std::fmt;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use socket2::SockRef;

use super::common::PATIENCE;
use super::reactor::{
    Connection, EventLoop, LoopHandle, ServerHandle, ServerOptions, State, Stats, TcpServer,
};

/// One read brings no more than this.
pub(crate) const ONE_READ: usize = 256 * 1024;

/// What a server's user may choose, and what its clients must not notice.
#[derive(Clone, Copy)]
pub(crate) struct Mode {
    pub(crate) threads: usize,
    pub(crate) edge_triggered: bool,
}

pub(crate) const MODES: [Mode; 6] = [
    Mode::new(0, false),
    Mode::new(1, false),
    Mode::new(3, false),
    Mode::new(0, true),
    Mode::new(1, true),
    Mode::new(3, true),
];

impl Mode {
    pub(crate) const fn new(threads: usize, edge_triggered: bool) -> Self {
        Self {
            threads,
            edge_triggered,
        }
    }

    pub(crate) fn options(self) -> ServerOptions {
        ServerOptions {
            thread_num: Some(self.threads),
            edge_triggered: self.edge_triggered,
            ..ServerOptions::default()
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let trigger = if self.edge_triggered { "edge" } else { "level" };
        write!(f, "{} threads, {trigger}-triggered", self.threads)
    }
}

/// For tests that take long: the modes that differ most.
pub(crate) fn in_two_modes(test: impl Fn(Mode)) {
    in_mode(MODES[0], &test);
    in_mode(MODES[5], &test);
}

/// Runs a test in every mode. One that fails says in which.
pub(crate) fn in_all_modes(test: impl Fn(Mode)) {
    for mode in MODES {
        in_mode(mode, &test);
    }
}

pub(crate) fn in_mode(mode: Mode, test: impl Fn(Mode)) {
    /// Speaks when a failed test unwinds past it.
    struct Note(Mode);
    impl Drop for Note {
        fn drop(&mut self) {
            if thread::panicking() {
                eprintln!("failed with {}", self.0);
            }
        }
    }
    let note = Note(mode);
    test(note.0);
}

/// A server that runs as long as this value lives.
pub(crate) struct TestServer {
    pub(crate) addr: SocketAddr,
    pub(crate) handle: ServerHandle,
    pub(crate) event_loop: LoopHandle,
    go: Option<Sender<()>>,
    ended: Mutex<Receiver<()>>,
    thread: Option<JoinHandle<()>>,
}

impl TestServer {
    /// The callback of the lesson, with these options.
    #[track_caller]
    pub(crate) fn echo(options: ServerOptions) -> Self {
        Self::start(options, |server| server.on_connect(echo))
    }

    #[track_caller]
    pub(crate) fn start(
        options: ServerOptions,
        set_up: impl FnOnce(&mut TcpServer) + Send + 'static,
    ) -> Self {
        let mut server = Self::start_asleep("127.0.0.1:0", options, set_up);
        server.wake();
        server
    }

    #[track_caller]
    pub(crate) fn start_at(addr: &str, options: ServerOptions) -> Self {
        let mut server = Self::start_asleep(addr, options, |server| server.on_connect(echo));
        server.wake();
        server
    }

    /// A server that listens, and whose loop does not run before it is
    /// [woken](Self::wake).
    #[track_caller]
    pub(crate) fn start_asleep(
        addr: &str,
        options: ServerOptions,
        set_up: impl FnOnce(&mut TcpServer) + Send + 'static,
    ) -> Self {
        let addr = addr.parse().expect("an address");
        let (started, start) = mpsc::channel();
        let (go, gone) = mpsc::channel();
        let (end, ended) = mpsc::channel();
        let thread = thread::spawn(move || {
            // Dropped when the thread ends, however it ends.
            let _end: Sender<()> = end;
            let event_loop = EventLoop::new().expect("a loop");
            let mut server = TcpServer::new(&event_loop, addr);
            server.set_options(options);
            set_up(&mut server);
            server.on_stop(|event_loop| event_loop.quit());
            let handle = server.start().expect("a server");
            let _ = started.send((handle, event_loop.handle()));
            // The test may have failed meanwhile: then there is nothing to run for.
            if gone.recv().is_ok() {
                event_loop.run().expect("a loop that goes on");
            }
        });
        let (handle, event_loop) = start.recv_timeout(PATIENCE).expect("the server starts");
        Self {
            addr: handle.local_addr().into(),
            handle,
            event_loop,
            go: Some(go),
            ended: Mutex::new(ended),
            thread: Some(thread),
        }
    }

    pub(crate) fn wake(&mut self) {
        let go = self.go.take().expect("it has not been woken before");
        go.send(()).expect("it waits");
    }

    #[track_caller]
    pub(crate) fn connect(&self) -> TcpStream {
        guarded(TcpStream::connect(self.addr).expect("the server listens"))
    }

    /// A client with little room for replies: the server notices soon that they are not
    /// read.
    #[track_caller]
    pub(crate) fn connect_small(&self) -> TcpStream {
        let domain = socket2::Domain::for_address(self.addr);
        let socket = socket2::Socket::new(domain, socket2::Type::STREAM, None).expect("a socket");
        socket.set_recv_buffer_size(4096).expect("a small buffer");
        let connected = socket.connect(&self.addr.into());
        connected.expect("the server listens");
        guarded(socket.into())
    }

    pub(crate) fn stats(&self) -> Stats {
        self.handle.stats()
    }

    /// Waits until the server's numbers are as they should become.
    #[track_caller]
    pub(crate) fn wait_until(&self, condition: impl Fn(&Stats) -> bool) -> Stats {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let stats = self.stats();
            if condition(&stats) {
                return stats;
            }
            assert!(Instant::now() < deadline, "it stays at {stats}");
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Sends without reading, until the server has ceased to read: nothing moves any more.
    /// Returns how many bytes that was.
    #[track_caller]
    pub(crate) fn flood(&self, slow: &TcpStream, message: &[u8]) -> usize {
        let (mut sent, mut quiet) = (0, 0);
        let waiting = |stats: Stats| stats.bytes_in.abs_diff(stats.bytes_out);
        let mut before = waiting(self.stats());
        while sent < message.len() && quiet < 50 {
            let count = send_some(slow, &message[sent..]);
            sent += count;
            thread::sleep(Duration::from_millis(1));
            let now = waiting(self.stats());
            quiet = if count == 0 && now == before {
                quiet + 1
            } else {
                0
            };
            before = now;
        }
        sent
    }

    /// Stops the server and waits for its thread, and so for all it has started.
    #[track_caller]
    pub(crate) fn stop(mut self, grace: Duration) -> Stats {
        self.handle.stop(grace);
        self.wait_for_end();
        self.stats()
    }

    /// Waits until the server's thread has ended for another reason.
    #[track_caller]
    pub(crate) fn wait_for_end(&mut self) {
        drop(self.go.take());
        let ended = self.ended.get_mut().expect("nobody else waits");
        match ended.recv_timeout(PATIENCE) {
            Err(RecvTimeoutError::Disconnected) => {}
            _ => panic!("the server does not end; {}", self.stats()),
        }
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the server has not panicked");
        }
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if self.thread.is_none() {
            return;
        }
        self.handle.stop(Duration::ZERO);
        if thread::panicking() {
            // One message is enough, and a server that hangs must not hide it.
            return;
        }
        self.wait_for_end();
    }
}

/// The callback of the lesson.
pub(crate) fn echo(conn: &Connection) {
    conn.read();
    if conn.state() == State::Closed {
        conn.close();
        return;
    }
    conn.set_send_buf(conn.read_buf());
    conn.write();
}

/// A client that fails instead of waiting for ever.
pub(crate) fn guarded(stream: TcpStream) -> TcpStream {
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream.set_write_timeout(Some(PATIENCE)).expect("a timeout");
    stream
}

/// Sends what there is room for, which is nothing when the connection has ended. Returns
/// how many bytes that was.
pub(crate) fn send_some(mut stream: &TcpStream, message: &[u8]) -> usize {
    stream.set_nonblocking(true).expect("a nonblocking socket");
    let mut sent = 0;
    while let Ok(count @ 1..) = stream.write(&message[sent..]) {
        sent += count;
    }
    stream.set_nonblocking(false).expect("a blocking socket");
    sent
}

/// Gives a client of [`TestServer::connect_small`] as much room as others have, to get
/// its reply before long.
pub(crate) fn widen(stream: &TcpStream) {
    let widened = SockRef::from(stream).set_recv_buffer_size(1024 * 1024);
    widened.expect("an option of every socket");
}

/// A flag that is raised at the end of a test, of one that fails too: other threads are
/// waiting for it.
#[derive(Default)]
pub(crate) struct Flag(AtomicBool);

impl Flag {
    pub(crate) fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn raise_at_the_end(&self) -> impl Drop {
        struct Raise<'a>(&'a Flag);
        impl Drop for Raise<'_> {
            fn drop(&mut self) {
                self.0.0.store(true, Ordering::Relaxed);
            }
        }
        Raise(self)
    }
}

/// Waits for the connection's end, whatever it looks like, and returns what came before.
#[track_caller]
pub(crate) fn read_to_any_end(mut stream: &TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => panic!("the connection stays"),
        _ => bytes,
    }
}

/// Small numbers that look random and can be had again from the same seed.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        // The generator must not start at 0, and similar seeds should not look alike.
        Self(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % end
    }
}
