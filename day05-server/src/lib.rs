//! Day 5: the TcpServer.
//!
//! What every server needs is now in the library: an acceptor accepts connections, an
//! [`EventLoopThreadPool`] runs a loop on each core, a [`Connection`] keeps the output that
//! its socket does not take at once, and [`TcpServer`] puts them together. A program adds
//! the callback that makes it this server and no other.
//!
//! ```text
//! main reactor    Acceptor: accept ─┬───────────────┐ round robin
//!                                   ▼               ▼
//! sub-reactors    EventLoop ─ worker   EventLoop ─ worker       (a thread each)
//!                              ├ Connection   ├ Connection
//!                              └ Connection   └ Connection ─ on_connect callback
//! ```
//!
//! # Map
//!
//! - [`TcpServer`]: a server on one loop or many, with its [`ServerOptions`].
//! - [`Connection`]: a client, as a callback sees it; [`State`], [`ReadBuf`] and
//!   [`CloseReason`] belong to it.
//! - [`ConnHandle`], [`ServerHandle`]: `Send` handles to a connection and to a server, whose
//!   numbers are [`Stats`].
//! - [`EventLoopThreadPool`]: threads with a loop each.
//! - [`EventLoop`]: waits, calls the channels, runs the timers ([`TimerId`]).
//! - [`LoopHandle`]: a `Send` handle to a loop; [`LoopEnded`] is its error.
//! - [`Remote`]: a `Send` handle to a value of the loop's thread.
//! - [`Signals`]: each [`Signal`], Ctrl-C for instance, as an event.
//! - [`Channel`]: a descriptor and its callbacks.
//! - [`Token`]: what a channel's events carry, never used twice.
//! - [`Epoll`]: the watched descriptors; a wait returns their [`Events`].
//! - [`EpollFlags`]: the interest in a descriptor, and its readiness.
//! - [`Buffer`]: bytes that wait for their socket.
//! - [`InetAddr`]: an IP address and a port.
//! - [`Socket`]: a listening socket or one end of a connection;
//!   [`out_of_resources`] sorts the errors of `accept`.
//! - [`log_stderr`], [`print_line`]: where errors and output go, without waiting.
//!
//! # A server
//!
//! ```
//! # fn main() -> std::io::Result<()> {
//! # use day05_server as reactor;
//! use std::io::{Read, Write};
//! use std::net::{SocketAddr, TcpStream};
//! use std::time::Duration;
//! use reactor::{EventLoop, InetAddr, State, TcpServer};
//!
//! let event_loop = EventLoop::new()?;
//! let mut server = TcpServer::new(&event_loop, InetAddr::new([127, 0, 0, 1], 0));
//! server.on_connect(|conn| {
//!     conn.read();
//!     if conn.state() == State::Closed {
//!         return conn.close();
//!     }
//!     conn.set_send_buf(conn.read_buf());
//!     conn.write();
//! });
//! server.on_stop(|event_loop| event_loop.quit());
//! let handle = server.start()?;
//!
//! let client = std::thread::spawn(move || {
//!     let mut stream = TcpStream::connect(SocketAddr::from(handle.local_addr()))?;
//!     stream.write_all(b"hello")?;
//!     let mut echo = [0; 5];
//!     stream.read_exact(&mut echo)?;
//!     handle.stop(Duration::from_secs(1)).expect("a running loop");
//!     std::io::Result::Ok(echo)
//! });
//! event_loop.run()?;
//! assert_eq!(&client.join().unwrap()?, b"hello");
//! # Ok(())
//! # }
//! ```
//!
//! # Known limits
//!
//! - The server reports errors on stderr, by a system call of the loop's thread for each
//!   line; while stderr is full, lines are dropped. Day 6 brings a log that keeps them.
//! - A callback that blocks holds up its whole loop. No day lifts this: it is the price of
//!   a reactor.
//! - Connections are distributed in turn and do not move, whatever load they bring. No day
//!   lifts this either.

// The lesson's Rust is compiled with the examples of the docs.
#![cfg_attr(doctest, doc = include_str!("../README.md"))]

#[cfg(not(target_os = "linux"))]
compile_error!(
    "this course is about Linux's epoll and builds on Linux only: \
     use WSL2 on Windows, or a Linux container or virtual machine anywhere else"
);

mod base;
mod net;
mod reactor;
mod server;

pub use base::{log_stderr, print_line};
pub use net::{Buffer, InetAddr, ParseInetAddrError, Socket, out_of_resources};
pub use reactor::{
    Channel, Epoll, EpollFlags, Event, EventLoop, Events, LoopEnded, LoopHandle, Remote, Signal,
    Signals, TimerId, Token,
};
pub use server::{
    CloseReason, ConnHandle, Connection, EventLoopThreadPool, ReadBuf, ServerHandle, ServerOptions,
    State, Stats, TcpServer,
};
