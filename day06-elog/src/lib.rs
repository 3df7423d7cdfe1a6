//! Day 6: a log that does not make the server wait.
//!
//! The server's reports go to a file, through [`elog`]. A thread that logs formats its line
//! into a buffer on the stack and copies it under a lock that it holds for some nanoseconds.
//! A writer thread, which does nothing else, writes the lines. The disk may be slow, the
//! loops are not.
//!
//! ```text
//! main reactor    Acceptor ─────────────────┐
//! sub-reactors    worker ─ Connection ──────┤ warn!, info!, …
//!                 worker ─ Connection ──────┤
//!                                           ▼
//!                                      double buffer ─ writer thread ─ server.log
//! ```
//!
//! # Map
//!
//! - [`elog`]: the log; [`error!`], [`warn!`], [`info!`], [`debug!`] and [`trace!`] write
//!   to it.
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
//! # A line
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use day06_elog as reactor;
//! # let dir = tempfile::tempdir()?;
//! # let path = dir.path().join("server.log");
//! use std::time::Duration;
//! use reactor::elog::Elog;
//! use reactor::warn;
//!
//! let log = Elog::builder(&path).init()?;
//! warn!("client {} is slow", 5);
//! let stats = log.shutdown(Duration::from_secs(5))?;
//! assert_eq!((stats.accepted, stats.written), (1, 1));
//! # Ok(())
//! # }
//! ```
//!
//! # Known limits
//!
//! - The thread that logs formats the line, which takes some hundred nanoseconds. Loggers
//!   that take ten copy the arguments and format them in their own thread: another design,
//!   with another price.
//! - What the echo program prints of its clients is its output and not its log. While stdout
//!   is full, lines are dropped.
//! - A callback that blocks holds up its whole loop: it is the price of a reactor.
//! - Connections are distributed in turn and do not move, whatever load they bring.

// The lesson's Rust is compiled with the examples of the docs.
#![cfg_attr(doctest, doc = include_str!("../README.md"))]

#[cfg(not(target_os = "linux"))]
compile_error!(
    "this course is about Linux's epoll and builds on Linux only: \
     use WSL2 on Windows, or a Linux container or virtual machine anywhere else"
);

mod base;
pub mod elog;
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
