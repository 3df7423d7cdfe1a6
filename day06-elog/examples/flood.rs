//! What one client that sends without end costs fifty others that each send a little and
//! wait for the reply: the time that 99 of 100 replies take, without the flood and with it,
//! for a level-triggered loop and an edge-triggered one.
//!
//! ```text
//! cargo run --release -p day06-elog --example day06-elog-flood
//! ```

use std::error::Error;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use day06_elog as reactor;
use reactor::{Connection, EventLoop, ServerHandle, ServerOptions, State, TcpServer};

const CLIENTS: usize = 50;
const ROUNDS: usize = 1000;
const MESSAGE: [u8; 64] = [b'x'; 64];

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Result<()> {
    for edge_triggered in [false, true] {
        let (send, receive) = mpsc::channel();
        let server = thread::spawn(move || serve(edge_triggered, &send));
        let handle = receive.recv()?;
        let addr = handle.local_addr().into();
        let quiet = percentile_99(addr)?;
        let flooded = with_flood(addr, || percentile_99(addr))?;
        handle.stop(Duration::from_secs(1))?;
        server.join().map_err(|_| "the server panicked")??;
        println!(
            "{}-triggered: p99 {quiet:?} without the flood, {flooded:?} with it: {:.1} times",
            if edge_triggered { "edge" } else { "level" },
            flooded.as_secs_f64() / quiet.as_secs_f64()
        );
    }
    Ok(())
}

/// An echo server with one loop for all.
fn serve(edge_triggered: bool, started: &mpsc::Sender<ServerHandle>) -> Result<()> {
    let event_loop = EventLoop::new()?;
    let mut server = TcpServer::new(&event_loop, "127.0.0.1:0".parse()?);
    server.set_options(ServerOptions {
        thread_num: Some(0),
        edge_triggered,
        ..ServerOptions::default()
    });
    server.on_connect(echo);
    server.on_stop(|event_loop| event_loop.quit());
    started.send(server.start()?)?;
    Ok(event_loop.run()?)
}

fn echo(conn: &Connection) {
    conn.read();
    if conn.state() == State::Closed {
        conn.close();
        return;
    }
    conn.set_send_buf(conn.read_buf());
    conn.write();
}

/// How long it takes at most until 99 of 100 answers have come.
fn percentile_99(addr: SocketAddr) -> Result<Duration> {
    let clients = (0..CLIENTS).map(|_| TcpStream::connect(addr));
    let clients: Vec<_> = clients.collect::<std::io::Result<_>>()?;
    let mut times = Vec::with_capacity(CLIENTS * ROUNDS);
    for _ in 0..ROUNDS {
        let mut asked = Vec::with_capacity(CLIENTS);
        for mut client in &clients {
            asked.push(Instant::now());
            client.write_all(&MESSAGE)?;
        }
        for (mut client, asked) in clients.iter().zip(asked) {
            client.read_exact(&mut [0; MESSAGE.len()])?;
            times.push(asked.elapsed());
        }
    }
    times.sort_unstable();
    Ok(times[times.len() * 99 / 100])
}

/// Runs `measure` while another client sends, and reads, as much as it can.
fn with_flood<T>(addr: SocketAddr, measure: impl FnOnce() -> Result<T>) -> Result<T> {
    let flood = TcpStream::connect(addr)?;
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let piece = vec![0; 256 * 1024];
            while !is_over.load(Ordering::Relaxed) {
                if (&flood).write_all(&piece).is_err() {
                    return;
                }
            }
            // The reader ends with the server's answer to this.
            let _ = flood.shutdown(Shutdown::Write);
        });
        scope.spawn(|| {
            let mut piece = vec![0; 256 * 1024];
            while (&flood).read(&mut piece).is_ok_and(|count| count > 0) {}
        });
        let result = measure();
        is_over.store(true, Ordering::Relaxed);
        result
    })
}
