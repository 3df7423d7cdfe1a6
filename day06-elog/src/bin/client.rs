//! The client: sends the lines of its input, prints the replies.

mod cli;

use std::env;
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Write};
use std::process::ExitCode;
use std::thread;

use cli::Exit;
use day06_elog as reactor;
use reactor::{InetAddr, Socket};

const HELP: &str = concat!(
    "Sends each line of its input to an echo server and prints the reply.

Usage: ",
    env!("CARGO_PKG_NAME"),
    "-client [ADDR]

  ADDR           the server's IP:PORT [default: 127.0.0.1:8888]
  --help         print this text"
);

fn main() -> ExitCode {
    cli::exit_code(converse())
}

fn converse() -> Result<(), Exit> {
    let addr = parse_args(env::args_os().skip(1))?;
    let server = connect(&addr).map_err(|error| cannot_connect(&addr, &error))?;
    let mut replies = BufReader::new(&server);
    let mut input = io::stdin().lock();
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        if !line.ends_with(b"\n") {
            line.push(b'\n');
        }
        let reply = exchange(&server, &mut replies, &line)
            .map_err(|error| Exit::Failed(format!("the server at {addr} went away: {error}")))?;
        match io::stdout().write_all(&reply) {
            // The program that reads the replies has enough of them, as head(1) has.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => break,
            written => written?,
        }
        line.clear();
    }
    Ok(())
}

/// The server's address.
fn parse_args(args: impl Iterator<Item = OsString>) -> Result<InetAddr, Exit> {
    let mut addr = None;
    for arg in args {
        if arg == "--help" || arg == "-h" {
            return Err(Exit::Help(HELP));
        }
        addr = Some(cli::positional_addr(addr, &arg)?);
    }
    Ok(addr.unwrap_or_else(cli::default_addr))
}

fn cannot_connect(addr: &InetAddr, error: &io::Error) -> Exit {
    Exit::Failed(match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            format!("cannot connect to {addr}: connection refused — is the server running?")
        }
        _ => format!("cannot connect to {addr}: {error}"),
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_takes_one_address() {
        let parse = |line: &[&str]| parse_args(line.iter().map(OsString::from));
        assert_eq!(parse(&[]).unwrap(), cli::default_addr());
        assert_eq!(parse(&["127.0.0.1:9"]).unwrap().port(), 9);
        assert!(matches!(parse(&["--quiet"]), Err(Exit::Usage(_))));
        assert!(matches!(parse(&["-h"]), Err(Exit::Help(_))));
    }
}
