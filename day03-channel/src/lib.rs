//! Day 3: a Channel for each descriptor.
//!
//! A [`Channel`] is a descriptor with the callbacks of its events. [`Epoll`] finds the
//! channel of an event, the channel calls its callbacks, and neither knows that this is
//! an echo server.
//!
//! ```text
//! one thread           epoll_wait → for each event: its Channel → read, write or close callback
//! ```
//!
//! Events carry a [`Token`] instead of a descriptor's number, so that an event of a
//! closed connection never reaches a later connection with the same number.
//!
//! # Map
//!
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
//! # A callback
//!
//! ```
//! # fn main() -> std::io::Result<()> {
//! # use day03_channel as reactor;
//! use std::io::Write;
//! use std::os::unix::net::UnixStream;
//! use std::rc::Rc;
//! use reactor::{Channel, Epoll, Events};
//!
//! let (mut theirs, ours) = UnixStream::pair()?;
//! let epoll = Rc::new(Epoll::new()?);
//! let channel = Channel::new(&epoll, Rc::new(ours));
//! channel.set_read_callback(|channel| channel.remove().unwrap());
//! channel.enable_reading()?;
//!
//! theirs.write_all(b"hello")?;
//! let mut events = Events::with_capacity(64);
//! epoll.wait(&mut events, None)?;
//! for event in events.iter() {
//!     if let Some(channel) = epoll.channel(&event) {
//!         channel.set_ready_events(event.ready());
//!         channel.handle_event();
//!     }
//! }
//! assert!(!channel.in_epoll());
//! # Ok(())
//! # }
//! ```
//!
//! # Known limits
//!
//! - The loop stands in the echo program, has no way to end, and no timers. Day 4
//!   makes it an `EventLoop` with timers, signals and a task queue for other threads.
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
pub use reactor::{Channel, Epoll, EpollFlags, Event, Events, Token};
