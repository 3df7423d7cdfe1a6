//! A conversation with a server that may never reply.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use socket2::{Domain, Socket, Type};

use super::reply::Reply;

/// A server that does nothing for this long is stuck.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(5);

/// No conversation takes longer, not even with a server that does a little now and
/// then.
const LONGEST: Duration = Duration::from_secs(60);

/// A sender that has sent nothing for this long will send no more before the client reads.
const STUCK: Duration = Duration::from_millis(200);

/// A receive buffer so small that replies soon wait on the server's side.
const SMALL_BUFFER: usize = 16 * 1024;

/// A connection, all of whose calls together end at a deadline.
pub(crate) struct Talk {
    stream: TcpStream,
    deadline: Instant,
}

/// When the client reads.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// While it sends.
    AtOnce,
    /// Once it has sent everything, or can send no more because the client does not read.
    Late,
}

/// What follows the last byte that the client sends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Afterwards {
    /// More may come.
    Open,
    /// The client closes its half and the server, after the last reply, its own.
    HalfClose,
}

impl Talk {
    pub(crate) fn connect(addr: SocketAddr) -> Result<Self> {
        let socket = Socket::new(Domain::for_address(addr), Type::STREAM, None)?;
        Self::connect_by(socket, addr)
    }

    pub(crate) fn connect_with_small_buffer(addr: SocketAddr) -> Result<Self> {
        let socket = Socket::new(Domain::for_address(addr), Type::STREAM, None)?;
        // Before connecting: the window is agreed on with the handshake.
        socket.set_recv_buffer_size(SMALL_BUFFER)?;
        Self::connect_by(socket, addr)
    }

    fn connect_by(socket: Socket, addr: SocketAddr) -> Result<Self> {
        let deadline = Instant::now() + LONGEST;
        let connected = socket.connect_timeout(&addr.into(), TIMEOUT);
        connected.map_err(in_words).context("cannot connect")?;
        let stream = socket.into();
        Ok(Self { stream, deadline })
    }

    /// Sends something small and expects it back.
    pub(crate) fn ping(&self) -> Result<()> {
        self.exchange(b"ping\n", Reading::AtOnce, Afterwards::Open)?;
        Ok(())
    }

    /// Sends a payload and expects the same bytes back.
    pub(crate) fn exchange(
        &self,
        payload: &[u8],
        reading: Reading,
        afterwards: Afterwards,
    ) -> Result<Reply> {
        self.exchange_and(payload, reading, afterwards, || Ok(()))
    }

    /// As [`exchange`](Self::exchange), with something to do before the client
    /// reads.
    pub(crate) fn exchange_and(
        &self,
        payload: &[u8],
        reading: Reading,
        afterwards: Afterwards,
        meanwhile: impl FnOnce() -> Result<()>,
    ) -> Result<Reply> {
        let sent = AtomicUsize::new(0);
        thread::scope(|scope| {
            scope.spawn(|| {
                // A failure to send shows in what comes back.
                let result = self.send(payload, &sent);
                if result.is_ok() && afterwards == Afterwards::HalfClose {
                    let _ = self.stream.shutdown(Shutdown::Write);
                }
            });
            if reading == Reading::Late {
                self.wait_until_stuck(&sent, payload.len());
            }
            let result = meanwhile().and_then(|()| self.receive(payload, afterwards));
            if result.is_err() {
                // The sender may be waiting for a server that has given up.
                let _ = self.stream.shutdown(Shutdown::Both);
            }
            result
        })
    }

    /// Ends the connection with RST in place of FIN.
    pub(crate) fn reset(self) -> Result<()> {
        Socket::from(self.stream).set_linger(Some(Duration::ZERO))?;
        Ok(())
    }

    /// Waits for the server to close its side.
    pub(crate) fn expect_end(&self) -> Result<()> {
        match self.read(&mut [0; 1]) {
            Ok(0) => Ok(()),
            Ok(_) => bail!("unexpected bytes"),
            Err(error) => Err(in_words(error)),
        }
    }

    fn send(&self, payload: &[u8], sent: &AtomicUsize) -> io::Result<()> {
        let mut rest = payload;
        while !rest.is_empty() {
            self.stream.set_write_timeout(Some(self.time_left()?))?;
            let count = (&self.stream).write(rest)?;
            rest = &rest[count..];
            sent.fetch_add(count, Ordering::Relaxed);
        }
        Ok(())
    }

    fn wait_until_stuck(&self, sent: &AtomicUsize, total: usize) {
        let mut before = None;
        loop {
            let now = sent.load(Ordering::Relaxed);
            if now == total || before == Some(now) {
                return;
            }
            before = Some(now);
            thread::sleep(STUCK);
        }
    }

    fn receive(&self, payload: &[u8], afterwards: Afterwards) -> Result<Reply> {
        let mut reply = Reply::default();
        let mut buf = vec![0; 64 * 1024];
        let end = loop {
            if afterwards == Afterwards::Open && reply.len() >= payload.len() {
                break String::new();
            }
            match self.read(&mut buf) {
                Ok(0) => break "closed".to_owned(),
                Ok(count) => reply.push(&buf[..count]),
                Err(error)
                    if afterwards == Afterwards::HalfClose && reply.len() == payload.len() =>
                {
                    return Err(in_words(error).context("all bytes, but no end"));
                }
                Err(error) => break in_words(error).to_string(),
            }
        };
        reply.check(payload, &end)?;
        Ok(reply)
    }

    fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(self.time_left()?))?;
        (&self.stream).read(buf)
    }

    fn time_left(&self) -> io::Result<Duration> {
        in_time(self.deadline)
    }
}

/// How long a call may take that has to end by a deadline.
pub(crate) fn in_time(deadline: Instant) -> io::Result<Duration> {
    match deadline.saturating_duration_since(Instant::now()) {
        Duration::ZERO => Err(io::ErrorKind::TimedOut.into()),
        left => Ok(left.min(TIMEOUT)),
    }
}

/// An error as a table has room for it.
pub(crate) fn in_words(error: io::Error) -> anyhow::Error {
    anyhow::Error::msg(match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => "stuck".to_owned(),
        io::ErrorKind::ConnectionReset => "reset".to_owned(),
        io::ErrorKind::ConnectionRefused => "refused".to_owned(),
        _ => error.to_string(),
    })
}
