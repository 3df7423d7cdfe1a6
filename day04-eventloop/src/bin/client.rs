//! The client: sends the lines of its input, prints the replies.

mod cli;

use std::io::{self, BufRead, BufReader, Write};
use std::process::ExitCode;
use std::thread;

use cli::Exit;
use day04_eventloop as reactor;
use reactor::{InetAddr, Socket};

fn main() -> ExitCode {
    cli::exit_code(converse())
}

fn converse() -> Result<(), Exit> {
    let addr = cli::client_addr()?;
    let server = connect(&addr).map_err(|error| Exit::cannot_connect(&addr, &error))?;
    let mut replies = BufReader::new(&server);
    let mut input = io::stdin().lock();
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        if !line.ends_with(b"\n") {
            line.push(b'\n');
        }
        let reply = exchange(&server, &mut replies, &line)
            .map_err(|error| Exit::Failed(format!("the server at {addr} went away: {error}")))?;
        io::stdout().write_all(&reply)?;
        line.clear();
    }
    Ok(())
}

fn connect(addr: &InetAddr) -> io::Result<Socket> {
    let socket = Socket::new(addr)?;
    socket.connect(addr)?;
    Ok(socket)
}

/// Sends a line and reads up to the end of the line that comes back.
///
/// Both happen at the same time: a line may be longer than what the buffers of both
/// sockets hold. A client that sent all of it before reading would then wait for the
/// server, and the server for the client.
fn exchange(mut server: &Socket, replies: &mut impl BufRead, line: &[u8]) -> io::Result<Vec<u8>> {
    thread::scope(|scope| {
        let sender = scope.spawn(move || server.write_all(line));
        let mut reply = Vec::new();
        replies.read_until(b'\n', &mut reply)?;
        if !reply.ends_with(b"\n") {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        sender
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        Ok(reply)
    })
}
