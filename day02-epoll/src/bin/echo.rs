//! An echo server with one thread for all clients.

use std::collections::{HashMap, VecDeque};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use day02_epoll as reactor;
use reactor::cli::{self, Exit, Options};
use reactor::{Epoll, EpollFlags, Events, InetAddr, Printable, Socket, out_of_resources, report};

/// How many bytes one read may bring. The samples' 1024 would do, at the price of
/// a thousand system calls for each megabyte.
const READ_SIZE: usize = 64 * 1024;

/// How long to wait for a client to leave when there is no descriptor left for
/// the next one.
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
        clients: HashMap::new(),
        options,
        buf: vec![0; READ_SIZE],
    };
    cli::print_line(format_args!("listening on {addr}"));
    server.run()?;
    Ok(())
}

fn listen(addr: &InetAddr) -> io::Result<Socket> {
    let listener = Socket::new(addr.domain())?;
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
    clients: HashMap<u64, Client>,
    options: Options,
    buf: Vec<u8>,
}

impl EchoServer {
    fn run(&mut self) -> io::Result<()> {
        let listener = token(&self.listener);
        self.epoll
            .add(self.listener.as_fd(), EpollFlags::IN, listener)?;
        let mut events = Events::with_capacity(1024);
        loop {
            let paused_until = self.paused_until;
            let pause = paused_until.map(|end| end.saturating_duration_since(Instant::now()));
            self.epoll.wait(&mut events, pause)?;
            for event in events.iter() {
                if event.token() == listener {
                    self.accept_clients()?;
                } else {
                    self.serve_client(event.token(), event.ready());
                }
            }
            if paused_until.is_some_and(|end| end <= Instant::now()) {
                self.epoll
                    .add(self.listener.as_fd(), EpollFlags::IN, listener)?;
                self.paused_until = None;
            }
        }
    }

    /// Empties the listener's queue. When there is no descriptor left for a client,
    /// the listener would go on being ready, and asking it again would only burn
    /// time until somebody leaves.
    fn accept_clients(&mut self) -> io::Result<()> {
        loop {
            match self.listener.accept() {
                Ok((socket, _peer)) => {
                    if let Err(error) = self.add_client(socket) {
                        report(format_args!("cannot serve a client: {error}"));
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => {
                    report(format_args!("cannot accept a client: {error}"));
                    if out_of_resources(&error) {
                        return self.pause();
                    }
                }
            }
        }
    }

    fn pause(&mut self) -> io::Result<()> {
        self.epoll.delete(self.listener.as_fd())?;
        self.paused_until = Some(Instant::now() + PAUSE);
        Ok(())
    }

    fn add_client(&mut self, socket: Socket) -> io::Result<()> {
        socket.set_non_blocking(true)?;
        let client = Client {
            socket,
            output: VecDeque::new(),
            peer_is_done: false,
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
            .on_ready(ready, &self.options, &mut self.buf)
            .and_then(|()| client.update_interest(&self.epoll));
        if let Err(error) = &served {
            report(format_args!("client {token}: {error}"));
        }
        if served.is_err() || client.is_finished() {
            self.remove_client(token);
        }
    }

    /// Deletes the descriptor before dropping the client closes it.
    fn remove_client(&mut self, token: u64) {
        if let Some(client) = self.clients.remove(&token)
            && let Err(error) = self.epoll.delete(client.socket.as_fd())
        {
            report(format_args!("client {token}: {error}"));
        }
    }
}

struct Client {
    socket: Socket,
    /// What the socket has not taken yet.
    output: VecDeque<u8>,
    peer_is_done: bool,
    interest: EpollFlags,
}

impl Client {
    fn on_ready(&mut self, ready: EpollFlags, options: &Options, buf: &mut [u8]) -> io::Result<()> {
        let failed = ready.intersects(EpollFlags::ERR | EpollFlags::HUP);
        if !self.peer_is_done && (failed || ready.contains(EpollFlags::IN)) {
            self.read(options, buf)?;
        }
        if failed || ready.contains(EpollFlags::OUT) {
            self.write()?;
        }
        Ok(())
    }

    /// Reads once: if there is more, epoll will say so after the other clients
    /// have had their turn.
    fn read(&mut self, options: &Options, buf: &mut [u8]) -> io::Result<()> {
        let message = match (&self.socket).read(buf) {
            Ok(0) => {
                self.peer_is_done = true;
                return Ok(());
            }
            Ok(count) => &buf[..count],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        };
        if !options.quiet {
            let (fd, text) = (self.socket.fd(), Printable(message));
            cli::print_line(format_args!("Message from client {fd}: {text}"));
        }
        self.output.extend(&options.prefix);
        self.output.extend(message);
        self.write()
    }

    /// Writes what the socket takes now and keeps the rest.
    fn write(&mut self) -> io::Result<()> {
        while !self.output.is_empty() {
            match (&self.socket).write(self.output.make_contiguous()) {
                Ok(count) => drop(self.output.drain(..count)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Watches for room only while there is something to write: a socket nearly
    /// always has room, and epoll would never sleep.
    fn update_interest(&mut self, epoll: &Epoll) -> io::Result<()> {
        let mut interest = EpollFlags::empty();
        if !self.peer_is_done {
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

    /// The client has sent everything and has got everything.
    fn is_finished(&self) -> bool {
        self.peer_is_done && self.output.is_empty()
    }
}
