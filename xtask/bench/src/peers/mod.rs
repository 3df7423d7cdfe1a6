//! The servers that the days are measured against. All echo what they read, byte
//! for byte, on one thread.

mod floor;
mod mio;
mod tokio;

use std::io;
use std::net::{SocketAddr, TcpListener};

use clap::ValueEnum;
use socket2::{Domain, Socket, Type};

/// As long a queue as the days ask for.
const BACKLOG: i32 = 4096;

/// How much a peer reads at a time.
const READ_SIZE: usize = 64 * 1024;

/// A server that is part of this program, and runs as a process of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Peer {
    /// The least that a server on epoll can do.
    Floor,
    Mio,
    Tokio,
}

impl Peer {
    /// Serves until the process is ended.
    pub(crate) fn serve(self, addr: SocketAddr) -> io::Result<()> {
        let listener = listen(addr)?;
        match self {
            Self::Floor => floor::serve(&listener),
            Self::Mio => mio::serve(listener),
            Self::Tokio => tokio::serve(listener),
        }
    }
}

fn listen(addr: SocketAddr) -> io::Result<TcpListener> {
    let listener = Socket::new(Domain::for_address(addr), Type::STREAM, None)?;
    listener.set_reuse_address(true)?;
    // Accepted sockets inherit it.
    listener.set_tcp_nodelay(true)?;
    listener.set_nonblocking(true)?;
    listener.bind(&addr.into())?;
    listener.listen(BACKLOG)?;
    Ok(listener.into())
}
