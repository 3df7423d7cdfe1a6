//! An echo server in a callback.

use std::cell::Cell;
use std::process::ExitCode;
use std::time::Duration;

use day06_elog as reactor;
use reactor::cli::{self, Exit, Options};
use reactor::elog::Elog;
use reactor::{Connection, EventLoop, Signal, Signals, State, TcpServer, info, report};

/// How long clients have to take their replies after Ctrl-C.
const GRACE: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    cli::exit_code(serve())
}

fn serve() -> Result<(), Exit> {
    let options = Options::from_args()?;
    let addr = options.addr;
    let event_loop = EventLoop::new()?;
    let signals = Signals::block(&[
        Signal::Interrupt,
        Signal::Terminate,
        Signal::Hangup,
        Signal::User1,
    ])?;
    let log = options
        .log
        .as_ref()
        .map(|path| Elog::builder(path).panic_hook(true).init())
        .transpose()?;

    let mut server = TcpServer::new(&event_loop, addr);
    if let Some(threads) = options.threads {
        server.set_thread_num(threads);
    }
    server.on_connect(move |conn| echo(conn, &options));
    server.on_stop(|event_loop| event_loop.quit());
    let server_handle = server
        .start()
        .map_err(|error| Exit::cannot_listen(&addr, &error))?;

    let loop_handle = event_loop.handle();
    let local_addr = server_handle.local_addr();
    let is_stopping = Cell::new(false);
    let logger = log.as_ref().map(|guard| guard.logger());
    signals.watch(&event_loop, move |signal| match signal {
        Signal::Hangup => logger.iter().for_each(|logger| logger.reopen()),
        Signal::User1 => cli::print_line(format_args!("{}", server_handle.stats())),
        _ if is_stopping.replace(true) => loop_handle.quit(),
        _ => {
            let (clients, seconds) = (server_handle.stats().active(), GRACE.as_secs());
            if clients > 0 {
                report(format_args!(
                    "clients still here: {clients}, for up to {seconds} s; Ctrl-C again ends at once"
                ));
            }
            server_handle.stop(GRACE);
        }
    })?;
    cli::print_line(format_args!("listening on {local_addr}"));
    info!("listening on {local_addr}");
    event_loop.run()?;
    info!("stopped");
    Ok(())
}

fn echo(conn: &Connection, options: &Options) {
    conn.read();
    if conn.state() == State::Closed {
        conn.close();
        return;
    }
    if !options.quiet {
        let fd = conn.socket().fd();
        cli::print_line(format_args!(
            "Message from client {fd}: {}",
            conn.read_buf()
        ));
    }
    if options.prefix.is_empty() {
        conn.set_send_buf(conn.read_buf());
    } else {
        conn.set_send_buf([&*options.prefix, &*conn.read_buf()].concat());
    }
    conn.write();
}
