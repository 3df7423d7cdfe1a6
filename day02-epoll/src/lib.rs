//! Day 2: epoll, and one thread for all clients.
//!
//! A thread a client is a thread a *waiting* client. [`Epoll`] waits for all clients
//! at once: the kernel keeps the watched descriptors in a red-black tree and the ready
//! ones in a ready list, so that a wait costs as much as there are events, however many
//! clients are idle.
//!
//! ```text
//! one thread           epoll_wait → for each event: accept, read or write → epoll_wait → …
//! ```
//!
//! Every socket is nonblocking, so that the thread waits for clients in `epoll_wait`
//! only. Bytes that a socket does not take at once wait in a [`Buffer`] until epoll
//! reports that there is room.
//!
//! # Map
//!
//! - [`Epoll`]: the watched descriptors; a wait returns their [`Events`].
//! - [`EpollFlags`]: the interest in a descriptor, and its readiness.
//! - [`Buffer`]: bytes that wait for their socket.
//! - [`InetAddr`]: an IP address and a port.
//! - [`Socket`]: a listening socket or one end of a connection;
//!   [`out_of_resources`] sorts the errors of `accept`.
//! - [`log_stderr`], [`print_line`]: where errors and output go, without waiting.
//!
//! # A wait
//!
//! ```
//! # fn main() -> std::io::Result<()> {
//! # use day02_epoll as reactor;
//! use std::io::Write;
//! use std::os::fd::AsFd;
//! use std::os::unix::net::UnixStream;
//! use reactor::{Epoll, EpollFlags, Events};
//!
//! let (mut theirs, ours) = UnixStream::pair()?;
//! let epoll = Epoll::new()?;
//! epoll.add(ours.as_fd(), EpollFlags::IN, 7)?;
//!
//! theirs.write_all(b"hello")?;
//! let mut events = Events::with_capacity(64);
//! epoll.wait(&mut events, None)?;
//! let event = events.iter().next().expect("there is something to read");
//! assert_eq!((event.token(), event.ready()), (7, EpollFlags::IN));
//! # Ok(())
//! # }
//! ```
//!
//! # Known limits
//!
//! - Waiting, bookkeeping and the echo itself are one program, and an event carries a
//!   bare descriptor number, which the kernel gives to the next client as soon as a
//!   client is closed. Day 3 gives each descriptor a `Channel`, and each event a token
//!   that is never used twice.
//! - One thread: a machine's other cores do nothing. Day 5 gives each core a loop.
//! - A client that sends and never reads makes its output grow without bound.
//!   Day 5 stops reading from it.
//! - When the process is out of descriptors, clients wait in the listener's queue
//!   without an answer. Day 5 rejects them.
//! - Ctrl-C ends the process in the middle of whatever it is doing. Day 4 reads
//!   signals like any other event and ends cleanly.

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

pub use base::{log_stderr, print_line};
pub use net::{Buffer, InetAddr, ParseInetAddrError, Socket, out_of_resources};
pub use reactor::{Epoll, EpollFlags, Event, Events};
