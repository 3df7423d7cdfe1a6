//! An echo server with one thread for all clients.

mod cli;

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use cli::{Exit, Options};
use day02_epoll as reactor;
use reactor::{Buffer, Epoll, EpollFlags, Events, InetAddr, Socket, log_stderr, out_of_resources};

/// How many bytes one read may bring. The samples' 1024 would do as well, but a megabyte
/// would then take a thousand system calls.
const READ_SIZE: usize = 64 * 1024;

/// How long to wait for a client to leave when there is no descriptor left for the next
/// one.
const PAUSE: Duration = Duration::from_millis(100);

fn main() -> ExitCode {
    cli::exit_code(serve())
}

fn serve() -> Result<(), Exit> {
    let options = Options::from_args()?;
    let listener =
        listen(&options.addr).map_err(|error| Exit::cannot_listen(&options.addr, &error))?;
    let addr = listener.local_addr()?;

    let mut server = EchoServer {
        epoll: Epoll::new()?,
        listener,
        paused_until: None,
        clients: BTreeMap::new(),
        options,
        input: Buffer::with_capacity(READ_SIZE),
    };
    cli::print_line(format_args!("listening on {addr}"));
    server.run()?;
    Ok(())
}

fn listen(addr: &InetAddr) -> io::Result<Socket> {
    let listener = Socket::new(addr)?;
    listener.set_reuse_address(true)?;
    listener.set_nodelay(true)?;
    listener.set_non_blocking(true)?;
    listener.bind(addr)?;
    listener.listen()?;
    Ok(listener)
}

/// A descriptor is its own token, as in the Python sample.
fn token(socket: &Socket) -> u64 {
    u64::from(socket.fd().unsigned_abs())
}

struct EchoServer {
    epoll: Epoll,
    listener: Socket,
    paused_until: Option<Instant>,
    clients: BTreeMap<u64, Client>,
    options: Options,
    /// The bytes of the last read: one buffer serves all clients, one after the other.
    input: Buffer,
}

impl EchoServer {
    fn run(&mut self) -> io::Result<()> {
        let (fd, listener) = (self.listener.as_fd(), token(&self.listener));
        self.epoll.add(fd, EpollFlags::IN, listener)?;
        let mut events = Events::with_capacity(1024);
        loop {
            let paused_until = self.paused_until;
            let pause = paused_until.map(|end| end.saturating_duration_since(Instant::now()));
            self.epoll.wait(&mut events, pause)?;
            for event in events.iter() {
                if event.token() == listener {
                    self.accept_clients();
                } else {
                    self.serve_client(event.token(), event.ready());
                }
            }
            if paused_until.is_some_and(|end| end <= Instant::now()) {
                self.resume();
            }
        }
    }

    /// Accepts until the listener's queue is empty. While there is no descriptor left for
    /// a client, the listener stays ready, and accepting would fail in a busy loop.
    fn accept_clients(&mut self) {
        loop {
            match self.listener.accept() {
                Ok((socket, _peer)) => {
                    if let Err(error) = self.add_client(socket) {
                        log_stderr(format_args!("cannot serve a client: {error}"));
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) => {
                    log_stderr(format_args!("cannot accept a client: {error}"));
                    if out_of_resources(&error) {
                        return self.pause();
                    }
                }
            }
        }
    }

    fn pause(&mut self) {
        match self.epoll.delete(self.listener.as_fd()) {
            Ok(()) => self.paused_until = Some(Instant::now() + PAUSE),
            Err(error) => log_stderr(format_args!("cannot pause the listener: {error}")),
        }
    }

    /// Accepts again, or after another pause if the kernel has no memory to watch with.
    fn resume(&mut self) {
        let (fd, token) = (self.listener.as_fd(), token(&self.listener));
        let added = self.epoll.add(fd, EpollFlags::IN, token);
        self.paused_until = added.err().map(|error| {
            log_stderr(format_args!("cannot resume the listener: {error}"));
            Instant::now() + PAUSE
        });
    }

    fn add_client(&mut self, socket: Socket) -> io::Result<()> {
        socket.set_non_blocking(true)?;
        let client = Client {
            socket,
            output: Buffer::new(),
            read_closed: false,
            interest: EpollFlags::IN,
        };
        let token = token(&client.socket);
        self.epoll
            .add(client.socket.as_fd(), client.interest, token)?;
        self.clients.insert(token, client);
        Ok(())
    }

    fn serve_client(&mut self, token: u64, ready: EpollFlags) {
        let Some(client) = self.clients.get_mut(&token) else {
            return;
        };
        let served = client
            .on_ready(ready, &self.options, &mut self.input)
            .and_then(|()| client.update_interest(&self.epoll));
        if let Err(error) = &served {
            log_stderr(format_args!("client {token}: {error}"));
        }
        if served.is_err() || client.is_finished() {
            self.remove_client(token);
        }
    }

    /// Deletes the descriptor from epoll before dropping the client closes it.
    fn remove_client(&mut self, token: u64) {
        if let Some(client) = self.clients.remove(&token)
            && let Err(error) = self.epoll.delete(client.socket.as_fd())
        {
            log_stderr(format_args!("client {token}: {error}"));
        }
    }
}

struct Client {
    socket: Socket,
    /// Bytes that the socket has not taken yet.
    output: Buffer,
    /// The end of the client's stream has been read.
    read_closed: bool,
    interest: EpollFlags,
}

impl Client {
    fn on_ready(
        &mut self,
        ready: EpollFlags,
        options: &Options,
        input: &mut Buffer,
    ) -> io::Result<()> {
        let failed = ready.intersects(EpollFlags::ERR | EpollFlags::HUP);
        if !self.read_closed && (failed || ready.contains(EpollFlags::IN)) {
            self.read(options, input)?;
        }
        if failed || ready.contains(EpollFlags::OUT) {
            self.output.write_to(&self.socket)?;
        }
        Ok(())
    }

    /// Reads once. If there is more, epoll reports it again after the other clients
    /// have had their turn.
    fn read(&mut self, options: &Options, input: &mut Buffer) -> io::Result<()> {
        input.clear();
        match (&self.socket).read(input.spare_mut()) {
            Ok(0) => self.read_closed = true,
            Ok(count) => {
                input.commit(count);
                if !options.quiet {
                    cli::print_message(self.socket.fd(), input);
                }
                self.send(&options.reply(input))?;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Sends what the socket takes at once and keeps the rest. Bytes that wait go first.
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut sent = 0;
        if self.output.is_empty() {
            sent = match (&self.socket).write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
                written => written?,
            };
        }
        self.output.append(&bytes[sent..]);
        Ok(())
    }

    /// Watches for room only while there are bytes to write: a socket nearly always has
    /// room, and `epoll_wait` would return at once each time.
    fn update_interest(&mut self, epoll: &Epoll) -> io::Result<()> {
        let mut interest = EpollFlags::empty();
        if !self.read_closed {
            interest = interest | EpollFlags::IN;
        }
        if !self.output.is_empty() {
            interest = interest | EpollFlags::OUT;
        }
        if interest != self.interest && !self.is_finished() {
            epoll.modify(self.socket.as_fd(), interest, token(&self.socket))?;
            self.interest = interest;
        }
        Ok(())
    }

    /// The client has sent everything and has received everything.
    fn is_finished(&self) -> bool {
        self.read_closed && self.output.is_empty()
    }
}
