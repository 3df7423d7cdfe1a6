//! Servers that run out of what they may have.

mod common;
mod server_support;

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use day05_server as reactor;
use reactor::{CloseReason, ServerOptions};

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use common::{PATIENCE, Program, Server, assert_echo, half_close, read_to_end};
use server_support::{TestServer, guarded, in_all_modes};

/// What an idle connection may cost, and how many there are to share what the server
/// needs for itself.
const BYTES_A_CONNECTION: u64 = 512;
const CROWD: u64 = 8000;

/// From its first moment the server may have 32 descriptors, and a hundred clients come.
#[test]
fn with_32_descriptors_those_inside_are_served_and_the_processor_rests() {
    let script = r#"ulimit -n 32 && exec "$0" 127.0.0.1:0 --prefix '' --quiet --threads 1"#;
    let server = Server::run("sh", &["-c", script, common::SERVER]);
    let first = server.connect();
    assert_echo(&first, b"the first");
    let crowd: Vec<_> = (0..100).map(|_| server.connect()).collect();
    assert_echo(&first, b"the first again");
    // Each of them is served or turned away; a queue that nobody empties would let the
    // last ones wait.
    let served = crowd.iter().filter(|client| is_served(client)).count();
    assert!((5..30).contains(&served), "{served} are served");
    let spent = cpu_time_of(&server.program, || assert_silent(&first));
    println!("{served} of 100 are served; then {spent:?} of processor time in a second");
    assert!(
        spent <= Duration::from_millis(100),
        "{spent:?} of one second"
    );

    drop(crowd);
    let deadline = Instant::now() + PATIENCE;
    while !is_served(&server.connect()) {
        assert!(Instant::now() < deadline, "nobody is served any more");
    }
    assert_echo(&first, b"the first is still here");
}

/// Whether a client gets a reply instead of an end.
fn is_served(mut client: &TcpStream) -> bool {
    // Who is turned away may hear of that when he speaks.
    let _ = client.write_all(b"!");
    let count = client.read(&mut [0]);
    count.expect("a reply, or an end that is no reset") > 0
}

/// Nothing comes for a second.
fn assert_silent(mut client: &TcpStream) {
    let second = Some(Duration::from_secs(1));
    client.set_read_timeout(second).expect("a timeout");
    let error = client.read(&mut [0]).expect_err("nobody has said anything");
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    client.set_read_timeout(Some(PATIENCE)).expect("a timeout");
}

/// How long a program runs on any processor meanwhile
/// ([proc_pid_schedstat](https://docs.kernel.org/scheduler/sched-stats.html)).
fn cpu_time_of(program: &Program, meanwhile: impl FnOnce()) -> Duration {
    let all_threads = || {
        let tasks = fs::read_dir(format!("/proc/{}/task", program.id())).expect("our child");
        let spent = tasks.map(|task| {
            let path = task.expect("a thread").path().join("schedstat");
            let text = fs::read_to_string(path).expect("a thread that stays");
            let nanoseconds = text.split(' ').next().map(str::parse::<u64>);
            nanoseconds.and_then(Result::ok).expect("a number")
        });
        Duration::from_nanos(spent.sum())
    };
    let before = all_threads();
    meanwhile();
    all_threads() - before
}

#[test]
fn who_finds_no_place_gets_an_end_and_no_reset() {
    in_all_modes(|mode| {
        let options = ServerOptions {
            max_connections: Some(3),
            ..mode.options()
        };
        // The clients' messages are there before the server looks.
        let mut server = TestServer::start_asleep("127.0.0.1:0", options, |server| {
            server.on_connect(server_support::echo);
        });
        let clients: Vec<_> = (0..10).map(|_| server.connect()).collect();
        for mut client in &clients {
            client.write_all(&[b'x'; 10_000]).expect("it is sent");
        }
        server.wake();
        let (inside, outside) = clients.split_at(3);
        for mut client in inside {
            let mut reply = [0; 10_000];
            client.read_exact(&mut reply).expect("there was room");
        }
        for client in outside {
            assert!(read_to_end(client).is_empty());
        }
        let stats = server.stats();
        assert_eq!(
            (stats.accepted, stats.active(), stats.turned_away),
            (3, 3, 7)
        );

        // One leaves, and another one may come.
        half_close(&inside[0]);
        assert!(read_to_end(&inside[0]).is_empty());
        server.wait_until(|stats| stats.active() == 2);
        assert_echo(&server.connect(), b"just in time");
        let stats = server.wait_until(|stats| stats.active() == 2);
        assert_eq!(stats.closed(CloseReason::Peer), 2);
    });
}

/// What thousands of clients that say nothing cost, and what is left of it when each of
/// them has said something.
#[test]
fn an_idle_connection_costs_half_a_kilobyte_at_most() {
    let crowd = CROWD.min(free_descriptors());
    for threads in ["0", "1"] {
        let server = Server::start(&["--prefix", "", "--quiet", "--threads", threads]);
        // What the server needs once, it has after this.
        let warm: Vec<_> = (0..20).map(|_| server.connect()).collect();
        warm.iter().for_each(|client| assert_echo(client, b"warm"));
        let baseline = resident(&server.program);

        let mut clients = Vec::new();
        while (clients.len() as u64) < crowd {
            clients.extend((0..500).map(|_| server.connect()));
            // The last one is served: those before it have been accepted, and there is no
            // queue of them that would take memory too.
            assert_echo(&clients[clients.len() - 1], b"the last");
        }
        let crowd = clients.len() as u64;
        let idle = (resident(&server.program) - baseline) / crowd;
        for client in &clients {
            assert_echo_once(client);
        }
        let served = (resident(&server.program) - baseline) / crowd;
        println!("{crowd} connections, {threads} threads: {idle} B each, {served} B after an echo");
        assert!(idle <= BYTES_A_CONNECTION, "{idle} bytes each");
        assert!(served <= BYTES_A_CONNECTION, "{served} bytes after an echo");
    }
}

/// As [`assert_echo`], without a thread for each.
fn assert_echo_once(mut client: &TcpStream) {
    let mut reply = [0; 64];
    client.write_all(&reply).expect("it is sent");
    client.read_exact(&mut reply).expect("a reply");
}

/// Raises this process's limit, which the server inherits, as far as it can. Returns how
/// many descriptors that leaves.
fn free_descriptors() -> u64 {
    const USED_ELSEWHERE: u64 = 500;
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).expect("there is a limit");
    setrlimit(Resource::RLIMIT_NOFILE, most, most).expect("up to there");
    most.saturating_sub(USED_ELSEWHERE)
}

/// How many bytes of its memory a program has in RAM that are its own.
fn resident(program: &Program) -> u64 {
    let path = format!("/proc/{}/status", program.id());
    let status = fs::read_to_string(path).expect("our child");
    let line = status.lines().find(|line| line.starts_with("RssAnon:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    1024 * kilobytes.expect("a number of kilobytes")
}

/// Megabytes that wait for slow readers are memory; when they have been read, they are
/// not any more.
#[test]
fn drained_buffers_give_their_memory_back() {
    let server = Server::start(&["--prefix", "", "--quiet", "--threads", "1"]);
    let warm = server.connect();
    assert_echo(&warm, b"warm");
    let baseline = resident(&server.program);
    let message = vec![0; 12 * 1024 * 1024];
    let slow: Vec<_> = (0..24).map(|_| server.connect_small()).collect();
    let sent: Vec<_> = slow
        .iter()
        .map(|client| common::flood(client, &message, &warm))
        .collect();
    let full = resident(&server.program) - baseline;
    assert!(full > 4 * 1024 * 1024, "only {full} bytes wait");
    for (client, sent) in slow.iter().zip(&sent) {
        server_support::widen(client);
        let mut reply = guarded(client.try_clone().expect("a descriptor")).take(*sent as u64);
        let read = std::io::copy(&mut reply, &mut std::io::sink()).expect("a reply");
        assert_eq!(read, *sent as u64);
    }
    assert_echo(&warm, b"after the flood");
    let left = resident(&server.program).saturating_sub(baseline);
    println!("{full} bytes waited, {left} are left");
    // The allocator itself keeps a few megabytes, however many there were.
    assert!(left < full / 4, "{left} of {full} bytes are left");
}
