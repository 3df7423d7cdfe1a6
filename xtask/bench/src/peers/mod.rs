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
    pub(crate) fn serve(self, listener: TcpListener) -> io::Result<()> {
        match self {
            Self::Floor => floor::serve(&listener),
            Self::Mio => mio::serve(listener),
            Self::Tokio => tokio::serve(listener),
        }
    }
}

pub(crate) fn listen(addr: SocketAddr) -> io::Result<TcpListener> {
    let listener = Socket::new(Domain::for_address(addr), Type::STREAM, None)?;
    listener.set_reuse_address(true)?;
    // Accepted sockets inherit it.
    listener.set_tcp_nodelay(true)?;
    listener.set_nonblocking(true)?;
    listener.bind(&addr.into())?;
    listener.listen(BACKLOG)?;
    Ok(listener.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::{Shutdown, TcpStream};
    use std::thread;
    use std::time::Duration;

    use crate::load::{Load, histogram};
    use crate::scenario::{SCENARIOS, Shape};

    /// The thread ends with the test's process.
    fn start(peer: Peer) -> SocketAddr {
        let listener = listen(([127, 0, 0, 1], 0).into()).unwrap();
        let addr = listener.local_addr().unwrap();
        thread::spawn(move || peer.serve(listener));
        addr
    }

    #[test]
    fn what_a_slow_reader_sent_comes_back_whole() {
        let sent: Vec<u8> = (0..4_000_000_u32).flat_map(u32::to_le_bytes).collect();
        for peer in Peer::value_variants() {
            let client = TcpStream::connect(start(*peer)).unwrap();
            let mut received = Vec::new();
            thread::scope(|scope| {
                scope.spawn(|| {
                    (&client).write_all(&sent).unwrap();
                    client.shutdown(Shutdown::Write).unwrap();
                });
                // Until then the reader leaves everything to the buffers.
                thread::sleep(Duration::from_millis(50));
                (&client).read_to_end(&mut received).unwrap();
            });
            assert!(received == sent, "{peer:?}");
        }
    }

    #[test]
    fn every_load_suits_every_peer() {
        for peer in Peer::value_variants() {
            let addr = start(*peer);
            for scenario in SCENARIOS {
                let shape = match scenario.load {
                    Shape::Echo {
                        size, in_flight, ..
                    } => Shape::Echo {
                        connections: 3,
                        size,
                        in_flight,
                    },
                    churn @ Shape::Churn { .. } => churn,
                };
                let mut latencies = histogram().unwrap();
                let mut load = Load::connect(shape, addr, 0).unwrap();
                let slice = load.run(Duration::from_millis(5), &mut latencies).unwrap();
                assert!(slice.echoes > 0, "{peer:?}, {}", scenario.title);
                assert_eq!(slice.echoes, latencies.len());
            }
        }
    }
}
