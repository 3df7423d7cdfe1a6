//! What a server may use: descriptors, CPU time, memory.

use std::io::{Read, Write, copy, sink};
use std::net::TcpStream;
use std::time::Duration;

use crate::{
    Day, MIB, assert_echo, echo_succeeds, flood, is_answered, raise_descriptor_limit, wait_until,
    widen,
};

/// What an idle connection may cost, and how many of them share what the server needs for
/// itself.
const BYTES_A_CONNECTION: u64 = 512;
const CROWD: u64 = 8000;

/// From its first moment the server may have 32 descriptors, and a hundred clients connect.
pub fn with_32_descriptors_each_client_is_served_or_rejected_at_once(day: Day) {
    let server = day.start_with_descriptors(32, 1);
    let first = server.connect();
    assert_echo(&first, b"the first");
    let crowd: Vec<_> = (0..100).map(|_| server.connect()).collect();
    assert_echo(&first, b"the first again");
    // If the server did not empty the queue of the listening socket, the last would wait.
    let served = crowd.iter().filter(|client| is_served(client)).count();
    assert!((5..30).contains(&served), "{served} are served");

    let before = server.process.cpu_time();
    let second = Duration::from_secs(1);
    first.set_read_timeout(Some(second)).expect("a timeout");
    (&first).read(&mut [0]).expect_err("no reply is due");
    let spent = server.process.cpu_time() - before;
    assert!(spent <= second / 10, "{spent:?} of {second:?}");

    drop(crowd);
    wait_until("a new client is served", || is_served(&server.connect()));
    assert!(is_answered(&first));
}

/// Whether a client gets a reply and not the end of its connection, which must be no reset.
fn is_served(mut client: &TcpStream) -> bool {
    // A client that was rejected may get an error when it sends.
    let _ = client.write_all(b"!");
    let count = client.read(&mut [0]);
    count.expect("a reply, or an end that is no reset") > 0
}

/// The server's counters agree with what the clients see.
pub fn rejected_clients_and_errors_of_accept_are_counted(day: Day) {
    let server = day.start_with_descriptors(16, 0);
    let clients: Vec<_> = (0..30).map(|_| server.connect()).collect();
    let served = clients
        .iter()
        .filter(|client| echo_succeeds(client, b"!"))
        .count();
    let rejected = clients.len() - served;
    assert!(rejected > 0, "there were descriptors for all");
    assert_eq!(server.counter("rejected"), rejected as u64);
    assert!(server.counter("accept_errors") > 0);
}

/// Thousands of clients that have sent nothing, and then one message each.
pub fn an_idle_connection_costs_at_most_512_bytes(day: Day) {
    const USED_ELSEWHERE: u64 = 500;
    let limit = raise_descriptor_limit(u64::MAX).expect("up to the hard limit");
    let crowd = CROWD.min(limit.saturating_sub(USED_ELSEWHERE));
    for threads in [0, 1] {
        let server = day.start_with_threads(threads);
        // What the server needs once, it has after this.
        let warm: Vec<_> = (0..20).map(|_| server.connect()).collect();
        warm.iter().for_each(|client| assert_echo(client, b"warm"));
        let baseline = server.process.resident();

        let mut clients = Vec::new();
        while (clients.len() as u64) < crowd {
            clients.extend((0..500).map(|_| server.connect()));
            // The last one is served: those before it have been accepted, and there is no
            // queue of them that would take memory too.
            assert_echo(&clients[clients.len() - 1], b"the last");
        }
        let crowd = clients.len() as u64;
        let idle = (server.process.resident() - baseline) / crowd;
        for client in &clients {
            assert_echo(client, &[0; 64]);
        }
        let served = (server.process.resident() - baseline) / crowd;
        println!("{crowd} connections, {threads} threads: {idle} B each, {served} B after an echo");
        assert!(idle <= BYTES_A_CONNECTION, "{idle} bytes each");
        assert!(served <= BYTES_A_CONNECTION, "{served} bytes after an echo");
    }
}

/// Megabytes that wait for slow clients take memory; when they have been read, they do not
/// any more.
pub fn drained_buffers_give_their_memory_back(day: Day) {
    let server = day.start_with_threads(1);
    let warm = server.connect();
    assert_echo(&warm, b"warm");
    let baseline = server.process.resident();
    let message = vec![0; 12 * MIB];
    let slow: Vec<_> = (0..24).map(|_| server.connect_small()).collect();
    let sent: Vec<_> = slow
        .iter()
        .map(|client| flood(client, &message, &warm) as u64)
        .collect();
    let full = server.process.resident() - baseline;
    assert!(full > 4 * MIB as u64, "only {full} bytes wait");
    for (client, sent) in slow.iter().zip(&sent) {
        widen(client);
        let read = copy(&mut client.take(*sent), &mut sink()).expect("a reply");
        assert_eq!(read, *sent);
    }
    assert_echo(&warm, b"after the flood");
    let left = server.process.resident().saturating_sub(baseline);
    println!("{full} bytes waited, {left} are left");
    // The allocator itself keeps a few megabytes, however many there were.
    assert!(left < full / 4, "{left} of {full} bytes are left");
}
