//! Addresses and sockets.

mod inet_addr;
mod socket;

pub use inet_addr::{InetAddr, ParseInetAddrError};
pub use socket::{Socket, out_of_resources};
