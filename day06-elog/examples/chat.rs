//! A chat room: what one client says, all others hear. Another kind of server than the
//! echo, made by another callback; the C++ course derives a class for it.
//!
//! Each client is served by one of several loops. Whoever speaks reaches the others
//! through their handles, whichever loop they are on.

use std::collections::HashMap;
use std::env;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use day06_elog as reactor;
use reactor::cli::{self, Exit};
use reactor::{ConnHandle, Connection, EventLoop, InetAddr, Signal, Signals, State, TcpServer};

/// A client that says more than this without taking a breath is disconnected.
const LONGEST_LINE: usize = 4096;

/// How long clients have to hear the last words after Ctrl-C.
const GRACE: Duration = Duration::from_secs(1);

/// Who is in the room, by address.
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
        if self.with_members(|members| members.remove(&who)).is_some() {
            self.tell_others(who, &format!("* {who} has left\n"));
        }
    }

    fn listen_to(&self, conn: &Connection) {
        conn.read();
        if conn.state() == State::Closed {
            self.leave(conn);
            conn.close();
            return;
        }
        let said = conn.read_buf();
        // A line may come in pieces, and the last piece with the next callback.
        let complete = said
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map_or(0, |at| at + 1);
        for line in said[..complete].split_inclusive(|&byte| byte == b'\n') {
            let line = String::from_utf8_lossy(line);
            self.tell_others(conn.peer_addr(), &format!("{}: {line}", conn.peer_addr()));
        }
        if said.len() - complete > LONGEST_LINE {
            self.leave(conn);
            conn.close();
        }
        conn.keep_from(complete);
    }

    /// Posts a line to everybody but its author. All share one copy of it.
    fn tell_others(&self, author: InetAddr, line: &str) {
        let line: Arc<[u8]> = line.as_bytes().into();
        self.with_members(|members| {
            for (_, member) in members.iter().filter(|(who, _)| **who != author) {
                member.send(Arc::clone(&line));
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
    let entered = Arc::clone(&room);
    server.on_open(move |conn| entered.enter(conn));
    server.on_connect(move |conn| room.listen_to(conn));
    server.on_stop(|event_loop| event_loop.quit());
    let handle = server
        .start()
        .map_err(|error| Exit::cannot_listen(&addr, &error))?;

    let local_addr = handle.local_addr();
    signals.watch(&event_loop, move |_| handle.stop(GRACE))?;
    cli::print_line(format_args!("listening on {local_addr}"));
    event_loop.run()?;
    Ok(())
}
