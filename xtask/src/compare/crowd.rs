//! A probe of many clients that come together.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use programs::Server;
use socket2::{Domain, Socket, Type};

use super::reply::PREFIX;
use super::talk::PATIENCE;

const CLIENTS: usize = 1000;

/// A client that was turned away knocks again after a second. Whether a connection
/// is made earlier is up to the kernel and the length of the queue that the server
/// asked for, and not to the server's speed.
const SECOND_KNOCK: Duration = Duration::from_millis(900);

/// A client of the crowd.
struct Client {
    socket: Socket,
    message: Vec<u8>,
    received: Vec<u8>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Connecting,
    Waiting,
    Answered,
    Failed,
}

/// All clients knock before the server gets to open: this is what "at once" means
/// on a machine of any speed.
pub(crate) fn thousand(server: &mut Server) -> Result<()> {
    server.child.pause()?;
    let clients = knock(server.addr(), CLIENTS);
    server.child.resume()?;
    let result = be_served(clients?, PATIENCE);
    // The disappointed clients leave all at once. What that does to the server is
    // another probe's question.
    server.child.kill();
    result
}

/// Connects clients without waiting for any.
fn knock(addr: SocketAddr, size: usize) -> Result<Vec<Client>> {
    (0..size)
        .map(|number| Client::connect(addr, number))
        .collect()
}

/// Keeps all clients until the last has its answer.
fn be_served(mut clients: Vec<Client>, patience: Duration) -> Result<()> {
    let size = clients.len();
    let turned_away = advance(&mut clients, SECOND_KNOCK, |state| {
        state == State::Connecting
    })?;
    if turned_away > 0 {
        bail!("{turned_away} of {size} turned away");
    }
    advance(&mut clients, patience, |state| state == State::Waiting)?;
    let answered = clients
        .iter()
        .filter(|client| client.state == State::Answered);
    match answered.count() {
        answered if answered < size => bail!("{answered} of {size} served"),
        _ => Ok(()),
    }
}

/// Takes clients on for as long as they are in a state that `is_pending` and there
/// is time. Returns how many still are.
fn advance(
    clients: &mut [Client],
    patience: Duration,
    is_pending: fn(State) -> bool,
) -> Result<usize> {
    let deadline = Instant::now() + patience;
    loop {
        let mut pending: Vec<_> = clients
            .iter_mut()
            .filter(|client| is_pending(client.state))
            .collect();
        let left = deadline.saturating_duration_since(Instant::now());
        if pending.is_empty() || left.is_zero() {
            return Ok(pending.len());
        }
        let mut polled: Vec<_> = pending
            .iter()
            .map(|client| PollFd::new(client.socket.as_fd(), client.interest()))
            .collect();
        poll(&mut polled, PollTimeout::try_from(left)?)?;
        let ready: Vec<_> = polled.iter().map(|fd| fd.any() == Some(true)).collect();
        for (client, _) in pending.iter_mut().zip(ready).filter(|(_, ready)| *ready) {
            client.state = client.go_on().unwrap_or(State::Failed);
        }
    }
}

impl Client {
    fn connect(addr: SocketAddr, number: usize) -> Result<Self> {
        let socket = Socket::new(Domain::for_address(addr), Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        let state = match socket.connect(&addr.into()) {
            Err(error) if error.raw_os_error() != Some(nix::Error::EINPROGRESS as i32) => {
                State::Failed
            }
            _ => State::Connecting,
        };
        Ok(Self {
            socket,
            message: format!("client {number}\n").into_bytes(),
            received: Vec::new(),
            state,
        })
    }

    fn interest(&self) -> PollFlags {
        match self.state {
            State::Connecting => PollFlags::POLLOUT,
            _ => PollFlags::POLLIN,
        }
    }

    fn go_on(&mut self) -> io::Result<State> {
        if self.state == State::Connecting {
            if let Some(error) = self.socket.take_error()? {
                return Err(error);
            }
            // So short that a fresh connection has room for it.
            (&self.socket).write_all(&self.message)?;
            return Ok(State::Waiting);
        }
        let mut buf = [0; 128];
        match (&self.socket).read(&mut buf)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => self.received.extend(&buf[..count]),
        }
        let expected = [PREFIX, &self.message].concat();
        Ok(match &self.received {
            received if *received == expected => State::Answered,
            received if expected.starts_with(received) => State::Waiting,
            _ => State::Failed,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::bad_servers;

    #[test]
    fn those_who_get_an_answer_are_counted() {
        let crowd = |addr| be_served(knock(addr, 4)?, Duration::from_millis(500));
        assert!(crowd(bad_servers::good()).is_ok());
        let words = |addr| crowd(addr).unwrap_err().to_string();
        assert_eq!(words(bad_servers::mute()), "0 of 4 served");
        assert_eq!(words(bad_servers::truncating(4)), "0 of 4 served");
    }

    #[test]
    fn a_short_queue_turns_clients_away() {
        let server = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        server
            .bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())
            .unwrap();
        server.listen(5).unwrap();
        let addr = server.local_addr().unwrap().as_socket().unwrap();
        let error = be_served(knock(addr, 20).unwrap(), PATIENCE).unwrap_err();
        // The kernel's queue holds one more than was asked for.
        assert_eq!(error.to_string(), "14 of 20 turned away");
    }
}
