//! Day 3: a Channel for each descriptor.
//!
//! A [`Channel`] binds a descriptor to what is to be done when it is ready.
//! [`Epoll`] finds the channel of an event, the channel calls its callbacks, and
//! neither knows that this is an echo server.
//!
//! ```text
//! one thread           epoll_wait → for each event: its Channel → read, write or close callback
//! ```
//!
//! Events carry a [`Token`] instead of a descriptor's number, so that what was
//! meant for a connection that has gone never reaches the one that came after it.
//!
//! # Map
//!
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
//! - The loop stands in the echo program, can only be ended from outside, and does
//!   nothing at a given time. Day 4 makes it an `EventLoop` with timers, signals and
//!   a door for other threads.
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

mod channel;
pub mod cli;
mod epoll;
mod epoll_flags;
mod inet_addr;
mod printable;
mod report;
mod slots;
mod socket;
mod syscall;
mod token;

pub use channel::Channel;
pub use epoll::{Epoll, Event, Events};
pub use epoll_flags::EpollFlags;
pub use inet_addr::{InetAddr, ParseInetAddrError};
pub use printable::Printable;
pub use report::report;
pub use socket::{Socket, out_of_resources};
pub use token::Token;

pub(crate) use slots::Slots;
