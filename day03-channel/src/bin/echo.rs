//! An echo server of channels: one for the listener, one for each client.

mod cli;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::os::fd::RawFd;
use std::process::ExitCode;
use std::rc::{Rc, Weak};
use std::time::{Duration, Instant};

use cli::{Exit, Options};
use day03_channel as reactor;
use reactor::{Buffer, Channel, Epoll, Events, InetAddr, Socket, log_stderr, out_of_resources};

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

    let server = Rc::new(EchoServer {
        epoll: Rc::new(Epoll::new()?),
        listener: Rc::new(listener),
        paused_until: Cell::new(None),
        clients: RefCell::default(),
        options,
        input: RefCell::new(Buffer::with_capacity(READ_SIZE)),
    });
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

/// Owns the clients' channels, whose callbacks own the clients. The way back is `Weak`: an
/// `Rc` would make a reference cycle.
struct EchoServer {
    epoll: Rc<Epoll>,
    listener: Rc<Socket>,
    paused_until: Cell<Option<Instant>>,
    clients: RefCell<BTreeMap<RawFd, Rc<Channel>>>,
    options: Options,
    /// The bytes of the last read: one buffer serves all clients, one after the other.
    input: RefCell<Buffer>,
}

impl EchoServer {
    fn run(self: &Rc<Self>) -> io::Result<()> {
        let acceptor = Channel::new(&self.epoll, Rc::clone(&self.listener));
        let server = Rc::downgrade(self);
        acceptor.set_read_callback(move |acceptor| {
            if let Some(server) = server.upgrade() {
                server.accept_clients(acceptor);
            }
        });
        acceptor.enable_reading()?;

        let mut events = Events::with_capacity(1024);
        loop {
            let paused_until = self.paused_until.get();
            let pause = paused_until.map(|end| end.saturating_duration_since(Instant::now()));
            self.epoll.wait(&mut events, pause)?;
            for event in events.iter() {
                if let Some(channel) = self.epoll.channel(&event) {
                    channel.set_ready_events(event.ready());
                    channel.handle_event();
                }
            }
            if paused_until.is_some_and(|end| end <= Instant::now()) {
                self.resume(&acceptor);
            }
        }
    }

    /// Accepts until the listener's queue is empty. While there is no descriptor left for
    /// a client, the listener stays ready, and accepting would fail in a busy loop.
    fn accept_clients(self: &Rc<Self>, acceptor: &Rc<Channel>) {
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
                        return self.pause(acceptor);
                    }
                }
            }
        }
    }

    fn pause(&self, acceptor: &Rc<Channel>) {
        match acceptor.disable_reading() {
            Ok(()) => self.paused_until.set(Some(Instant::now() + PAUSE)),
            Err(error) => log_stderr(format_args!("cannot pause the listener: {error}")),
        }
    }

    /// Accepts again. The kernel may have no memory for the registration: the next try is
    /// after another pause.
    fn resume(&self, acceptor: &Rc<Channel>) {
        self.paused_until
            .set(acceptor.enable_reading().err().map(|error| {
                log_stderr(format_args!("cannot resume the listener: {error}"));
                Instant::now() + PAUSE
            }));
    }

    fn add_client(self: &Rc<Self>, socket: Socket) -> io::Result<()> {
        socket.set_non_blocking(true)?;
        let fd = socket.fd();
        let client = Rc::new(Client {
            server: Rc::downgrade(self),
            socket: Rc::new(socket),
            output: RefCell::default(),
            read_closed: Cell::default(),
        });
        let channel = Channel::new(&self.epoll, Rc::clone(&client.socket));
        channel.set_read_callback({
            let client = Rc::clone(&client);
            move |channel| client.serve(channel, Client::read)
        });
        channel.set_write_callback(move |channel| client.serve(channel, Client::flush));
        channel.enable_reading()?;
        self.clients.borrow_mut().insert(fd, channel);
        Ok(())
    }
}

struct Client {
    server: Weak<EchoServer>,
    socket: Rc<Socket>,
    /// Bytes that the socket has not taken yet.
    output: RefCell<Buffer>,
    /// The end of the client's stream has been read.
    read_closed: Cell<bool>,
}

impl Client {
    fn serve(
        &self,
        channel: &Rc<Channel>,
        step: impl FnOnce(&Self, &EchoServer) -> io::Result<()>,
    ) {
        let Some(server) = self.server.upgrade() else {
            return;
        };
        let served = step(self, &server).and_then(|()| self.update_interest(channel));
        if let Err(error) = &served {
            log_stderr(format_args!("client {}: {error}", channel.fd()));
        }
        if served.is_err() || self.is_finished() {
            // Removed from epoll at once, it gets no other callback of this event. The first
            // error has been reported.
            let _ = channel.remove();
            server.clients.borrow_mut().remove(&channel.fd());
        }
    }

    /// Reads once. If there is more, epoll reports it again after the other clients
    /// have had their turn.
    fn read(&self, server: &EchoServer) -> io::Result<()> {
        let mut input = server.input.borrow_mut();
        input.clear();
        match (&*self.socket).read(input.spare_mut()) {
            Ok(0) => self.read_closed.set(true),
            Ok(count) => {
                input.commit(count);
                if !server.options.quiet {
                    cli::print_message(self.socket.fd(), &input);
                }
                self.send(&server.options.reply(&input))?;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Sends what the socket takes at once and keeps the rest. Bytes that wait go first.
    fn send(&self, bytes: &[u8]) -> io::Result<()> {
        let mut output = self.output.borrow_mut();
        let mut sent = 0;
        if output.is_empty() {
            sent = match (&*self.socket).write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
                written => written?,
            };
        }
        output.append(&bytes[sent..]);
        Ok(())
    }

    /// Sends bytes that had to wait for room.
    fn flush(&self, _server: &EchoServer) -> io::Result<()> {
        self.output.borrow_mut().write_to(&*self.socket)?;
        Ok(())
    }

    /// Watches for room only while there are bytes to write: a socket nearly always has
    /// room, and `epoll_wait` would return at once each time.
    fn update_interest(&self, channel: &Rc<Channel>) -> io::Result<()> {
        if self.read_closed.get() {
            channel.disable_reading()?;
        }
        if self.output.borrow().is_empty() {
            channel.disable_writing()
        } else {
            channel.enable_writing()
        }
    }

    /// The client has sent everything and has received everything.
    fn is_finished(&self) -> bool {
        self.read_closed.get() && self.output.borrow().is_empty()
    }
}
