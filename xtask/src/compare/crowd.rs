//! A probe of many clients that come together.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use socket2::{Domain, Socket, Type};

use super::Subject;
use super::behaviour::Finding;
use super::reply::PREFIX;
use super::talk::{TIMEOUT, in_time};

const CLIENTS: usize = 1000;

/// A client whose SYN was dropped sends another after a second. Whether a connection is
/// made earlier is up to the kernel and the length of the queue that the server asked for,
/// and not to the server's speed.
const SECOND_SYN: Duration = Duration::from_millis(900);

const POLL: Duration = Duration::from_millis(5);

/// All clients connect while the server is stopped: this is what "at once" means on a
/// machine of any speed.
pub(crate) fn thousand(subject: &mut Subject) -> Result<Finding> {
    let server = &mut subject.server;
    server.child.pause()?;
    let clients = connect(server.addr(), CLIENTS);
    server.child.resume()?;
    let result = talk(&clients?, TIMEOUT);
    // The clients leave all at once. What that does to the server is another probe's
    // question.
    server.child.kill();
    result.map(|()| Finding::Holds)
}

/// Connects clients without waiting for any.
fn connect(addr: SocketAddr, size: usize) -> Result<Vec<Socket>> {
    let client = |_| {
        let socket = Socket::new(Domain::for_address(addr), Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        // Whether it comes to a connection is asked later.
        let _ = socket.connect(&addr.into());
        Ok(socket)
    };
    (0..size).map(client).collect()
}

/// Has every client send a message, and keeps all of them until the last has its reply.
fn talk(clients: &[Socket], timeout: Duration) -> Result<()> {
    let size = clients.len();
    let deadline = Instant::now() + SECOND_SYN;
    let is_waiting = |client: &&Socket| client.peer_addr().is_err();
    let waiting = || clients.iter().filter(is_waiting).count();
    while waiting() > 0 && Instant::now() < deadline {
        thread::sleep(POLL);
    }
    let missing = waiting();
    ensure!(missing == 0, "{missing} of {size} not connected");
    let deadline = Instant::now() + timeout;
    let message = |number| format!("client {number}\n").into_bytes();
    for (number, mut client) in clients.iter().enumerate() {
        client.set_nonblocking(false)?;
        // So short that a fresh connection has room for it. A failure to send shows in
        // what comes back.
        let _ = client.write_all(&message(number));
    }
    let is_served = |&(number, mut client): &(usize, &Socket)| {
        let expected = [PREFIX, &message(number)].concat();
        let mut received = vec![0; expected.len()];
        let left = in_time(deadline).and_then(|left| client.set_read_timeout(Some(left)));
        let result = left.and_then(|()| client.read_exact(&mut received));
        result.is_ok() && received == expected
    };
    let served = clients.iter().enumerate().filter(is_served).count();
    ensure!(served == size, "{served} of {size} served");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::bad_servers;

    #[test]
    fn clients_that_get_an_answer_are_counted() {
        let crowd = |addr| talk(&connect(addr, 4)?, Duration::from_millis(500));
        assert!(crowd(bad_servers::good()).is_ok());
        let words = |addr| crowd(addr).unwrap_err().to_string();
        assert_eq!(words(bad_servers::mute()), "0 of 4 served");
        assert_eq!(words(bad_servers::truncating(4)), "0 of 4 served");
    }

    #[test]
    fn a_short_queue_leaves_clients_waiting() {
        let server = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        server
            .bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())
            .unwrap();
        server.listen(5).unwrap();
        let addr = server.local_addr().unwrap().as_socket().unwrap();
        let error = talk(&connect(addr, 20).unwrap(), TIMEOUT).unwrap_err();
        // The kernel's queue holds one more than was asked for.
        assert_eq!(error.to_string(), "14 of 20 not connected");
    }
}
