//! A server that runs.

use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use conformance::Child;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

use crate::program::Program;

/// A Python interpreter on a busy machine takes its time; a server that needs more
/// than this does not start at all.
const START: Duration = Duration::from_secs(20);

/// How often the kernel is asked whether the server listens.
const POLL: Duration = Duration::from_millis(2);

/// How often another program may take a port between finding it free and using it.
const ATTEMPTS: usize = 3;

/// What every program's error message says of a port in use, in lower or upper case.
const IN_USE: &str = "address already in use";

/// The state of a socket that waits for connections, in `/proc/net/tcp`.
const LISTEN: &str = "0A";

/// A running server. It ends when this value is dropped.
#[derive(Debug)]
pub struct Server {
    /// The process, to be watched, interrupted or killed.
    pub child: Child,
    addr: SocketAddr,
    stderr: File,
}

impl Program {
    /// Starts the server on a free port of the loopback interface and returns when
    /// it listens.
    ///
    /// # Errors
    ///
    /// Fails with the last line of the server's stderr if it ends instead.
    pub fn start(&self) -> Result<Server> {
        let mut attempt = 1;
        loop {
            match self.start_on(free_port()?) {
                Err(error) if attempt < ATTEMPTS && is_port_taken(&error) => attempt += 1,
                result => return result,
            }
        }
    }

    /// Starts the server on a given port.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub fn start_on(&self, port: u16) -> Result<Server> {
        if is_listening(port)? {
            bail!("cannot start {}: {IN_USE}", self.name());
        }
        let mut server = self
            .spawn(port)
            .with_context(|| format!("cannot start {}", self.name()))?;
        let deadline = Instant::now() + START;
        // Asking the kernel, and not the server: a connection made to find out would
        // be the first that the server sees.
        while !is_listening(port)? {
            if let Some(status) = server.child.status()? {
                let why = server.last_words().unwrap_or_else(|| status.to_string());
                bail!("{} ended at its start: {why}", self.name());
            }
            if Instant::now() > deadline {
                bail!("{} does not listen after {START:?}", self.name());
            }
            thread::sleep(POLL);
        }
        Ok(server)
    }

    fn spawn(&self, port: u16) -> Result<Server> {
        let stderr = tempfile::tempfile()?;
        let line = self.command_line(port);
        let mut command = Command::new(&line[0]);
        command
            .args(&line[1..])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr.try_clone()?);
        let child = on_cpus(self.cpus(), || Child::spawn(&mut command))?
            .with_context(|| format!("cannot run {}", line[0].display()))?;
        Ok(Server {
            child,
            addr: (Ipv4Addr::LOCALHOST, port).into(),
            stderr,
        })
    }
}

impl Server {
    /// Where the server listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The last line that the server wrote to stderr.
    pub fn last_words(&mut self) -> Option<String> {
        let mut text = Vec::new();
        self.stderr.rewind().ok()?;
        self.stderr.read_to_end(&mut text).ok()?;
        let text = String::from_utf8_lossy(&text);
        let line = text.lines().rfind(|line| !line.trim().is_empty())?;
        Some(line.trim().to_owned())
    }
}

/// Runs `start` on the CPUs that its children are to inherit from it. Moving a
/// process afterwards would leave behind the threads that it has by then.
fn on_cpus<T>(cpus: Option<&CpuSet>, start: impl FnOnce() -> T) -> Result<T> {
    let Some(cpus) = cpus else {
        return Ok(start());
    };
    let this_thread = Pid::from_raw(0);
    let own = sched_getaffinity(this_thread)?;
    sched_setaffinity(this_thread, cpus)?;
    let started = start();
    sched_setaffinity(this_thread, &own)?;
    Ok(started)
}

fn free_port() -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

/// Whether a server did not start because another one has its port.
pub fn is_port_taken(error: &anyhow::Error) -> bool {
    format!("{error:#}").to_lowercase().contains(IN_USE)
}

fn is_listening(port: u16) -> Result<bool> {
    let sockets = fs::read_to_string("/proc/net/tcp").context("cannot read /proc/net/tcp")?;
    Ok(sockets.lines().any(|line| listens_on(line, port)))
}

/// Whether a line such as `0: 0100007F:22B8 00000000:0000 0A …` is about a socket
/// that waits for connections at `port`.
fn listens_on(line: &str, port: u16) -> bool {
    let mut fields = line.split_whitespace().skip(1);
    let local = fields.next().and_then(|local| local.split_once(':'));
    let has_port = local.is_some_and(|(_, hex)| u16::from_str_radix(hex, 16) == Ok(port));
    has_port && fields.nth(1) == Some(LISTEN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn a_listening_socket_is_told_from_a_connected_one() {
        let line = " 3: 0100007F:22B8 00000000:0000 0A 00000000:00000000 00:00000000";
        assert!(listens_on(line, 8888));
        assert!(!listens_on(line, 8889));
        let line = " 4: 0100007F:22B8 0100007F:D431 01 00000000:00000000 00:00000000";
        assert!(!listens_on(line, 8888));
        assert!(!listens_on(
            "  sl  local_address rem_address   st tx_queue",
            8888
        ));
    }

    #[test]
    fn a_port_in_use_is_not_taken_for_the_servers_own() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let program = Program::new("late", Path::new("sleep"));
        let error = program.start_on(listener.local_addr().unwrap().port());
        assert!(is_port_taken(&error.unwrap_err()));
    }

    #[test]
    fn a_server_that_ends_at_its_start_is_quoted() {
        let shell = Program::new("broken", Path::new("sh"));
        let broken = shell.args(["-c", "echo one >&2; echo the reason >&2; exit 1"]);
        let error = broken.start().unwrap_err().to_string();
        assert_eq!(error, "broken ended at its start: the reason");
        let missing = Program::new("missing", Path::new("/nowhere/at/all"));
        let error = format!("{:#}", missing.start().unwrap_err());
        assert!(error.starts_with("cannot start missing: "), "{error}");
    }
}
