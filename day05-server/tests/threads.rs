//! However many threads serve the clients, the conversation is the same.

mod common;

use std::io::Write;
use std::thread;

use common::{
    Program, SERVER, Server, assert_complaint, assert_echo, assert_same, half_close, noise,
    read_to_end,
};

const MIB: usize = 1024 * 1024;

#[test]
fn the_loop_that_accepts_can_serve_too() {
    converse(0);
}

#[test]
fn one_thread_serves() {
    converse(1);
}

#[test]
fn three_threads_serve() {
    converse(3);
}

/// More clients than threads, all of them at once.
fn converse(threads: usize) {
    let server = start(threads);
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

#[test]
fn there_are_as_many_threads_as_asked_for() {
    let none = start(0).program.threads();
    assert_eq!(start(1).program.threads(), none + 1);
    assert_eq!(start(3).program.threads(), none + 3);
    let cores = thread::available_parallelism().expect("a number of cores");
    assert_eq!(Server::verbatim().program.threads(), none + cores.get());
}

#[test]
fn a_number_of_threads_that_makes_no_sense() {
    for number in ["-1", "many", "", "1000000"] {
        let ended = Program::start(SERVER, &["127.0.0.1:0", "--threads", number]).end();
        let message = assert_complaint(&ended, 2);
        let expected = format!("error: '{number}' is not a number of threads");
        assert!(message.starts_with(&expected), "{message}");
    }
}

fn start(threads: usize) -> Server {
    let threads = threads.to_string();
    Server::start(&["--prefix", "", "--quiet", "--threads", &threads])
}
