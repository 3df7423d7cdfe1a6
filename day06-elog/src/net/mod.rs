//! Addresses, sockets, and a buffer for their bytes.

mod buffer;
mod inet_addr;
mod server_socket;
mod socket;

pub use buffer::Buffer;
pub use inet_addr::{InetAddr, ParseInetAddrError};
pub(crate) use socket::BACKLOG;
pub use socket::{Socket, out_of_resources};
