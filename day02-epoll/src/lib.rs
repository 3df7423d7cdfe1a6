//! Day 2: epoll, and one thread for all clients.
//!
//! A thread a client is a thread a *waiting* client. [`Epoll`] waits for all of
//! them at once: the kernel keeps the descriptors it watches in a red-black tree
//! and those that have something to say in a ready list, so that asking costs as
//! much as there is news, however many clients are silent.
//!
//! ```text
//! one thread           epoll_wait → for each event: accept, read or write → epoll_wait → …
//! ```
//!
//! Nothing may wait any more but `epoll_wait`: every socket is nonblocking, and
//! what a socket does not take at once is kept until epoll says that there is
//! room.
//!
//! # Map
//!
//! - [`Epoll`]: the descriptors that are watched; a wait brings [`Events`].
//! - [`EpollFlags`]: what is waited for, and what has happened.
//! - [`InetAddr`]: an IP address and a port.
//! - [`Socket`]: one end of a connection, or the door that new ones come through;
//!   [`out_of_resources`] sorts the errors of that door.
//! - [`Printable`], [`report`]: how to show what a client sent, and what went wrong.
//! - [`cli`]: the command line of the programs, and no part of the lesson.
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
//! - Waiting, bookkeeping and the echo itself are one function, and an event is
//!   known by a bare descriptor number, which the kernel gives to the next client
//!   as soon as the last one has gone. Day 3 gives each descriptor a `Channel`
//!   and each event a token that is never used twice.
//! - One thread: a machine's other cores do nothing. Day 5 gives each core a loop.
//! - A client that sends and never reads makes its output grow without bound.
//!   Day 5 stops reading from it.
//! - Whoever finds no descriptor free waits in the listener's queue, and is told
//!   nothing. Day 5 sends them away.
//! - Ctrl-C ends the process in the middle of whatever it is doing. Day 4 reads
//!   signals like any other event and ends cleanly.

// The lesson's Rust is compiled with the examples of the docs.
#![cfg_attr(doctest, doc = include_str!("../README.md"))]

#[cfg(not(target_os = "linux"))]
compile_error!(
    "this course is about Linux's epoll and builds on Linux only: \
     use WSL2 on Windows, or a Linux container or virtual machine anywhere else"
);

pub mod cli;
mod epoll;
mod epoll_flags;
mod inet_addr;
mod printable;
mod report;
mod socket;
mod syscall;

pub use epoll::{Epoll, Event, Events};
pub use epoll_flags::EpollFlags;
pub use inet_addr::{InetAddr, ParseInetAddrError};
pub use printable::Printable;
pub use report::report;
pub use socket::{Socket, out_of_resources};
