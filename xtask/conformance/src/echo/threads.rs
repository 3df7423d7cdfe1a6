//! However many threads serve the clients, the conversation is the same.

use std::io::Write;
use std::thread;

use crate::{Day, MIB, assert_echo, assert_same, half_close, noise, read_to_end};

pub fn the_main_loop_serves_when_there_are_no_threads(day: Day) {
    converse(day, 0);
}

pub fn one_thread_serves(day: Day) {
    converse(day, 1);
}

pub fn three_threads_serve(day: Day) {
    converse(day, 3);
}

/// More clients than threads, all of them at once.
fn converse(day: Day, threads: usize) {
    let server = day.start_with_threads(threads);
    let clients: Vec<_> = (0..10).map(|_| server.connect()).collect();
    thread::scope(|scope| {
        for (seed, mut client) in clients.iter().enumerate() {
            scope.spawn(move || {
                let message = noise(MIB, seed as u64);
                assert_echo(client, &message);
                client.write_all(b"bye").expect("it is sent");
                half_close(client);
                assert_same(&read_to_end(client), b"bye");
            });
        }
    });
}

pub fn the_server_has_as_many_threads_as_asked_for(day: Day) {
    let threads = |count| day.start_with_threads(count).process.threads();
    let none = threads(0);
    assert_eq!(threads(1), none + 1);
    assert_eq!(threads(3), none + 3);
    let cores = thread::available_parallelism().expect("a number of cores");
    let by_default = day.start_verbatim().process.threads();
    assert_eq!(by_default, none + cores.get() as u64);
}
