//! A program under test, and clients that talk to it.
//!
//! Nothing here sleeps: a test waits for a line, for bytes or for the end of a
//! process. What should come at once and does not fails the test after
//! [`PATIENCE`], so that a bug is a message and not a hanging run.

#![allow(dead_code, reason = "each test file uses its own part of this")]

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::mem::MaybeUninit;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::ptr;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use socket2::SockRef;

/// The day's echo server, as cargo has just built it.
pub(crate) const SERVER: &str = env!(concat!("CARGO_BIN_EXE_", env!("CARGO_PKG_NAME")));

/// The day's client.
pub(crate) const CLIENT: &str = env!(concat!("CARGO_BIN_EXE_", env!("CARGO_PKG_NAME"), "-client"));

/// How long to wait for what should come at once.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A program that runs as long as this value lives.
pub(crate) struct Program {
    child: Child,
    stdin: Option<ChildStdin>,
    /// Threads of their own read what it prints: a program that nobody reads
    /// from stops when the pipe is full.
    stdout: Receiver<String>,
    stderr: Option<JoinHandle<String>>,
}

/// What is left of a program.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Nothing if a signal has killed it.
    pub(crate) code: Option<i32>,
    /// The lines that [`Program::line`] had not taken.
    pub(crate) stdout: Vec<String>,
    pub(crate) stderr: String,
}

impl Program {
    pub(crate) fn start(program: impl AsRef<OsStr>, args: &[&str]) -> Self {
        let program = program.as_ref();
        let mut child = Command::new(program)
            .args(args)
            // A panic would show itself on stderr in all its length.
            .env("RUST_BACKTRACE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot run {}: {error}", program.display()));

        let (sender, lines) = mpsc::channel();
        let stdout = child.stdout.take().expect("a pipe");
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                // The test may have ended without reading everything.
                let _ = sender.send(line.expect("text on stdout"));
            }
        });
        let mut pipe = child.stderr.take().expect("a pipe");
        let stderr = thread::spawn(move || {
            let mut text = String::new();
            pipe.read_to_string(&mut text).expect("text on stderr");
            text
        });
        Self {
            stdin: child.stdin.take(),
            child,
            stdout: lines,
            stderr: Some(stderr),
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Writes to the program's stdin.
    pub(crate) fn say(&mut self, text: &str) {
        let stdin = self.stdin.as_mut().expect("an open stdin");
        stdin.write_all(text.as_bytes()).expect("somebody reads");
    }

    /// The next line on stdout.
    #[track_caller]
    pub(crate) fn line(&self) -> String {
        match self.stdout.recv_timeout(PATIENCE) {
            Ok(line) => line,
            Err(error) => panic!("no line on stdout: {error}"),
        }
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("a child can be killed");
    }

    pub(crate) fn signal(&self, signal: libc::c_int) {
        let pid = self.child.id().cast_signed();
        // SAFETY: the call has no memory to harm. Nobody has waited for the child yet,
        // so nobody else has its number.
        let result = unsafe { libc::kill(pid, signal) };
        assert_eq!(result, 0, "{}", io::Error::last_os_error());
    }

    /// Does something while the program is suspended. When it goes on, it finds all
    /// that has happened at once.
    pub(crate) fn while_suspended<T>(&self, action: impl FnOnce() -> T) -> T {
        self.signal(libc::SIGSTOP);
        let mut info = MaybeUninit::<libc::siginfo_t>::uninit();
        // SAFETY: there is room for what the call writes, which nobody reads. It waits
        // for the child to be suspended, and leaves its end to `Child::wait`.
        let result = unsafe {
            libc::waitid(
                libc::P_PID,
                self.child.id(),
                info.as_mut_ptr(),
                libc::WSTOPPED,
            )
        };
        assert_eq!(result, 0, "{}", io::Error::last_os_error());
        let value = action();
        self.signal(libc::SIGCONT);
        value
    }

    /// How many threads the program has.
    pub(crate) fn threads(&self) -> usize {
        let threads = fs::read_dir(format!("/proc/{}/task", self.id()));
        threads.expect("a process of ours").count()
    }

    /// Lets the program open `room` descriptors more than it has.
    pub(crate) fn leave_room_for(&self, room: usize) {
        let taken: HashSet<libc::rlim_t> = fs::read_dir(format!("/proc/{}/fd", self.id()))
            .expect("a process of ours")
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .collect();
        let mut free = (0..).filter(|fd| !taken.contains(fd));
        self.limit_descriptors(free.nth(room).expect("numbers enough"));
    }

    /// Lets the program open no descriptor with this number or a higher one. What it has
    /// open stays open.
    pub(crate) fn limit_descriptors(&self, end: libc::rlim_t) {
        let limit = libc::rlimit {
            rlim_cur: end,
            rlim_max: end,
        };
        let pid = self.id().cast_signed();
        // SAFETY: `limit` lives until the call returns, and the old one is not asked for.
        let result = unsafe { libc::prlimit(pid, libc::RLIMIT_NOFILE, &limit, ptr::null_mut()) };
        assert_eq!(result, 0, "{}", io::Error::last_os_error());
    }

    /// Waits for the program to end. Its stdin ends first.
    #[track_caller]
    pub(crate) fn end(mut self) -> Ended {
        drop(self.stdin.take());
        let mut stdout = Vec::new();
        // A program that ends closes its stdout.
        loop {
            match self.stdout.recv_timeout(PATIENCE) {
                Ok(line) => stdout.push(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("the program does not end"),
            }
        }
        let status = self.child.wait().expect("a child can be waited for");
        Ended {
            code: status.code(),
            stdout,
            stderr: self.complaints(),
        }
    }

    fn complaints(&mut self) -> String {
        let stderr = self.stderr.take().map(JoinHandle::join);
        stderr.and_then(Result::ok).unwrap_or_default()
    }
}

impl Drop for Program {
    /// Nothing outlives its test, not even a failed one.
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let complaints = self.complaints();
        if thread::panicking() && !complaints.is_empty() {
            eprintln!("stderr of the program under test:\n{complaints}");
        }
    }
}

/// An echo server on a port that the kernel has chosen.
pub(crate) struct Server {
    pub(crate) program: Program,
    pub(crate) addr: SocketAddr,
}

impl Server {
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::start_at("127.0.0.1:0", args)
    }

    /// A server that sends back what it gets and nothing else.
    pub(crate) fn verbatim() -> Self {
        Self::start(&["--prefix", "", "--quiet"])
    }

    #[track_caller]
    pub(crate) fn start_at(addr: &str, args: &[&str]) -> Self {
        Self::run(SERVER, &[&[addr], args].concat())
    }

    /// Starts any server that says on its first line where it listens.
    #[track_caller]
    pub(crate) fn run(program: &str, args: &[&str]) -> Self {
        let program = Program::start(program, args);
        let line = program.line();
        let addr = line
            .strip_prefix("listening on ")
            .and_then(|addr| addr.parse().ok())
            .unwrap_or_else(|| panic!("the first line is {line:?}"));
        Self { program, addr }
    }

    #[track_caller]
    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.addr).expect("the server listens");
        guard(&stream);
        stream
    }

    /// A client with little room for replies: the server notices soon that they
    /// are not read.
    #[track_caller]
    pub(crate) fn connect_small(&self) -> TcpStream {
        let domain = socket2::Domain::for_address(self.addr);
        let socket = socket2::Socket::new(domain, socket2::Type::STREAM, None).expect("a socket");
        socket.set_recv_buffer_size(4096).expect("a small buffer");
        socket
            .connect(&self.addr.into())
            .expect("the server listens");
        let stream = socket.into();
        guard(&stream);
        stream
    }
}

fn guard(stream: &TcpStream) {
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream.set_write_timeout(Some(PATIENCE)).expect("a timeout");
}

/// Expects a program to have said no: one line on stderr that is no panic, and
/// an exit code. Returns the line.
#[track_caller]
pub(crate) fn assert_complaint(ended: &Ended, code: i32) -> String {
    let stderr = &ended.stderr;
    assert_eq!(ended.code, Some(code), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    stderr.trim_end().to_owned()
}

/// Bytes of every value, NUL included, in an order that does not repeat itself:
/// a piece that is lost, doubled or moved does not go unnoticed.
pub(crate) fn noise(len: usize, seed: u64) -> Vec<u8> {
    // Xorshift, which must not start at 0.
    let mut state = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

/// Sends a message and expects the same bytes back, while it is still sending.
#[track_caller]
pub(crate) fn assert_echo(stream: &TcpStream, message: &[u8]) {
    let mut reply = vec![0; message.len()];
    thread::scope(|scope| {
        scope.spawn(|| (&mut &*stream).write_all(message).expect("it is sent"));
        (&mut &*stream).read_exact(&mut reply).expect("a reply");
    });
    assert_same(&reply, message);
}

/// Reads up to the end of the connection.
#[track_caller]
pub(crate) fn read_to_end(mut stream: &TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).expect("a reply and its end");
    bytes
}

/// As `assert_eq!`, which would print the megabytes.
#[track_caller]
pub(crate) fn assert_same(got: &[u8], expected: &[u8]) {
    if got != expected {
        let at = got.iter().zip(expected).position(|(a, b)| a != b);
        let (got, expected) = (got.len(), expected.len());
        panic!("{got} bytes instead of {expected}; the first difference is at {at:?}");
    }
}

/// Sends without reading, for as long as there is room on the way. Returns how
/// many bytes that was.
pub(crate) fn fill(stream: &TcpStream, message: &[u8]) -> usize {
    stream.set_nonblocking(true).expect("a nonblocking socket");
    let mut sent = 0;
    while sent < message.len() {
        match (&mut &*stream).write(&message[sent..]) {
            Ok(count) => sent += count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => panic!("cannot send: {error}"),
        }
    }
    stream.set_nonblocking(false).expect("a blocking socket");
    sent
}

/// Sends without reading until the server takes no more, although it has answered
/// `other` again and again. Returns how many bytes that was.
#[track_caller]
pub(crate) fn flood(mut slow: &TcpStream, message: &[u8], other: &TcpStream) -> usize {
    let moment = Some(Duration::from_millis(10));
    slow.set_write_timeout(moment).expect("a timeout");
    let (mut sent, mut refusals) = (0, 0);
    while sent < message.len() && refusals < 10 {
        match slow.write(&message[sent..]) {
            Ok(count) => (sent, refusals) = (sent + count, 0),
            Err(error) if error.kind() == ErrorKind::WouldBlock => refusals += 1,
            Err(error) => panic!("cannot send: {error}"),
        }
        assert_echo(other, b"meanwhile");
    }
    slow.set_write_timeout(Some(PATIENCE)).expect("a timeout");
    sent
}

/// Expects a program that has nothing to do to do nothing, for as long as it takes to
/// see that `client` gets nothing either.
#[track_caller]
pub(crate) fn assert_idle(program: &Program, mut client: &TcpStream) {
    let before = cpu_ticks(program);
    let half_a_second = Some(Duration::from_millis(500));
    client.set_read_timeout(half_a_second).expect("a timeout");
    let error = client.read(&mut [0]).expect_err("nobody has asked");
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    client.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let ticks = cpu_ticks(program) - before;
    assert!(ticks < 25, "{ticks} of 50 ticks spent on doing nothing");
}

/// How long a program has run, on all CPUs, in hundredths of a second
/// ([proc_pid_stat(5)](https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html)).
fn cpu_ticks(program: &Program) -> u64 {
    let path = format!("/proc/{}/stat", program.id());
    let stat = fs::read_to_string(path).expect("a process of ours");
    // The second field is the program's name, in which anything may stand.
    let (_, fields) = stat.rsplit_once(") ").expect("fields after the name");
    let fields: Vec<_> = fields.split(' ').collect();
    let ticks = |field: usize| fields[field - 3].parse::<u64>().expect("ticks");
    let (user, system) = (14, 15);
    ticks(user) + ticks(system)
}

/// Says that nothing more will be sent.
pub(crate) fn half_close(stream: &TcpStream) {
    stream.shutdown(Shutdown::Write).expect("still connected");
}

/// Ends a connection with a reset instead of a farewell.
pub(crate) fn reset(stream: TcpStream) {
    let linger = Some(Duration::ZERO);
    SockRef::from(&stream)
        .set_linger(linger)
        .expect("an option of every socket");
}
