//! A connection for each message.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use hdrhistogram::Histogram;

use super::{Slice, Timeout, record};

/// A client that connects, sends one message, reads the reply and closes.
pub(crate) struct Churn {
    addr: SocketAddr,
    message: Vec<u8>,
    reply: Vec<u8>,
}

impl Churn {
    pub(super) fn new(addr: SocketAddr, message: usize, reply: usize) -> Self {
        Self {
            addr,
            message: vec![b'x'; message],
            reply: vec![0; reply],
        }
    }

    pub(super) fn run(&mut self, time: Duration, latencies: &mut Histogram<u64>) -> Result<Slice> {
        let start = Instant::now();
        let mut now = start;
        let mut echoes = 0;
        while now.duration_since(start) < time {
            self.visit(now)?;
            let before = now;
            now = Instant::now();
            record(latencies, before, now);
            echoes += 1;
        }
        Ok(Slice {
            echoes,
            took: start.elapsed(),
        })
    }

    fn visit(&mut self, start: Instant) -> Result<()> {
        // On the loopback interface the other side of the handshake runs within this
        // very call, so that it does not sleep.
        let mut stream = TcpStream::connect(self.addr).context("cannot connect")?;
        stream.set_nonblocking(true)?;
        stream.write_all(&self.message).context("cannot send")?;
        let timeout = Timeout::new(start);
        let mut received = 0;
        while received < self.reply.len() {
            match stream.read(&mut self.reply[received..]) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                Ok(count) => received += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    timeout.check(Instant::now())?;
                }
                Err(error) => return Err(error).context("cannot receive"),
            }
        }
        Ok(())
    }
}
