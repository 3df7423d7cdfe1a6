//! The echo server of the document, line for line.

#[path = "../src/bin/cli.rs"]
mod cli;

use std::env;

use cli::Exit;
use day06_elog as reactor;
use reactor::{EventLoop, State, TcpServer};

fn main() -> Result<(), Exit> {
    let addr = env::args().nth(1).unwrap_or("127.0.0.1:8888".into());
    let event_loop = EventLoop::new()?;
    let mut server = TcpServer::new(&event_loop, addr.parse()?);

    server.on_connect(|conn| {
        conn.read();
        if conn.state() == State::Closed {
            conn.close();
            return;
        }
        println!(
            "Message from client {}: {}",
            conn.socket().fd(),
            conn.read_buf()
        );
        conn.set_send_buf(conn.read_buf());
        conn.write();
    });

    println!("listening on {}", server.start()?.local_addr());
    event_loop.run()?;
    Ok(())
}
