//! What connections cost that do nothing, and how fast they are accepted.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::unistd::Pid;
use programs::Usage;
use rustix::io::Errno;
use socket2::{Domain, Socket, Type};

use crate::fleet::Contestant;
use crate::results::{CrowdResult, IdleResult};

/// Enough for a server's page of memory to be a byte or two for each.
const IDLE_CLIENTS: usize = 2000;

/// As many as a server with a queue of five has room for.
const AT_A_TIME: usize = 5;

pub(crate) const CROWD: usize = 8000;

/// How long a client waits that the server should have taken long ago.
const TIMEOUT: Duration = Duration::from_secs(10);

const POLL: Duration = Duration::from_millis(1);

/// Measures a server of its own: what one has held, it may keep.
pub(crate) fn memory(contestant: &Contestant) -> Result<IdleResult> {
    let running = contestant.start()?;
    let (pid, addr) = (running.server.child.pid(), running.server.addr());
    let descriptors = open_descriptors(pid)?;
    // The first client of all makes the server allocate what it then has for all.
    let mut reply = vec![0; 1 + contestant.prefix];
    echo(&TcpStream::connect(addr)?, &mut reply)?;
    wait_for_descriptors(pid, |open| open <= descriptors, TIMEOUT)?;

    let before = Usage::of(pid)?.anonymous_bytes;
    let mut clients = Vec::new();
    while clients.len() < IDLE_CLIENTS {
        for _ in 0..AT_A_TIME {
            clients.push(TcpStream::connect(addr)?);
        }
        let expected = descriptors + clients.len();
        let open = wait_for_descriptors(pid, |open| open >= expected, TIMEOUT)?;
        if open < expected {
            bail!("{} leaves clients waiting", contestant.name());
        }
    }
    let fresh = Usage::of(pid)?.anonymous_bytes;
    for client in &clients {
        echo(client, &mut reply)?;
    }
    let echoed = Usage::of(pid)?.anonymous_bytes;
    let each = |bytes: u64| (bytes as f64 - before as f64) / clients.len() as f64;
    Ok(IdleResult {
        server: contestant.name().to_owned(),
        fresh_bytes: each(fresh),
        echoed_bytes: each(echoed),
    })
}

fn echo(mut client: &TcpStream, reply: &mut [u8]) -> Result<()> {
    client.set_read_timeout(Some(TIMEOUT))?;
    client.write_all(b"x")?;
    client.read_exact(reply).context("no echo")
}

/// Connects a crowd without waiting for any, and times how long it takes the server
/// to accept all of it.
pub(crate) fn crowd(contestant: &Contestant, timeout: Duration) -> Result<CrowdResult> {
    let running = contestant.start()?;
    let pid = running.server.child.pid();
    let descriptors = open_descriptors(pid)?;
    let start = Instant::now();
    let clients = (0..CROWD)
        .map(|_| connect(running.server.addr()))
        .collect::<Result<Vec<_>>>()?;
    let expected = descriptors + clients.len();
    let left = timeout.saturating_sub(start.elapsed());
    let open = wait_for_descriptors(pid, |open| open >= expected, left)?;
    Ok(CrowdResult {
        server: contestant.name().to_owned(),
        clients: clients.len(),
        accepted: open.saturating_sub(descriptors).min(clients.len()),
        seconds: start.elapsed().as_secs_f64(),
    })
}

fn connect(addr: SocketAddr) -> Result<Socket> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    match socket.connect(&addr.into()) {
        Err(error) if error.raw_os_error() != Some(Errno::INPROGRESS.raw_os_error()) => {
            Err(error).context("cannot connect")
        }
        _ => Ok(socket),
    }
}

/// Waits until a process has as many descriptors as is `enough`, and returns how
/// many it has then, or when `timeout` ends.
fn wait_for_descriptors(
    pid: Pid,
    enough: impl Fn(usize) -> bool,
    timeout: Duration,
) -> Result<usize> {
    let deadline = Instant::now() + timeout;
    loop {
        let open = open_descriptors(pid)?;
        if enough(open) || Instant::now() > deadline {
            return Ok(open);
        }
        thread::sleep(POLL);
    }
}

/// A server that has accepted a client has a descriptor for it.
fn open_descriptors(pid: Pid) -> Result<usize> {
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).context("a server has ended")?;
    Ok(entries.count())
}
