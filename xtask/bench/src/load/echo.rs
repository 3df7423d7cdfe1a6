//! Connections that stay, and messages that go back and forth on them.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};

use super::connection::{Connection, Sizes};
use super::{Slice, Timeout, histogram};

/// More than a server writes at a time.
const READ_SIZE: usize = 256 * 1024;

const AT_ONCE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 0,
};

/// A number of connections to one server.
pub(crate) struct Echo {
    connections: Vec<Connection>,
    epoll: OwnedFd,
    events: Vec<Event>,
    sizes: Sizes,
    in_flight: usize,
    payload: Vec<u8>,
    buf: Vec<u8>,
}

impl Echo {
    pub(super) fn connect(
        addr: SocketAddr,
        connections: usize,
        message: usize,
        reply: usize,
        in_flight: usize,
    ) -> Result<Self> {
        let mut echo = Self {
            connections: Vec::new(),
            epoll: epoll::create(CreateFlags::CLOEXEC)?,
            events: Vec::with_capacity(connections),
            sizes: Sizes { message, reply },
            in_flight,
            payload: vec![b'x'; message * in_flight],
            buf: vec![0; READ_SIZE],
        };
        let mut unwanted = histogram()?;
        for index in 0..connections {
            let connection = Connection::connect(addr).context("cannot connect")?;
            let key = EventData::new_u64(index as u64);
            epoll::add(&echo.epoll, &connection, key, EventFlags::IN)?;
            echo.connections.push(connection);
            // One after the other, as the samples' queue has room for five clients only.
            echo.add_messages(index, 1, Instant::now())?;
            echo.drain(&mut unwanted)?;
        }
        Ok(echo)
    }

    pub(super) fn run(&mut self, time: Duration, latencies: &mut Histogram<u64>) -> Result<Slice> {
        let start = Instant::now();
        for index in 0..self.connections.len() {
            self.add_messages(index, self.in_flight, Instant::now())?;
        }
        let mut echoes = 0;
        loop {
            let now = Instant::now();
            if now.duration_since(start) >= time {
                break;
            }
            echoes += self.poll_once(latencies, true)?;
        }
        echoes += self.drain(latencies)?;
        Ok(Slice {
            echoes,
            took: start.elapsed(),
        })
    }

    fn add_messages(&mut self, index: usize, count: usize, now: Instant) -> Result<()> {
        let connection = &mut self.connections[index];
        for _ in 0..count {
            connection.add_message(self.sizes, now);
        }
        connection.send(&self.payload).context("cannot send")
    }

    /// Waits for all that is under way.
    fn drain(&mut self, latencies: &mut Histogram<u64>) -> Result<u64> {
        let timeout = Timeout::new(Instant::now());
        let mut echoes = 0;
        while !self.connections.iter().all(Connection::is_idle) {
            echoes += self.poll_once(latencies, false)?;
            timeout.check(Instant::now())?;
        }
        Ok(echoes)
    }

    /// Looks once at what there is to do. Returns how many replies came.
    fn poll_once(&mut self, latencies: &mut Histogram<u64>, go_on: bool) -> Result<u64> {
        if let [_] = self.connections[..] {
            // There is no other connection to wait for.
            return self.receive(0, latencies, go_on);
        }
        let mut events = std::mem::take(&mut self.events);
        epoll::wait(&self.epoll, spare_capacity(&mut events), Some(&AT_ONCE))?;
        let mut echoes = 0;
        for event in events.drain(..) {
            echoes += self.receive(event.data.u64() as usize, latencies, go_on)?;
        }
        self.events = events;
        for connection in &mut self.connections {
            if connection.has_to_send() {
                connection.send(&self.payload).context("cannot send")?;
            }
        }
        Ok(echoes)
    }

    fn receive(
        &mut self,
        index: usize,
        latencies: &mut Histogram<u64>,
        go_on: bool,
    ) -> Result<u64> {
        let connection = &mut self.connections[index];
        let complete = connection
            .receive(self.sizes, &mut self.buf, latencies)
            .context("cannot receive")?;
        let more = if go_on { complete } else { 0 };
        if more > 0 || self.connections[index].has_to_send() {
            self.add_messages(index, more, Instant::now())?;
        }
        Ok(complete as u64)
    }
}
