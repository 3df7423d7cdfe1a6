//! Day 1: sockets, and a thread for each client.
//!
//! [`InetAddr`] says where, [`Socket`] is one end of a conversation, and the
//! echo program puts them together the oldest way there is: one thread accepts,
//! and every client gets a thread of its own that waits for it.
//!
//! ```text
//! main thread          socket → bind → listen → accept → accept → …
//!                                                 │        │
//! a thread a client                       read → write   read → write
//! ```
//!
//! # Map
//!
//! - [`InetAddr`]: an IP address and a port.
//! - [`Socket`]: one end of a connection, or the door that new ones come through;
//!   [`out_of_resources`] sorts the errors of that door.
//! - [`Printable`], [`report`]: how to show what a client sent, and what went wrong.
//! - [`cli`]: the command line of the programs, and no part of the lesson.
//!
//! # A conversation
//!
//! ```
//! # fn main() -> std::io::Result<()> {
//! # use day01_socket as reactor;
//! use std::io::{Read, Write};
//! use reactor::{InetAddr, Socket};
//!
//! let addr = InetAddr::new([127, 0, 0, 1], 0); // any free port
//! let listener = Socket::new(addr.domain())?;
//! listener.bind(&addr)?;
//! listener.listen()?;
//!
//! let client = Socket::new(addr.domain())?;
//! client.connect(&listener.local_addr()?)?;
//! (&client).write_all(b"hello")?;
//!
//! let (socket, peer) = listener.accept()?;
//! assert_eq!(peer, client.local_addr()?);
//! let mut buf = [0; 1024];
//! let count = (&socket).read(&mut buf)?;
//! assert_eq!(&buf[..count], b"hello");
//! # Ok(())
//! # }
//! ```
//!
//! # Known limits
//!
//! - A thread a client: a thousand idle clients hold a thousand stacks and wait in
//!   a thousand system calls. Day 2 serves them all with one thread.
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
mod inet_addr;
mod printable;
mod report;
mod socket;

pub use inet_addr::{InetAddr, ParseInetAddrError};
pub use printable::Printable;
pub use report::report;
pub use socket::{Socket, out_of_resources};
