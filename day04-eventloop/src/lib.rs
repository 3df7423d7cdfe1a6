//! Day 4: the EventLoop.
//!
//! The loop of day 3, wait, find the channel, call it, is the same for every server. It
//! now stands in [`EventLoop`]. Everything else that has to happen in the loop's thread
//! comes in by the same wait: tasks of other threads ([`LoopHandle`], by an eventfd),
//! timers ([`EventLoop::run_after`], by the wait's timeout), and signals ([`Signals`], by
//! a signalfd).
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
//! channel.set_read_callback(move |_| handle.quit().unwrap());
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
//! - The listener, the clients and their output are still part of the echo program, and
//!   every other server would need them too. Day 5 makes them a `TcpServer` with an
//!   `Acceptor` and its `Connection`s.
//! - One thread: a machine's other cores do nothing. Day 5 gives each core a loop.
//! - A client that sends and never reads makes its output grow without bound.
//!   Day 5 stops reading from it.
//! - When the process is out of descriptors, clients wait in the listener's queue
//!   without an answer. Day 5 rejects them.
//! - Ctrl-C ends the server cleanly, but at once: output that clients have not taken yet
//!   is dropped. Day 5 sends it first.

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
pub use reactor::{
    Channel, Epoll, EpollFlags, Event, EventLoop, Events, LoopEnded, LoopHandle, Remote, Signal,
    Signals, TimerId, Token,
};
