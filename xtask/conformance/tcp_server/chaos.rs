//! Clients that do anything at any time, and a model of what they must get for it.
//!
//! The tests run some seconds of it, always with the same seed. For a longer run, or another:
//!
//! ```text
//! CHAOS_SECONDS=600 CHAOS_SEED=12345 cargo test --test tcp_server --release chaos
//! ```
//!
//! The server and its clients are in one process, so that valgrind sees both:
//!
//! ```text
//! CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER='valgrind --leak-check=full --errors-for-leak-kinds=definite --error-exitcode=9' CHAOS_SECONDS=60 cargo test --test tcp_server chaos
//! ```

use std::env;
use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use conformance::{Dice, assert_same, half_close, noise, reset, send_some};

use super::support::{MODES, Mode, TestServer, in_mode};
use crate::reactor::ServerOptions;

const SEED: u64 = 1;

/// How long the clients of one mode go on.
const SECONDS: u64 = 4;

/// Clients at a time.
const CLIENTS: u64 = 8;

#[test]
fn each_client_gets_its_own_bytes_whatever_the_others_do() {
    /// Prints the seed when a failed test unwinds past it.
    struct Note(u64);
    impl Drop for Note {
        fn drop(&mut self) {
            if thread::panicking() {
                eprintln!("failed with CHAOS_SEED={}", self.0);
            }
        }
    }
    let seconds = from_env("CHAOS_SECONDS").unwrap_or(SECONDS);
    let note = Note(from_env("CHAOS_SEED").unwrap_or(SEED));
    thread::scope(|scope| {
        for mode in [MODES[0], MODES[2], MODES[3], MODES[5]] {
            let (seed, end) = (note.0, Instant::now() + Duration::from_secs(seconds));
            scope.spawn(move || in_mode(mode, |mode| run(mode, seed, end)));
        }
    });
}

fn from_env(name: &str) -> Option<u64> {
    let value = env::var(name).ok()?;
    let number = value.parse();
    Some(number.unwrap_or_else(|_| panic!("{name}={value} is no number")))
}

fn run(mode: Mode, seed: u64, end: Instant) {
    // Small marks, so that all of them are passed often.
    let options = ServerOptions {
        high_water: 64 * 1024,
        low_water: 16 * 1024,
        ..mode.options()
    };
    let server = TestServer::echo(options);
    let lives = AtomicU64::new(0);
    let sent = AtomicU64::new(0);
    thread::scope(|scope| {
        for number in 0..CLIENTS {
            let (server, lives, sent) = (&server, &lives, &sent);
            scope.spawn(move || {
                let mut dice = Dice::new(seed ^ (number << 32));
                while Instant::now() < end {
                    lives.fetch_add(1, Ordering::Relaxed);
                    sent.fetch_add(live(server, &mut dice), Ordering::Relaxed);
                }
            });
        }
    });
    let lives = lives.into_inner();
    let stats = server.wait_until(|stats| stats.accepted == lives && stats.active() == 0);
    assert_eq!(stats.accept_errors + stats.callback_panics, 0);
    let ends = stats.closed_by_peer + stats.closed_failed;
    assert_eq!(ends, lives, "{stats}");
    assert!(stats.bytes_in <= sent.into_inner());
    // What came in went out, or was counted as discarded.
    assert_eq!(
        stats.bytes_in,
        stats.bytes_out + stats.bytes_discarded,
        "{stats}"
    );
    println!("{mode}: {stats}");
}

/// The life of one client. Returns how many bytes it has sent.
fn live(server: &TestServer, dice: &mut Dice) -> u64 {
    let client = if dice.below(2) == 0 {
        server.connect()
    } else {
        server.connect_small()
    };
    let size = 1 << dice.below(19);
    let message = noise(size, dice.below(usize::MAX) as u64);
    let (mut sent, mut got) = (0, Vec::new());
    let fate = dice.below(10);
    loop {
        match dice.below(8) {
            0 => thread::sleep(Duration::from_micros(dice.below(2000) as u64)),
            1 if fate == 0 => {
                reset(client);
                return sent as u64;
            }
            // Leaves before it has read everything, or even before it has sent anything.
            2 if fate == 1 => return sent as u64,
            3..=5 if sent < size => {
                let most = dice.below(size - sent) + 1;
                sent += send_some(&client, &message[sent..sent + most]);
            }
            _ if sent < size => {
                let most = dice.below(size) + 1;
                read_some(&client, &mut got, most);
            }
            _ => break,
        }
        assert_same(&got, message.get(..got.len()).unwrap_or_default());
    }
    if fate < 9 {
        // The server reads EOF while most of the echo may be under way.
        half_close(&client);
        (&client)
            .read_to_end(&mut got)
            .expect("a reply and its end");
    } else {
        let more = got.len()..size;
        got.resize(size, 0);
        (&client).read_exact(&mut got[more]).expect("a reply");
    }
    assert_same(&got, &message);
    sent as u64
}

/// Reads what is there, `most` bytes at most.
fn read_some(mut client: &TcpStream, got: &mut Vec<u8>, most: usize) {
    client.set_nonblocking(true).expect("a nonblocking socket");
    let mut piece = vec![0; most];
    match client.read(&mut piece) {
        Ok(count) => {
            assert_ne!(count, 0, "an end before the end");
            got.extend(&piece[..count]);
        }
        Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}"),
    }
    client.set_nonblocking(false).expect("a blocking socket");
}
