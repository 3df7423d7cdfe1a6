//! The programs of a day, and an echo server that listens.

use std::net::{SocketAddr, TcpStream};

use nix::sys::signal::Signal;

use crate::Process;

/// The programs of one day; [`day!`](crate::day) makes this value in a day's tests.
#[derive(Clone, Copy, Debug)]
pub struct Day {
    /// The path of the echo server.
    pub server: &'static str,
    /// The path of the client.
    pub client: &'static str,
}

impl Day {
    /// Starts the echo server on a free port of 127.0.0.1.
    #[track_caller]
    pub fn start(self, args: &[&str]) -> Server {
        self.start_at("127.0.0.1:0", args)
    }

    /// Starts an echo server that sends back what it gets and nothing else.
    #[track_caller]
    pub fn start_verbatim(self) -> Server {
        self.start(&["--prefix", "", "--quiet"])
    }

    /// As [`start_verbatim`](Self::start_verbatim), with a number of threads.
    #[track_caller]
    pub fn start_with_threads(self, threads: usize) -> Server {
        let threads = threads.to_string();
        self.start(&["--prefix", "", "--quiet", "--threads", &threads])
    }

    /// As [`start_verbatim`](Self::start_verbatim), with at most `limit` descriptors from the
    /// first moment.
    #[track_caller]
    pub fn start_with_descriptors(self, limit: usize, threads: usize) -> Server {
        let script = format!(
            r#"ulimit -n {limit} && exec "$0" 127.0.0.1:0 --prefix '' --quiet --threads {threads}"#
        );
        Server::run("sh", &["-c", &script, self.server])
    }

    /// Starts the echo server at an address.
    #[track_caller]
    pub fn start_at(self, addr: &str, args: &[&str]) -> Server {
        Server::run(self.server, &[&[addr], args].concat())
    }

    /// Starts the client.
    #[track_caller]
    pub fn start_client(self, addr: SocketAddr) -> Process {
        Process::start(self.client, &[addr.to_string()])
    }
}

/// A server that listens, until this value is dropped.
#[derive(Debug)]
pub struct Server {
    /// The process.
    pub process: Process,
    /// Where the server listens.
    pub addr: SocketAddr,
}

impl Server {
    /// Starts any server that prints where it listens as its first line.
    #[track_caller]
    pub fn run(program: &str, args: &[&str]) -> Self {
        let process = Process::start(program, args);
        let line = process.line();
        let addr = line
            .strip_prefix("listening on ")
            .and_then(|addr| addr.parse().ok())
            .unwrap_or_else(|| panic!("the first line is {line:?}"));
        Self { process, addr }
    }

    /// A new client.
    #[track_caller]
    pub fn connect(&self) -> TcpStream {
        crate::connect(self.addr)
    }

    /// A new client with little room for replies: the server soon notices that they are not
    /// read.
    #[track_caller]
    pub fn connect_small(&self) -> TcpStream {
        crate::connect_small(self.addr)
    }

    /// The line of counters that the server prints at SIGUSR1, from day 5 on.
    #[track_caller]
    pub fn stats(&self) -> String {
        self.process.signal(Signal::SIGUSR1);
        self.process.line()
    }

    /// One of the counters, by its name in [`stats`](Self::stats).
    #[track_caller]
    pub fn counter(&self, name: &str) -> u64 {
        let stats = self.stats();
        let mut counters = stats
            .split(", ")
            .filter_map(|counter| counter.split_once(' '));
        let (_, number) = counters
            .find(|counter| counter.0 == name)
            .unwrap_or_else(|| panic!("no {name:?} in {stats:?}"));
        number.parse().expect("a number")
    }

    /// How many bytes the server has received and sent.
    #[track_caller]
    pub fn bytes_in_and_out(&self) -> (u64, u64) {
        (self.counter("bytes_in"), self.counter("bytes_out"))
    }
}

/// The message, in quotes and escaped, in a line that the server prints about it:
/// `Message from client 5: "hello\n"`.
#[track_caller]
pub fn message_in(line: &str) -> &str {
    let (client, message) = line.split_once(": ").expect("a client and its message");
    let number = client.strip_prefix("Message from client ");
    let number = number.and_then(|number| number.parse::<u32>().ok());
    assert!(number.is_some(), "{line}");
    message
}
