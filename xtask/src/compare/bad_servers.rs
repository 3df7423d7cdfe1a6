//! Servers that misbehave on purpose, so that each probe is seen failing.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use super::reply::PREFIX;

/// What a server does with one client.
type Serve = fn(&TcpStream, Option<usize>) -> io::Result<()>;

pub(crate) fn good() -> SocketAddr {
    a_thread_each(|client, _| echo(client, |message| message.to_vec()), None)
}

/// Never answers.
pub(crate) fn mute() -> SocketAddr {
    a_thread_each(|client, _| drain(client), None)
}

/// Answers with no more than the first bytes of what one read brings.
pub(crate) fn truncating(size: usize) -> SocketAddr {
    a_thread_each(
        |client, size| {
            echo(client, |message| {
                message[..message.len().min(size.unwrap_or(0))].to_vec()
            })
        },
        Some(size),
    )
}

/// Reads as the samples do, a little at a time.
pub(crate) fn in_pieces(size: usize) -> SocketAddr {
    a_thread_each(
        |mut client, size| {
            let mut buf = vec![0; size.unwrap_or(1)];
            loop {
                match client.read(&mut buf)? {
                    0 => return Ok(()),
                    count => client.write_all(&[PREFIX, &buf[..count]].concat())?,
                }
            }
        },
        Some(size),
    )
}

/// Ends what it sends at the first NUL, as a C string does.
pub(crate) fn cutting_at_nul() -> SocketAddr {
    a_thread_each(
        |client, _| {
            echo(client, |message| {
                message
                    .split(|&byte| byte == 0)
                    .next()
                    .unwrap_or_default()
                    .to_vec()
            })
        },
        None,
    )
}

/// Sends what the socket takes at once and forgets the rest.
pub(crate) fn forgetting_the_rest() -> SocketAddr {
    a_thread_each(
        |mut client, _| {
            client.set_write_timeout(Some(Duration::from_millis(1)))?;
            let mut buf = vec![0; 64 << 10];
            loop {
                match client.read(&mut buf)? {
                    0 => return Ok(()),
                    count => {
                        let _ = client.write(&[PREFIX, &buf[..count]].concat());
                    }
                }
            }
        },
        None,
    )
}

/// Takes the end of input for the end of the connection.
pub(crate) fn dropping_the_tail() -> SocketAddr {
    a_thread_each(
        |mut client, _| {
            let mut all = Vec::new();
            client.read_to_end(&mut all)?;
            client.shutdown(Shutdown::Both)
        },
        None,
    )
}

/// Sends everything, and never closes its side.
pub(crate) fn without_end() -> SocketAddr {
    a_thread_each(
        |client, _| {
            echo(client, |message| message.to_vec())?;
            loop {
                thread::park();
            }
        },
        None,
    )
}

/// Serves one client after the other.
pub(crate) fn one_at_a_time() -> SocketAddr {
    listen(|client| {
        let _ = echo(&client, |message| message.to_vec());
        true
    })
}

/// Ends when a client breaks off.
pub(crate) fn falling_with_its_client() -> SocketAddr {
    listen(|client| {
        let (gone, is_reset) = std::sync::mpsc::channel();
        let served = client.try_clone();
        thread::spawn(move || {
            let result = served.and_then(|client| echo(&client, |message| message.to_vec()));
            let _ = gone.send(result.is_err());
        });
        !is_reset
            .recv_timeout(Duration::from_millis(50))
            .unwrap_or(false)
    })
}

fn a_thread_each(serve: Serve, size: Option<usize>) -> SocketAddr {
    listen(move |client| {
        thread::spawn(move || serve(&client, size));
        true
    })
}

/// Hands each client to `take`, for as long as that wants more.
fn listen(take: impl Fn(TcpStream) -> bool + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let addr = listener.local_addr().unwrap();
    thread::spawn(move || while listener.accept().is_ok_and(|(client, _)| take(client)) {});
    addr
}

fn echo(mut client: &TcpStream, change: impl Fn(&[u8]) -> Vec<u8>) -> io::Result<()> {
    let mut buf = vec![0; 64 << 10];
    loop {
        match client.read(&mut buf)? {
            0 => return Ok(()),
            count => client.write_all(&[PREFIX, &change(&buf[..count])].concat())?,
        }
    }
}

fn drain(mut client: &TcpStream) -> io::Result<()> {
    io::copy(&mut client, &mut io::sink()).map(drop)
}
