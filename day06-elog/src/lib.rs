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
//! # Known limits
//!
//! - A line is formatted by whoever logs it, which takes some hundred nanoseconds. The
//!   loggers that take ten copy the arguments and leave the formatting to their thread:
//!   another design, with another price.

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
