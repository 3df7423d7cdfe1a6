//! A chat room: each line of a client goes to all others. It is another kind of server than
//! the echo, by other callbacks; the original C++ derives a class for it.
//!
//! The clients are distributed over several loops. A client's line reaches the others
//! through their handles, whichever loop they are on.

#[path = "../src/bin/cli.rs"]
mod cli;

use std::collections::HashMap;
use std::env;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cli::Exit;
use day05_server as reactor;
use reactor::{ConnHandle, Connection, EventLoop, InetAddr, Signal, Signals, State, TcpServer};

/// The number of bytes after which a line without an end disconnects its client.
const LONGEST_LINE: usize = 4096;

/// How long clients have to read their last lines after Ctrl-C.
const GRACE: Duration = Duration::from_secs(1);

/// The members of the room by address.
#[derive(Default)]
struct Room {
    members: Mutex<HashMap<InetAddr, ConnHandle>>,
}

impl Room {
    fn enter(&self, conn: &Connection) {
        let who = conn.peer_addr();
        self.tell_others(who, &format!("* {who} has entered\n"));
        self.with_members(|members| members.insert(who, conn.handle()));
    }

    fn leave(&self, conn: &Connection) {
        let who = conn.peer_addr();
        self.with_members(|members| members.remove(&who));
        self.tell_others(who, &format!("* {who} has left\n"));
    }

    fn read_lines(&self, conn: &Connection) {
        conn.read();
        if conn.state() == State::Closed {
            conn.close();
            return;
        }
        let input = conn.read_buf();
        // A line may arrive in pieces: the next callback has the last piece.
        let complete = input
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map_or(0, |at| at + 1);
        for line in input[..complete].split_inclusive(|&byte| byte == b'\n') {
            let line = String::from_utf8_lossy(line);
            self.tell_others(conn.peer_addr(), &format!("{}: {line}", conn.peer_addr()));
        }
        if input.len() - complete > LONGEST_LINE {
            conn.close();
        }
        conn.keep_from(complete);
    }

    /// Sends a line to all members but its author. They share one copy of it.
    fn tell_others(&self, author: InetAddr, line: &str) {
        let line: Arc<[u8]> = line.as_bytes().into();
        self.with_members(|members| {
            for (_, member) in members.iter().filter(|(who, _)| **who != author) {
                // A member whose loop has ended is leaving.
                let _ = member.send(Arc::clone(&line));
            }
        });
    }

    fn with_members<T>(&self, f: impl FnOnce(&mut HashMap<InetAddr, ConnHandle>) -> T) -> T {
        f(&mut self.members.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn main() -> ExitCode {
    cli::exit_code(chat())
}

fn chat() -> Result<(), Exit> {
    let addr = env::args()
        .nth(1)
        .unwrap_or("127.0.0.1:8888".into())
        .parse()?;
    let event_loop = EventLoop::new()?;
    let signals = Signals::block(&[Signal::Interrupt, Signal::Terminate])?;

    let room = Arc::new(Room::default());
    let mut server = TcpServer::new(&event_loop, addr);
    let [opened, read] = [Arc::clone(&room), Arc::clone(&room)];
    server.on_open(move |conn| opened.enter(conn));
    server.on_connect(move |conn| read.read_lines(conn));
    server.on_close(move |conn, _reason| room.leave(conn));
    server.on_stop(|event_loop| event_loop.quit());
    let handle = server
        .start()
        .map_err(|error| Exit::cannot_listen(&addr, &error))?;

    let local_addr = handle.local_addr();
    let _watch = signals.watch(&event_loop, move |_| {
        // A loop that has ended needs no request.
        let _ = handle.stop(GRACE);
    })?;
    cli::print_line(format_args!("listening on {local_addr}"));
    event_loop.run()?;
    Ok(())
}
