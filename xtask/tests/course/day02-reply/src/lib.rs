//! Day 2: a type for the answer.

mod reply;

use std::io;
use std::net::TcpListener;

pub use reply::Reply;

/// Listens, and says where.
pub fn listen(addr: &str) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(addr)?;
    println!("listening on {}", listener.local_addr()?);
    Ok(listener)
}
