//! An echo server of channels on an event loop.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::process::ExitCode;
use std::rc::{Rc, Weak};
use std::time::Duration;

use day04_eventloop as reactor;
use reactor::cli::{self, Exit, Options};
use reactor::{
    Channel, EventLoop, InetAddr, Printable, Signal, Signals, Socket, out_of_resources, report,
};

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

    let event_loop = EventLoop::new()?;
    let handle = event_loop.handle();
    Signals::block(&[Signal::Interrupt, Signal::Terminate])?
        .watch(&event_loop, move |_| handle.quit())?;
    let server = Rc::new(EchoServer {
        event_loop: Rc::downgrade(&event_loop),
        listener: Rc::new(listener),
        options,
        buf: RefCell::new(vec![0; READ_SIZE]),
    });
    server.start(&event_loop)?;
    cli::print_line(format_args!("listening on {addr}"));
    event_loop.run()?;
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

struct EchoServer {
    event_loop: Weak<EventLoop>,
    listener: Rc<Socket>,
    options: Options,
    buf: RefCell<Vec<u8>>,
}

impl EchoServer {
    fn start(self: &Rc<Self>, event_loop: &Rc<EventLoop>) -> io::Result<()> {
        let acceptor = Channel::new(event_loop, Rc::clone(&self.listener));
        let server = Rc::clone(self);
        acceptor.set_read_callback(move |acceptor| server.accept_clients(acceptor));
        acceptor.enable_reading()
    }

    /// Empties the listener's queue. When there is no descriptor left for a client,
    /// the listener would go on being ready, and asking it again would only burn
    /// time until somebody leaves.
    fn accept_clients(self: &Rc<Self>, acceptor: &Rc<Channel>) {
        loop {
            match self.listener.accept() {
                Ok((socket, _peer)) => {
                    if let Err(error) = self.add_client(socket) {
                        report(format_args!("cannot serve a client: {error}"));
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) => {
                    report(format_args!("cannot accept a client: {error}"));
                    if out_of_resources(&error) {
                        return self.pause(acceptor);
                    }
                }
            }
        }
    }

    fn pause(&self, acceptor: &Rc<Channel>) {
        let Some(event_loop) = self.event_loop.upgrade() else {
            return;
        };
        if let Err(error) = acceptor.disable_reading() {
            return report(format_args!("cannot pause the listener: {error}"));
        }
        let acceptor = Rc::clone(acceptor);
        event_loop.run_after(PAUSE, move |_| {
            if let Err(error) = acceptor.enable_reading() {
                report(format_args!("cannot resume the listener: {error}"));
            }
        });
    }

    fn add_client(self: &Rc<Self>, socket: Socket) -> io::Result<()> {
        socket.set_non_blocking(true)?;
        let Some(event_loop) = self.event_loop.upgrade() else {
            return Ok(());
        };
        let socket = Rc::new(socket);
        let channel = Channel::new(&event_loop, Rc::clone(&socket));
        let client = Rc::new(Client {
            server: Rc::clone(self),
            socket,
            output: RefCell::default(),
            peer_is_done: Cell::default(),
        });
        channel.set_read_callback({
            let client = Rc::clone(&client);
            move |channel| client.serve(channel, Client::read)
        });
        channel.set_write_callback(move |channel| client.serve(channel, Client::write));
        channel.enable_reading()
    }
}

struct Client {
    server: Rc<EchoServer>,
    socket: Rc<Socket>,
    /// What the socket has not taken yet.
    output: RefCell<VecDeque<u8>>,
    peer_is_done: Cell<bool>,
}

impl Client {
    fn serve(&self, channel: &Rc<Channel>, step: fn(&Self) -> io::Result<()>) {
        let served = step(self).and_then(|()| {
            if self.is_finished() {
                channel.remove()
            } else {
                self.update_interest(channel)
            }
        });
        if let Err(error) = served {
            report(format_args!("client {}: {error}", channel.fd()));
            // Whatever else is wrong with it, the first error has said.
            let _ = channel.remove();
        }
    }

    /// Reads once: if there is more, epoll will say so after the other clients
    /// have had their turn.
    fn read(&self) -> io::Result<()> {
        let EchoServer { options, buf, .. } = &*self.server;
        let mut buf = buf.borrow_mut();
        let message = match (&*self.socket).read(&mut buf) {
            Ok(0) => {
                self.peer_is_done.set(true);
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
        self.output.borrow_mut().extend(&options.prefix);
        self.output.borrow_mut().extend(message);
        self.write()
    }

    /// Writes what the socket takes now and keeps the rest.
    fn write(&self) -> io::Result<()> {
        let mut output = self.output.borrow_mut();
        while !output.is_empty() {
            match (&*self.socket).write(output.make_contiguous()) {
                Ok(count) => drop(output.drain(..count)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Watches for room only while there is something to write: a socket nearly
    /// always has room, and epoll would never sleep.
    fn update_interest(&self, channel: &Rc<Channel>) -> io::Result<()> {
        if self.output.borrow().is_empty() {
            channel.disable_writing()?;
        } else {
            channel.enable_writing()?;
        }
        if self.peer_is_done.get() {
            channel.disable_reading()?;
        }
        Ok(())
    }

    /// The client has sent everything and has got everything.
    fn is_finished(&self) -> bool {
        self.peer_is_done.get() && self.output.borrow().is_empty()
    }
}
