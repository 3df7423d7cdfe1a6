//! Day 5: the TcpServer.
//!
//! What every server does is now in the library: an [`Acceptor`] takes connections, an
//! [`EventLoopThreadPool`] gives each core a loop, a [`Connection`] keeps what its socket
//! does not take at once in a [`Buffer`], and [`TcpServer`] puts them together. What is
//! left to write is what makes a server this server and no other: a callback.
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
//! - [`TcpServer`]: a server on one loop or many, set up by [`ServerOptions`].
//! - [`Connection`]: a client, as a callback sees it; [`ConnHandle`] reaches it from
//!   elsewhere.
//! - [`ServerHandle`]: stops a server, and counts what it has done ([`Stats`],
//!   [`CloseReason`]).
//! - [`Acceptor`], [`EventLoopThreadPool`], [`Buffer`]: the parts that it is made of.
//! - [`EventLoop`]: waits, calls, and keeps the timers ([`TimerId`]).
//! - [`LoopHandle`]: the part of a loop that other threads may have.
//! - [`Signals`]: Ctrl-C and its like ([`Signal`]), as events.
//! - [`Channel`]: a descriptor and its callbacks.
//! - [`Token`]: the channel's name in the kernel, never used twice.
//! - [`Epoll`]: the descriptors that are watched; a wait brings [`Events`].
//! - [`EpollFlags`]: what is waited for, and what has happened.
//! - [`InetAddr`]: an IP address and a port.
//! - [`Socket`]: one end of a connection, or the door that new ones come through;
//!   [`out_of_resources`] sorts the errors of that door.
//! - [`Printable`], [`report`]: how to show what a client sent, and what went wrong.
//! - [`cli`]: the command line of the programs, and no part of the lesson.
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
//!     handle.stop(Duration::from_secs(1));
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
//! - The server says what goes wrong on stderr, where each line is a system call that
//!   the loop waits for. Day 6 gives it a log that does not make it wait.
//! - A callback that waits holds up its whole loop. No day lifts this: it is the price
//!   of a reactor.
//! - Connections are dealt out in turn and do not move, whatever load they bring. No day
//!   lifts this either.

// The lesson's Rust is compiled with the examples of the docs.
#![cfg_attr(doctest, doc = include_str!("../README.md"))]

#[cfg(not(target_os = "linux"))]
compile_error!(
    "this course is about Linux's epoll and builds on Linux only: \
     use WSL2 on Windows, or a Linux container or virtual machine anywhere else"
);

mod acceptor;
mod buffer;
mod channel;
pub mod cli;
mod conn_handle;
mod connection;
mod epoll;
mod epoll_flags;
mod event_fd;
mod event_loop;
mod event_loop_thread_pool;
mod inet_addr;
mod loop_handle;
mod mailbox;
mod printable;
mod report;
mod server_handle;
mod server_options;
mod signals;
mod slots;
mod socket;
mod stats;
mod sync;
mod syscall;
mod tcp_server;
mod timers;
mod token;
mod token_map;
mod worker;

pub use acceptor::Acceptor;
pub use buffer::Buffer;
pub use channel::Channel;
pub use conn_handle::ConnHandle;
pub use connection::{Connection, ReadBuf, State};
pub use epoll::{Epoll, Event, Events};
pub use epoll_flags::EpollFlags;
pub use event_loop::EventLoop;
pub use event_loop_thread_pool::EventLoopThreadPool;
pub use inet_addr::{InetAddr, ParseInetAddrError};
pub use loop_handle::{LoopEnded, LoopHandle};
pub use printable::Printable;
pub use report::report;
pub use server_handle::ServerHandle;
pub use server_options::ServerOptions;
pub use signals::{Signal, Signals};
pub use socket::{Socket, out_of_resources};
pub use stats::{CloseReason, Stats};
pub use tcp_server::TcpServer;
pub use timers::TimerId;
pub use token::Token;

pub(crate) use slots::Slots;
