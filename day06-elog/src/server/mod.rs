//! The server: accepting clients, their connections, and the threads that serve them.

mod acceptor;
mod connection;
mod event_loop_thread_pool;
mod handles;
mod loop_buffers;
mod options;
mod server_inner;
mod stats;
mod tcp_server;
mod worker;

pub use connection::{Connection, ReadBuf, State};
pub use event_loop_thread_pool::EventLoopThreadPool;
pub use handles::{ConnHandle, ServerHandle};
pub use options::ServerOptions;
pub use stats::{CloseReason, Stats};
pub use tcp_server::TcpServer;
