//! Day 1: a server that answers.

use std::io;
use std::net::TcpListener;

/// Listens, and says where.
pub fn listen(addr: &str) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(addr)?;
    println!("listening on {}", listener.local_addr()?);
    Ok(listener)
}
