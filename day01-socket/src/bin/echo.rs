//! An echo server with a thread for each client.

mod cli;

use std::io::{self, Read, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use cli::{Exit, Options};
use day01_socket as reactor;
use reactor::{InetAddr, Socket, log_stderr, out_of_resources};

/// How many bytes one read may bring. The samples' 1024 would do as well, but a megabyte
/// would then take a thousand system calls.
const READ_SIZE: usize = 64 * 1024;

/// On a cache line, as the kernel fills a misaligned buffer up to three times as slowly. Day 2
/// has the figures.
#[repr(align(64))]
struct ReadBuf([u8; READ_SIZE]);

/// How long to wait for a client to leave when there is no descriptor or thread left for
/// the next one.
const PAUSE: Duration = Duration::from_millis(100);

fn main() -> ExitCode {
    cli::exit_code(serve())
}

fn serve() -> Result<(), Exit> {
    let options = Arc::new(Options::from_args()?);
    let listener =
        listen(&options.addr).map_err(|error| Exit::cannot_listen(&options.addr, &error))?;
    cli::print_line(format_args!("listening on {}", listener.local_addr()?));

    loop {
        match listener.accept() {
            Ok((client, _peer)) => {
                let options = Arc::clone(&options);
                let spawned = thread::Builder::new().spawn(move || {
                    if let Err(error) = serve_client(&client, &options) {
                        log_stderr(format_args!("client {}: {error}", client.fd()));
                    }
                });
                if let Err(error) = spawned {
                    log_stderr(format_args!("cannot serve a client: {error}"));
                    thread::sleep(PAUSE);
                }
            }
            Err(error) => {
                log_stderr(format_args!("cannot accept a client: {error}"));
                if out_of_resources(&error) {
                    thread::sleep(PAUSE);
                }
            }
        }
    }
}

fn listen(addr: &InetAddr) -> io::Result<Socket> {
    let listener = Socket::new(addr)?;
    listener.set_reuse_address(true)?;
    listener.set_nodelay(true)?;
    listener.bind(addr)?;
    listener.listen()?;
    Ok(listener)
}

/// Echoes until the end of the client's stream.
fn serve_client(mut client: &Socket, options: &Options) -> io::Result<()> {
    let ReadBuf(buf) = &mut *Box::new(ReadBuf([0; READ_SIZE]));
    loop {
        let message = match client.read(buf)? {
            0 => return Ok(()),
            count => &buf[..count],
        };
        if !options.quiet {
            cli::print_message(client.fd(), message);
        }
        client.write_all(&options.reply(message))?;
    }
}
