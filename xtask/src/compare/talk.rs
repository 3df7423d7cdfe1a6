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

    /// Sends a short message and expects it back.
    pub(crate) fn ping(&self) -> Result<()> {
        self.exchange(b"ping\n").map(drop)
    }

    /// Sends a payload and expects the same bytes back, which the client reads while it
    /// sends.
    pub(crate) fn exchange(&self, payload: &[u8]) -> Result<Reply> {
        let sent = AtomicUsize::new(0);
        self.while_sending(payload, &sent, false, || self.receive(payload, false))
    }

    /// As [`exchange`](Self::exchange), but the client reads once it has sent everything,
    /// or can send no more because it does not read; and does something before it reads.
    pub(crate) fn exchange_late(
        &self,
        payload: &[u8],
        half_close: bool,
        meanwhile: impl FnOnce() -> Result<()>,
    ) -> Result<Reply> {
        let sent = AtomicUsize::new(0);
        self.while_sending(payload, &sent, half_close, || {
            self.wait_until_stuck(&sent, payload.len());
            meanwhile()?;
            self.receive(payload, half_close)
        })
    }

    /// Has another thread send a payload. With `half_close`, the client then closes its
    /// half, and the server, after the last reply, its own.
    fn while_sending(
        &self,
        payload: &[u8],
        sent: &AtomicUsize,
        half_close: bool,
        receive: impl FnOnce() -> Result<Reply>,
    ) -> Result<Reply> {
        thread::scope(|scope| {
            scope.spawn(|| {
                // A failure to send shows in what comes back.
                let result = self.send(payload, sent);
                if result.is_ok() && half_close {
                    let _ = self.stream.shutdown(Shutdown::Write);
                }
            });
            let result = receive();
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
            let left = in_time(self.deadline)?;
            self.stream.set_write_timeout(Some(left))?;
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

    /// Reads as many bytes as were sent, or up to the end of the connection.
    fn receive(&self, payload: &[u8], until_end: bool) -> Result<Reply> {
        let mut reply = Reply::default();
        let mut buf = vec![0; 64 * 1024];
        let mut end = String::new();
        while until_end || reply.len() < payload.len() {
            match self.read(&mut buf) {
                Ok(0) => end = "closed".to_owned(),
                Ok(count) => reply.push(&buf[..count]),
                Err(error) if until_end && reply.len() == payload.len() => {
                    return Err(in_words(error).context("all bytes, but no end"));
                }
                Err(error) => end = in_words(error).to_string(),
            }
            if !end.is_empty() {
                break;
            }
        }
        reply.check(payload, &end)?;
        Ok(reply)
    }

    fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        let left = in_time(self.deadline)?;
        self.stream.set_read_timeout(Some(left))?;
        (&self.stream).read(buf)
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
