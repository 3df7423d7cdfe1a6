//! The other side of the conversation: sends lines, prints replies.

use std::io::{self, BufRead, BufReader, Write};
use std::process::ExitCode;
use std::thread;

use day06_elog as reactor;
use reactor::cli::{self, Exit};
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
    let socket = Socket::new(addr.domain())?;
    socket.connect(addr)?;
    Ok(socket)
}

/// Sends a line and reads up to the end of the line that comes back.
///
/// The two happen at the same time. A line may be longer than what both sockets'
/// buffers hold, and then a client that sends it all before it reads waits for a
/// server that waits for the client.
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
