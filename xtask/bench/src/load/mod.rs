//! The client. It never sleeps: waking a sleeping CPU would be part of what the
//! server's send costs.

mod churn;
mod connection;
mod echo;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use hdrhistogram::Histogram;

use crate::scenario::Shape;
use churn::Churn;
use echo::Echo;

/// A server that has not answered for this long will not.
const TIMEOUT: Duration = Duration::from_secs(30);

/// From a nanosecond to a minute, with three digits.
const LONGEST_NS: u64 = 60_000_000_000;
const DIGITS: u8 = 3;

/// A client of one server, ready to be set to work again and again.
pub(crate) enum Load {
    Echo(Echo),
    Churn(Churn),
}

/// What came of one stretch of work.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slice {
    pub(crate) echoes: u64,
    /// Until the last reply was there.
    pub(crate) took: Duration,
}

impl Load {
    /// Connects to a server that puts `prefix` bytes in front of each reply.
    pub(crate) fn connect(shape: Shape, addr: SocketAddr, prefix: usize) -> Result<Self> {
        Ok(match shape {
            Shape::Echo {
                connections,
                size,
                in_flight,
            } => Self::Echo(Echo::connect(
                addr,
                connections,
                size,
                size + prefix,
                in_flight,
            )?),
            Shape::Churn { size } => Self::Churn(Churn::new(addr, size, size + prefix)),
        })
    }

    /// Sends messages for some time, and waits for what is then under way.
    pub(crate) fn run(&mut self, time: Duration, latencies: &mut Histogram<u64>) -> Result<Slice> {
        match self {
            Self::Echo(echo) => echo.run(time, latencies),
            Self::Churn(churn) => churn.run(time, latencies),
        }
    }
}

pub(crate) fn histogram() -> Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1, LONGEST_NS, DIGITS)?)
}

pub(crate) fn record(latencies: &mut Histogram<u64>, since: Instant, now: Instant) {
    let latency = now.duration_since(since).as_nanos();
    latencies.saturating_record(u64::try_from(latency).unwrap_or(u64::MAX));
}

/// The time by which a server that may stop answering must have answered.
struct Timeout {
    deadline: Instant,
}

impl Timeout {
    fn new(now: Instant) -> Self {
        Self {
            deadline: now + TIMEOUT,
        }
    }

    fn check(&self, now: Instant) -> Result<()> {
        if now > self.deadline {
            bail!("the server has not answered for {TIMEOUT:?}");
        }
        Ok(())
    }
}
