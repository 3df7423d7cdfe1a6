//! Answers each client's first line.

use std::env;
use std::io::{self, BufRead, BufReader, Write};

use day01_listen as reactor;
use reactor::listen;

fn main() -> io::Result<()> {
    let addr = env::args().nth(1).unwrap_or("127.0.0.1:8888".to_owned());
    for client in listen(&addr)?.incoming() {
        let mut client = client?;
        let mut line = String::new();
        BufReader::new(&client).read_line(&mut line)?;
        println!("Message from {}: {}", client.peer_addr()?, line.trim_end());
        write!(client, "Echo: {line}")?;
    }
    Ok(())
}
