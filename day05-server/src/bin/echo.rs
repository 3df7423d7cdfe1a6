//! An echo server in a callback.

mod cli;

use std::cell::Cell;
use std::process::ExitCode;
use std::time::Duration;

use cli::{Exit, Options};
use day05_server as reactor;
use reactor::{Connection, EventLoop, Signal, Signals, State, TcpServer, log_stderr};

/// How long clients have to read their replies after Ctrl-C.
const GRACE: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    cli::exit_code(serve())
}

fn serve() -> Result<(), Exit> {
    let options = Options::from_args()?;
    let addr = options.addr;
    let event_loop = EventLoop::new()?;
    let signals = Signals::block(&[Signal::Interrupt, Signal::Terminate, Signal::User1])?;

    let mut server = TcpServer::new(&event_loop, addr);
    if let Some(threads) = options.threads {
        server.set_thread_num(threads);
    }
    server.on_connect(echo(options));
    server.on_stop(|event_loop| event_loop.quit());
    let server_handle = server
        .start()
        .map_err(|error| Exit::cannot_listen(&addr, &error))?;

    let loop_handle = event_loop.handle();
    let local_addr = server_handle.local_addr();
    let is_stopping = Cell::new(false);
    let _watch = signals.watch(&event_loop, move |signal| match signal {
        Signal::User1 => cli::print_line(format_args!("{}", server_handle.stats())),
        Signal::Interrupt | Signal::Terminate | Signal::Hangup => {
            // A second signal ends the server at once. A loop that has ended needs no request.
            let _ = if is_stopping.replace(true) {
                loop_handle.quit()
            } else {
                report_clients(server_handle.stats().active());
                server_handle.stop(GRACE)
            };
        }
    })?;
    cli::print_line(format_args!("listening on {local_addr}"));
    event_loop.run()?;
    Ok(())
}

fn report_clients(clients: u64) {
    if clients > 0 {
        let seconds = GRACE.as_secs();
        log_stderr(format_args!(
            "clients still here: {clients}, for up to {seconds} s; Ctrl-C again ends at once"
        ));
    }
}

fn echo(options: Options) -> impl Fn(&Connection) {
    move |conn| {
        conn.read();
        if conn.state() == State::Closed {
            conn.close();
            return;
        }
        if !options.quiet {
            cli::print_message(conn.socket().fd(), &conn.read_buf());
        }
        conn.set_send_buf(options.reply(&conn.read_buf()));
        conn.write();
    }
}
