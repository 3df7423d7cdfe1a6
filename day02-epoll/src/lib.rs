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
//! # Known limits
//!
//! - Waiting, bookkeeping and the echo itself are one function, and an event is
//!   known by a bare descriptor number, which the kernel gives to the next client
//!   as soon as the last one has gone. Day 3 gives each descriptor a `Channel`
//!   and each event a token that is never used twice.
//! - A client that sends and never reads makes its output grow without bound.
//!   Day 5 stops reading from it.
//! - Ctrl-C ends the process in the middle of whatever it is doing. Day 4 reads
//!   signals like any other event and ends cleanly.

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
