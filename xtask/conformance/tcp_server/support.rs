//! A server for one test, whose loop runs in a thread of its own.

#![allow(dead_code, reason = "each test file uses its own part of this")]

use std::fmt;
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use conformance::{TIMEOUT, send_some};

use crate::reactor::{
    Connection, EventLoop, LoopHandle, ServerHandle, ServerOptions, State, Stats, TcpServer,
};

/// One read brings no more than this.
pub(crate) const ONE_READ: usize = 256 * 1024;

/// Options that a client must not notice.
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
    /// Prints the mode when a failed test unwinds past it.
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
    high_water: u64,
    go: Option<Sender<()>>,
    ended: Mutex<Receiver<()>>,
    thread: Option<JoinHandle<()>>,
}

impl TestServer {
    /// An echo server with these options.
    #[track_caller]
    pub(crate) fn echo(options: ServerOptions) -> Self {
        Self::start(options, |server| server.on_connect(echo))
    }

    #[track_caller]
    pub(crate) fn start(
        options: ServerOptions,
        set_up: impl FnOnce(&mut TcpServer) + Send + 'static,
    ) -> Self {
        let mut server = Self::start_paused("127.0.0.1:0", options, set_up);
        server.run();
        server
    }

    #[track_caller]
    pub(crate) fn start_at(addr: &str, options: ServerOptions) -> Self {
        let mut server = Self::start_paused(addr, options, |server| server.on_connect(echo));
        server.run();
        server
    }

    /// A server that listens, and whose loop does not run before [`run`](Self::run).
    #[track_caller]
    pub(crate) fn start_paused(
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
        let (handle, event_loop) = start.recv_timeout(TIMEOUT).expect("the server starts");
        Self {
            addr: handle.local_addr().into(),
            high_water: options.high_water as u64,
            handle,
            event_loop,
            go: Some(go),
            ended: Mutex::new(ended),
            thread: Some(thread),
        }
    }

    pub(crate) fn run(&mut self) {
        let go = self.go.take().expect("it does not run yet");
        go.send(()).expect("it waits");
    }

    #[track_caller]
    pub(crate) fn connect(&self) -> TcpStream {
        conformance::connect(self.addr)
    }

    /// A client with little room for replies: the server soon notices that they are not read.
    #[track_caller]
    pub(crate) fn connect_small(&self) -> TcpStream {
        conformance::connect_small(self.addr)
    }

    pub(crate) fn stats(&self) -> Stats {
        self.handle.stats()
    }

    /// Waits until the server's numbers are as they should become.
    #[track_caller]
    pub(crate) fn wait_until(&self, mut condition: impl FnMut(&Stats) -> bool) -> Stats {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            let stats = self.stats();
            if condition(&stats) {
                return stats;
            }
            assert!(Instant::now() < deadline, "it stays at {stats}");
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Sends without reading until the server has ceased to read: it keeps as much as the
    /// high-water mark says, and nothing moves any more. Returns how many bytes that was.
    #[track_caller]
    pub(crate) fn flood(&self, slow: &TcpStream, message: &[u8]) -> usize {
        let deadline = Instant::now() + TIMEOUT;
        let (mut sent, mut quiet, mut before) = (0, 0, 0);
        while sent < message.len() && quiet < 50 {
            let count = send_some(slow, &message[sent..]);
            sent += count;
            thread::sleep(Duration::from_millis(1));
            let stats = self.stats();
            let kept = stats.bytes_in.abs_diff(stats.bytes_out);
            let is_quiet = count == 0 && kept == before && kept >= self.high_water;
            quiet = if is_quiet { quiet + 1 } else { 0 };
            before = kept;
            assert!(Instant::now() < deadline, "it still reads at {stats}");
        }
        sent
    }

    /// Stops the server and waits for its thread, and so for all it has started.
    #[track_caller]
    pub(crate) fn stop(mut self, grace: Duration) -> Stats {
        let _ = self.handle.stop(grace);
        self.wait_for_end();
        self.stats()
    }

    /// Waits until the server's thread has ended for another reason.
    #[track_caller]
    pub(crate) fn wait_for_end(&mut self) {
        drop(self.go.take());
        let ended = self.ended.get_mut().expect("no panic");
        match ended.recv_timeout(TIMEOUT) {
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
        let _ = self.handle.stop(Duration::ZERO);
        if thread::panicking() {
            // A server that hangs must not hide why the test has failed.
            return;
        }
        self.wait_for_end();
    }
}

/// The callback of an echo server.
pub(crate) fn echo(conn: &Connection) {
    conn.read();
    if conn.state() == State::Closed {
        conn.close();
        return;
    }
    conn.set_send_buf(conn.read_buf());
    conn.write();
}

/// A flag that is raised at the end of a test, of one that fails too: other threads wait for
/// it.
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
