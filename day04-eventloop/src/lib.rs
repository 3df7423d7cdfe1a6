//! Day 4: the EventLoop.
//!
//! Waiting, finding the channel, calling it, waiting again: that part is the same
//! for every server, and now stands in one place, [`EventLoop`]. What else must
//! happen in the loop's thread comes in by the same wait: what other threads ask
//! for ([`LoopHandle`], by an eventfd), what is to be done later
//! ([`EventLoop::run_after`], by the wait's timeout), and signals
//! ([`Signals`], by a signalfd).
//!
//! ```text
//!                       ┌ sockets   ─ Channel ─ read, write or close callback
//! one thread   epoll_wait eventfd   ─ Channel ─ tasks from other threads
//!                       ├ signalfd  ─ Channel ─ signal callback
//!                       └ timeout ─────────── timers
//! ```
//!
//! # Map
//!
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
//! # A loop
//!
//! ```
//! # fn main() -> std::io::Result<()> {
//! # use day04_eventloop as reactor;
//! use std::io::Write;
//! use std::os::unix::net::UnixStream;
//! use std::rc::Rc;
//! use std::time::Duration;
//! use reactor::{Channel, EventLoop};
//!
//! let (mut theirs, ours) = UnixStream::pair()?;
//! let event_loop = EventLoop::new()?;
//! let handle = event_loop.handle();
//! let channel = Channel::new(&event_loop, Rc::new(ours));
//! channel.set_read_callback(move |_| handle.quit());
//! channel.enable_reading()?;
//!
//! event_loop.run_after(Duration::from_millis(1), move |_| {
//!     theirs.write_all(b"hello").unwrap();
//! });
//! event_loop.run()?;
//! # Ok(())
//! # }
//! ```
//!
//! # Known limits
//!
//! - The listener, the clients and their output are still the echo program's
//!   business, and would be every other server's. Day 5 makes them an `Acceptor`, a
//!   `Connection` and a `Buffer`.
//! - One thread: a machine's other cores do nothing. Day 5 gives each core a loop.
//! - A client that sends and never reads makes its output grow without bound.
//!   Day 5 stops reading from it.
//! - Whoever finds no descriptor free waits in the listener's queue, and is told
//!   nothing. Day 5 sends them away.
//! - Ctrl-C ends the server cleanly, but at once: replies that clients have not
//!   taken yet are dropped. Day 5 finishes them first.

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
mod event_fd;
mod event_loop;
mod inet_addr;
mod loop_handle;
mod mailbox;
mod printable;
mod report;
mod signals;
mod slots;
mod socket;
mod sync;
mod syscall;
mod timers;
mod token;

pub use channel::Channel;
pub use epoll::{Epoll, Event, Events};
pub use epoll_flags::EpollFlags;
pub use event_loop::EventLoop;
pub use inet_addr::{InetAddr, ParseInetAddrError};
pub use loop_handle::{LoopEnded, LoopHandle};
pub use printable::Printable;
pub use report::report;
pub use signals::{Signal, Signals};
pub use socket::{Socket, out_of_resources};
pub use timers::TimerId;
pub use token::Token;

pub(crate) use slots::Slots;
