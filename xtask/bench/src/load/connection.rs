//! One connection of the client.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Instant;

use hdrhistogram::Histogram;

use super::record;

/// A connection and the messages on it.
pub(super) struct Connection {
    stream: TcpStream,
    /// When each message was sent that has not come back.
    under_way: VecDeque<Instant>,
    /// How many bytes the socket has not taken yet.
    to_send: usize,
    /// How much of the next reply is there.
    received: usize,
}

/// How long messages and their replies are.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    pub(super) message: usize,
    pub(super) reply: usize,
}

impl Connection {
    pub(super) fn connect(addr: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(addr)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        Ok(Self {
            stream,
            under_way: VecDeque::new(),
            to_send: 0,
            received: 0,
        })
    }

    /// Has another message to send.
    pub(super) fn add_message(&mut self, sizes: Sizes, now: Instant) {
        self.under_way.push_back(now);
        self.to_send += sizes.message;
    }

    pub(super) fn has_to_send(&self) -> bool {
        self.to_send > 0
    }

    pub(super) fn is_idle(&self) -> bool {
        self.under_way.is_empty()
    }

    /// Sends what the socket takes. The bytes come from `payload`, which is as long
    /// as all that can be under way.
    pub(super) fn send(&mut self, payload: &[u8]) -> io::Result<()> {
        while self.to_send > 0 {
            match self.stream.write(&payload[..self.to_send]) {
                Ok(count) => self.to_send -= count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads once. Returns how many replies are complete now.
    pub(super) fn receive(
        &mut self,
        sizes: Sizes,
        buf: &mut [u8],
        latencies: &mut Histogram<u64>,
    ) -> io::Result<usize> {
        match self.stream.read(buf) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => self.received += count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(0),
            Err(error) => return Err(error),
        }
        let complete = self.received / sizes.reply;
        self.received %= sizes.reply;
        let now = Instant::now();
        for _ in 0..complete {
            let sent = self.under_way.pop_front();
            let sent = sent.ok_or_else(|| io::Error::other("more replies than messages"))?;
            record(latencies, sent, now);
        }
        Ok(complete)
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}
