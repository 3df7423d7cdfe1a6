//! Day 1: sockets, and a thread for each client.
//!
//! An [`InetAddr`] is an address, a [`Socket`] is a TCP socket, and the echo program
//! puts them together in the oldest way: the main thread accepts connections, and
//! each client gets a thread of its own that waits for its bytes.
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
//! - [`Socket`]: a listening socket or one end of a connection;
//!   [`out_of_resources`] sorts the errors of `accept`.
//! - [`log_stderr`], [`print_line`]: where errors and output go, without waiting.
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
//! let listener = Socket::new(&addr)?;
//! listener.bind(&addr)?;
//! listener.listen()?;
//!
//! let client = Socket::new(&addr)?;
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

pub use base::{log_stderr, print_line};
pub use net::{InetAddr, ParseInetAddrError, Socket, out_of_resources};
