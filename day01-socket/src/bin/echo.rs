//! An echo server with a thread for each client.

use std::io::{self, Read, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use day01_socket as reactor;
use reactor::cli::{self, Exit, Options};
use reactor::{InetAddr, Printable, Socket, out_of_resources, report};

/// How many bytes one read may bring. The samples' 1024 would do, at the price of
/// a thousand system calls for each megabyte.
const READ_SIZE: usize = 64 * 1024;

/// How long to wait for a client to leave when there is no descriptor or thread
/// left for the next one.
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
                        report(format_args!("client {}: {error}", client.fd()));
                    }
                });
                if let Err(error) = spawned {
                    report(format_args!("cannot serve a client: {error}"));
                    thread::sleep(PAUSE);
                }
            }
            Err(error) => {
                report(format_args!("cannot accept a client: {error}"));
                if out_of_resources(&error) {
                    thread::sleep(PAUSE);
                }
            }
        }
    }
}

fn listen(addr: &InetAddr) -> io::Result<Socket> {
    let listener = Socket::new(addr.domain())?;
    listener.set_reuse_address(true)?;
    listener.set_nodelay(true)?;
    listener.bind(addr)?;
    listener.listen()?;
    Ok(listener)
}

/// Echoes until the client says that it has sent everything.
fn serve_client(mut client: &Socket, options: &Options) -> io::Result<()> {
    let mut buf = vec![0; READ_SIZE];
    loop {
        let message = match client.read(&mut buf)? {
            0 => return Ok(()),
            count => &buf[..count],
        };
        if !options.quiet {
            let (fd, text) = (client.fd(), Printable(message));
            cli::print_line(format_args!("Message from client {fd}: {text}"));
        }
        client.write_all(&[&options.prefix, message].concat())?;
    }
}
