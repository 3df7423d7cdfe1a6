//! A program under test: what it prints, what it uses, and how it ends.

use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, PipeWriter, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{self, ChildStdin, Command, Stdio};
use std::ptr;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nix::errno::Errno;
use nix::libc;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::Signal;

use crate::{Child, TIMEOUT};

/// A program that runs until it ends by itself or this value is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    stdin: Option<ChildStdin>,
    /// Threads of their own read stdout and stderr: a program stops when the pipe is full.
    stdout: Receiver<String>,
    stderr: Option<JoinHandle<String>>,
}

/// A program that has ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit code; `None` if a signal killed the program.
    pub code: Option<i32>,
    /// The lines that [`Process::line`] had not returned.
    pub stdout: Vec<String>,
    /// All of stderr.
    pub stderr: String,
}

impl Process {
    /// Starts a program with pipes at its stdin, stdout and stderr.
    #[track_caller]
    pub fn start<S: AsRef<OsStr>>(program: &str, args: &[S]) -> Self {
        let mut command = Command::new(program);
        // With a backtrace, a panic cannot be taken for an error message of one line.
        command.args(args).env("RUST_BACKTRACE", "1");
        command.stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = Child::spawn_beside(&mut command)
            .unwrap_or_else(|error| panic!("cannot run {program}: {error}"));

        let (sender, lines) = mpsc::channel();
        let stdout = child.stdout().expect("a pipe");
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                // The test may have ended without reading everything.
                let _ = sender.send(line.expect("text on stdout"));
            }
        });
        let mut pipe = child.inner.stderr.take().expect("a pipe");
        let stderr = thread::spawn(move || {
            let mut text = String::new();
            pipe.read_to_string(&mut text).expect("text on stderr");
            text
        });
        Self {
            stdin: child.inner.stdin.take(),
            child,
            stdout: lines,
            stderr: Some(stderr),
        }
    }

    /// Writes to the program's stdin.
    pub fn write(&mut self, text: &str) {
        let stdin = self.stdin.as_mut().expect("an open stdin");
        stdin.write_all(text.as_bytes()).expect("it is read");
    }

    /// The next line on stdout.
    #[track_caller]
    pub fn line(&self) -> String {
        match self.stdout.recv_timeout(TIMEOUT) {
            Ok(line) => line,
            Err(error) => panic!("no line on stdout: {error}"),
        }
    }

    /// Sends a signal to the program.
    #[track_caller]
    pub fn signal(&self, signal: Signal) {
        self.child.signal(signal).expect("a child of this process");
    }

    /// Runs `action` while the program is suspended. When the program goes on, it finds all
    /// that has happened at once.
    #[track_caller]
    pub fn while_suspended<T>(&self, action: impl FnOnce() -> T) -> T {
        self.child.pause().expect("the program runs");
        let value = action();
        self.child.resume().expect("the program is suspended");
        value
    }

    /// Kills the program and returns what it left.
    #[track_caller]
    pub fn kill(self) -> Ended {
        self.signal(Signal::SIGKILL);
        self.end()
    }

    /// Closes the program's stdin and waits for the program to end.
    #[track_caller]
    pub fn end(mut self) -> Ended {
        drop(self.stdin.take());
        let mut stdout = Vec::new();
        // A program that ends closes its stdout.
        loop {
            match self.stdout.recv_timeout(TIMEOUT) {
                Ok(line) => stdout.push(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("the program does not end"),
            }
        }
        let status = self.child.wait(TIMEOUT).expect("a child of this process");
        let status = status.expect("the program has closed its stdout and does not end");
        Ended {
            code: status.code(),
            stdout,
            stderr: self.stderr(),
        }
    }

    fn stderr(&mut self) -> String {
        let stderr = self.stderr.take().map(JoinHandle::join);
        stderr.and_then(Result::ok).unwrap_or_default()
    }

    /// The process's number.
    pub fn id(&self) -> i32 {
        self.child.pid().as_raw()
    }

    /// How many threads the program has.
    pub fn threads(&self) -> u64 {
        self.status("Threads:")
    }

    /// How much of its own memory the program has in RAM, in bytes.
    pub fn resident(&self) -> u64 {
        1024 * self.status("RssAnon:")
    }

    /// A number in [proc_pid_status(5)](https://man7.org/linux/man-pages/man5/proc_pid_status.5.html).
    #[track_caller]
    pub fn status(&self, name: &str) -> u64 {
        let status = self.read_proc("status");
        let value = status.lines().find_map(|line| line.strip_prefix(name));
        value
            .and_then(|value| value.split_whitespace().next()?.parse().ok())
            .unwrap_or_else(|| panic!("no number {name} in {status}"))
    }

    /// How long the program has run, on all CPUs, to the hundredth of a second
    /// ([proc_pid_stat(5)](https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html)).
    #[track_caller]
    pub fn cpu_time(&self) -> Duration {
        let stat = self.read_proc("stat");
        // The second field is the program's name, in which anything may stand.
        let (_, fields) = stat.rsplit_once(") ").expect("fields after the name");
        let fields: Vec<_> = fields.split(' ').collect();
        let ticks = |field: usize| fields[field - 3].parse::<u64>().expect("ticks");
        let (user, system) = (14, 15);
        Duration::from_millis(10 * (ticks(user) + ticks(system)))
    }

    #[track_caller]
    fn read_proc(&self, name: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{name}", self.id())).expect("the program runs")
    }

    /// The numbers of the descriptors that the program has open.
    pub fn descriptors(&self) -> Vec<u64> {
        fs::read_dir(format!("/proc/{}/fd", self.id()))
            .expect("the program runs")
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .collect()
    }

    /// Lets the program open `room` descriptors more than it has.
    pub fn leave_room_for(&self, room: usize) {
        let taken = self.descriptors();
        let mut free = (0..).filter(|fd| !taken.contains(fd));
        self.limit_descriptors(free.nth(room).expect("numbers enough"));
    }

    /// Lets the program open no descriptor with this number or a higher one. Those that it
    /// has stay open.
    pub fn limit_descriptors(&self, end: u64) {
        let limit = libc::rlimit {
            rlim_cur: end,
            rlim_max: end,
        };
        // SAFETY: `limit` lives until the call returns, and the old limit is not asked for.
        let result =
            unsafe { libc::prlimit(self.id(), libc::RLIMIT_NOFILE, &limit, ptr::null_mut()) };
        assert_eq!(result, 0, "{}", Errno::last());
    }
}

impl Drop for Process {
    /// Ends the program, that of a failed test too, whose stderr is then shown.
    fn drop(&mut self) {
        self.child.kill();
        let stderr = self.stderr();
        if thread::panicking() && !stderr.is_empty() {
            eprintln!("stderr of the program under test:\n{stderr}");
        }
    }
}

/// Expects a program to have failed with an exit code and with one line on stderr, which is
/// no panic. Returns the line.
#[track_caller]
pub fn assert_failure(ended: &Ended, code: i32) -> String {
    let stderr = &ended.stderr;
    assert_eq!(ended.code, Some(code), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    stderr.trim_end().to_owned()
}

/// Fills a pipe: the next write to it waits until the pipe is read.
#[track_caller]
pub fn fill_pipe(pipe: &PipeWriter) {
    let mut options = OpenOptions::new();
    options.write(true).custom_flags(libc::O_NONBLOCK);
    let mut filler = options.open(path_of(pipe)).expect("a pipe of this process");
    while filler.write(&[b'\n'; 4096]).is_ok() {}
}

/// The path by which another process can open a descriptor of this one.
pub fn path_of(descriptor: &impl AsRawFd) -> String {
    format!("/proc/{}/fd/{}", process::id(), descriptor.as_raw_fd())
}

/// Raises the limit of descriptors that this process and its children have, which is often
/// 1024, and returns what it has become: less than was wanted if the hard limit is lower.
///
/// # Errors
///
/// Passes on the errors of getrlimit(2) and setrlimit(2).
pub fn raise_descriptor_limit(wanted: u64) -> std::io::Result<u64> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    let raised = wanted.min(hard).max(soft);
    setrlimit(Resource::RLIMIT_NOFILE, raised, hard)?;
    Ok(raised)
}
