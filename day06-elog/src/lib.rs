//! Day 6: a log that does not make the server wait.
//!
//! What a server has to say about itself goes to a file, through [`elog`]: a line is
//! formatted into a buffer on the stack, copied under a lock that is held for some
//! nanoseconds, and written by a thread that has nothing else to do. The disk may be slow,
//! the loops are not.
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
//! - A line is formatted by whoever logs it, which takes some hundred nanoseconds. The
//!   loggers that take ten copy the arguments and leave the formatting to their thread:
//!   another design, with another price.
//! - What the echo program prints of its clients is its output and not its log: where
//!   nobody reads it, the loop waits.
//! - A callback that waits holds up its whole loop: it is the price of a reactor.
//! - Connections are dealt out in turn and do not move, whatever load they bring.

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
pub mod elog;
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
