//! A bare level-triggered epoll loop: what every abstraction is measured against.

use std::io;
use std::net::TcpListener;
use std::os::fd::{AsRawFd, OwnedFd};

use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, SocketFlags, accept_with, recv, send};

use super::READ_SIZE;

const EVENTS: usize = 1024;

struct Client {
    socket: OwnedFd,
    /// What the socket had no room for. While there is any, nothing is read.
    unsent: Vec<u8>,
}

/// Whether a connection is kept.
enum Next {
    Stay,
    Close,
}

pub(super) fn serve(listener: &TcpListener) -> io::Result<()> {
    let epoll = epoll::create(CreateFlags::CLOEXEC)?;
    let listener_key = key_of(listener);
    epoll::add(
        &epoll,
        listener,
        EventData::new_u64(listener_key),
        EventFlags::IN,
    )?;
    let mut clients: Vec<Option<Client>> = Vec::new();
    let mut events = Vec::with_capacity(EVENTS);
    let mut buf = vec![0; READ_SIZE];
    loop {
        match epoll::wait(&epoll, spare_capacity(&mut events), None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        for event in events.drain(..) {
            let key = event.data.u64();
            if key == listener_key {
                accept_all(listener, &epoll, &mut clients)?;
                continue;
            }
            let Some(slot) = clients.get_mut(key as usize) else {
                continue;
            };
            let Some(client) = slot else { continue };
            match client.go_on(event.flags, &epoll, &mut buf) {
                Ok(Next::Stay) => {}
                Ok(Next::Close) | Err(_) => *slot = None,
            }
        }
    }
}

fn accept_all(
    listener: &TcpListener,
    epoll: &OwnedFd,
    clients: &mut Vec<Option<Client>>,
) -> io::Result<()> {
    loop {
        let socket = match accept_with(listener, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC) {
            Ok(socket) => socket,
            Err(Errno::AGAIN) => return Ok(()),
            Err(Errno::INTR | Errno::CONNABORTED) => continue,
            Err(error) => return Err(error.into()),
        };
        let key = key_of(&socket);
        epoll::add(epoll, &socket, EventData::new_u64(key), EventFlags::IN)?;
        if clients.len() <= key as usize {
            clients.resize_with(key as usize + 1, || None);
        }
        clients[key as usize] = Some(Client {
            socket,
            unsent: Vec::new(),
        });
    }
}

impl Client {
    fn go_on(
        &mut self,
        ready: EventFlags,
        epoll: &OwnedFd,
        buf: &mut [u8],
    ) -> rustix::io::Result<Next> {
        if !self.unsent.is_empty() {
            if ready.intersects(EventFlags::OUT | EventFlags::ERR | EventFlags::HUP) {
                let sent = send(&self.socket, &self.unsent, SendFlags::NOSIGNAL)?;
                self.unsent.drain(..sent);
                if self.unsent.is_empty() {
                    self.unsent = Vec::new();
                    self.wait_for(EventFlags::IN, epoll)?;
                }
            }
            return Ok(Next::Stay);
        }
        let (_, count) = recv(&self.socket, &mut *buf, RecvFlags::empty())?;
        if count == 0 {
            return Ok(Next::Close);
        }
        let sent = match send(&self.socket, &buf[..count], SendFlags::NOSIGNAL) {
            Err(Errno::AGAIN) => 0,
            sent => sent?,
        };
        if sent < count {
            self.unsent.extend(&buf[sent..count]);
            self.wait_for(EventFlags::OUT, epoll)?;
        }
        Ok(Next::Stay)
    }

    fn wait_for(&self, what: EventFlags, epoll: &OwnedFd) -> rustix::io::Result<()> {
        let key = EventData::new_u64(key_of(&self.socket));
        epoll::modify(epoll, &self.socket, key, what)
    }
}

/// A descriptor is its own key: each socket here has one owner and is closed with
/// its slot.
fn key_of(socket: &impl AsRawFd) -> u64 {
    u64::from(socket.as_raw_fd().unsigned_abs())
}
