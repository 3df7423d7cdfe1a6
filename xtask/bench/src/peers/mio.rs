//! An echo server on mio, which is edge-triggered: it reads until there is no more.

use std::io::{self, Read, Write};
use std::net;

use mio::event::Event;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

use super::READ_SIZE;

const EVENTS: usize = 1024;
const LISTENER: Token = Token(usize::MAX);

struct Client {
    stream: TcpStream,
    unsent: Vec<u8>,
}

pub(super) fn serve(listener: net::TcpListener) -> io::Result<()> {
    let mut poll = Poll::new()?;
    let mut listener = TcpListener::from_std(listener);
    poll.registry()
        .register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut clients: Vec<Option<Client>> = Vec::new();
    let mut free: Vec<usize> = Vec::new();
    let mut events = Events::with_capacity(EVENTS);
    let mut buf = vec![0; READ_SIZE];
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            result => result?,
        }
        for event in &events {
            if event.token() == LISTENER {
                accept_all(&listener, &poll, &mut clients, &mut free)?;
                continue;
            }
            let Token(index) = event.token();
            let Some(client) = &mut clients[index] else {
                continue;
            };
            if !client.go_on(event, &mut buf).unwrap_or(false) {
                clients[index] = None;
                free.push(index);
            }
        }
    }
}

fn accept_all(
    listener: &TcpListener,
    poll: &Poll,
    clients: &mut Vec<Option<Client>>,
    free: &mut Vec<usize>,
) -> io::Result<()> {
    loop {
        let mut stream = match listener.accept() {
            Ok((stream, _peer)) => stream,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => continue,
            Err(error) => return Err(error),
        };
        let index = free.pop().unwrap_or_else(|| {
            clients.push(None);
            clients.len() - 1
        });
        let interest = Interest::READABLE | Interest::WRITABLE;
        poll.registry()
            .register(&mut stream, Token(index), interest)?;
        clients[index] = Some(Client {
            stream,
            unsent: Vec::new(),
        });
    }
}

impl Client {
    /// Returns whether the client stays.
    fn go_on(&mut self, event: &Event, buf: &mut [u8]) -> io::Result<bool> {
        if event.is_writable() && !self.flush()? {
            return Ok(true);
        }
        if !self.unsent.is_empty() {
            return Ok(true);
        }
        loop {
            let count = match self.stream.read(buf) {
                Ok(0) => return Ok(false),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
                Err(error) => return Err(error),
            };
            let sent = written(self.stream.write(&buf[..count]))?;
            if sent < count {
                self.unsent.extend(&buf[sent..count]);
                if !self.flush()? {
                    return Ok(true);
                }
            }
        }
    }

    /// Writes until the socket is full. Returns whether all is written: if not, mio
    /// reports when there is room.
    fn flush(&mut self) -> io::Result<bool> {
        while !self.unsent.is_empty() {
            let sent = written(self.stream.write(&self.unsent))?;
            if sent == 0 {
                return Ok(false);
            }
            self.unsent.drain(..sent);
        }
        Ok(true)
    }
}

fn written(result: io::Result<usize>) -> io::Result<usize> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
        result => result,
    }
}
