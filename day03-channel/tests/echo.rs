//! Every byte comes back, whatever clients do to themselves or to each other.

mod common;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use common::{Server, assert_echo, assert_same, fill, half_close, noise, read_to_end, reset};

const MIB: usize = 1024 * 1024;

/// Around the samples' `recv(1024)`, and far beyond any buffer on the way.
const SIZES: [usize; 6] = [0, 1, 1023, 1024, 1025, MIB];

#[test]
fn messages_of_any_size_come_back() {
    let server = Server::verbatim();
    let client = server.connect();
    for size in SIZES {
        assert_echo(&client, &noise(size, 1));
    }
}

#[test]
fn every_byte_value_comes_back() {
    let server = Server::verbatim();
    let client = server.connect();
    let all: Vec<u8> = (0..=u8::MAX).collect();
    assert_echo(&client, &all);
    assert_echo(&client, &[0; 1000]);
}

#[test]
fn a_burst_comes_back_while_it_is_still_being_sent() {
    let server = Server::verbatim();
    assert_echo(&server.connect(), &noise(8 * MIB, 1));
}

#[test]
fn two_hundred_clients_are_served_at_once() {
    let server = Server::verbatim();
    let clients: Vec<_> = (0..200).map(|_| server.connect()).collect();
    let messages: Vec<_> = (0..200).map(|seed| noise(1000, seed)).collect();
    for (mut client, message) in clients.iter().zip(&messages) {
        client.write_all(message).expect("it is sent");
    }
    for (mut client, message) in clients.iter().zip(&messages) {
        let mut reply = [0; 1000];
        client.read_exact(&mut reply).expect("a reply");
        assert_same(&reply, message);
    }
}

#[test]
fn a_client_that_has_said_everything_gets_everything() {
    let server = Server::verbatim();
    for size in SIZES {
        let client = server.connect();
        let message = noise(size, 2);
        let reply = thread::scope(|scope| {
            scope.spawn(|| {
                (&client).write_all(&message).expect("it is sent");
                half_close(&client);
            });
            read_to_end(&client)
        });
        assert_same(&reply, &message);
    }
}

/// Nothing is read before all buffers on the way are full: the end of the input
/// arrives when the server still has megabytes to send.
#[test]
fn a_client_that_has_said_everything_gets_what_is_in_flight() {
    let server = Server::verbatim();
    let client = server.connect_small();
    let message = noise(6 * MIB, 3);
    let rest = &message[fill(&client, &message)..];
    let reply = thread::scope(|scope| {
        scope.spawn(|| {
            (&client).write_all(rest).expect("it is sent");
            half_close(&client);
        });
        read_to_end(&client)
    });
    assert_same(&reply, &message);
}

/// The message and the end of the input are one event.
#[test]
fn a_client_that_leaves_with_a_word_gets_its_answer() {
    let server = Server::verbatim();
    let known = server.connect();
    assert_echo(&known, b"hello");
    let (unknown, message) = server.program.while_suspended(|| {
        let unknown = server.connect();
        let message = noise(10_000, 6);
        for mut client in [&known, &unknown] {
            client.write_all(&message).expect("it is sent");
            half_close(client);
        }
        (unknown, message)
    });
    assert_same(&read_to_end(&known), &message);
    assert_same(&read_to_end(&unknown), &message);
}

/// Some leave in one way or another, some come and some go on, all in one batch of
/// events: the descriptors of the first go to the second, and none of the others'
/// bytes to either.
#[test]
fn clients_may_come_and_go_at_once() {
    let server = Server::verbatim();
    let mut clients: Vec<_> = (0..60).map(|_| server.connect()).collect();
    for client in &clients {
        assert_echo(client, b"hello");
    }
    let mut stays = clients.split_off(40);
    let messages: Vec<_> = (0..40).map(|seed| noise(1000, seed)).collect();
    server.program.while_suspended(|| {
        for (n, mut client) in clients.into_iter().enumerate() {
            if n % 2 == 0 {
                client.write_all(b"and bye").expect("it is sent");
            }
            if n % 4 < 2 {
                reset(client);
            }
        }
        stays.extend((0..20).map(|_| server.connect()));
        for (mut client, message) in stays.iter().zip(&messages) {
            client.write_all(message).expect("it is sent");
        }
    });
    for (mut client, message) in stays.iter().zip(&messages) {
        let mut reply = [0; 1000];
        client.read_exact(&mut reply).expect("a reply");
        assert_same(&reply, message);
        assert_echo(client, b"and again");
    }
}

#[test]
fn a_reset_hurts_nobody_else() {
    let server = Server::verbatim();
    let bystander = server.connect();
    thread::scope(|scope| {
        scope.spawn(|| assert_echo(&bystander, &noise(8 * MIB, 4)));
        for round in 0..30 {
            let client = server.connect();
            // In the queue, after a word, and in the middle of a long reply.
            let len = [0, 10, MIB][round % 3];
            fill(&client, &noise(len, 5));
            let mut beginning = vec![0; len.min(10)];
            (&client).read_exact(&mut beginning).expect("a reply");
            reset(client);
        }
    });
    assert_echo(&bystander, b"still here");
    assert_echo(&server.connect(), b"just came");
}

#[test]
fn a_reply_begins_with_the_prefix() {
    for (args, expected) in [
        (&["--quiet"][..], &b"Echo: hello\0\xff"[..]),
        (&["--quiet", "--prefix", "> "], b"> hello\0\xff"),
        (&["--quiet", "--prefix="], b"hello\0\xff"),
    ] {
        let server = Server::start(args);
        let client = server.connect();
        (&client).write_all(b"hello\0\xff").expect("it is sent");
        half_close(&client);
        assert_same(&read_to_end(&client), expected);
    }
}

/// A carriage return, an escape sequence or half a character from a client must
/// not reach the terminal of whoever watches the server.
#[test]
fn what_was_received_is_printed_in_a_safe_form() {
    let server = Server::start(&["--prefix", ""]);
    assert_echo(&server.connect(), "你好\t\r\n\x1b[2J\0".as_bytes());
    assert_printed(&server.program.line(), r"你好\t\r\n\u{1b}[2J\u{0}");
    assert_echo(&server.connect(), b"\xff\xe4\xbd");
    assert_printed(&server.program.line(), r"\xff\xe4\xbd");
}

#[track_caller]
fn assert_printed(line: &str, expected: &str) {
    let (client, text) = line.split_once(": ").expect("a client and what it said");
    let fd = client.strip_prefix("Message from client ");
    assert!(fd.is_some_and(|fd| fd.parse::<u32>().is_ok()), "{line}");
    assert_eq!(text, expected);
}

#[test]
fn a_quiet_server_prints_nothing_after_its_first_line() {
    let mut server = Server::verbatim();
    assert_echo(&server.connect(), b"hello\n");
    server.program.kill();
    assert!(server.program.end().stdout.is_empty());
}

/// A client whose server goes first leaves the address in `TIME_WAIT`. Nobody
/// else uses this one of the loopback's addresses, and so nobody else can get
/// the port between the two servers.
#[test]
fn a_restarted_server_gets_its_address_back() {
    let mut first = Server::start_at("127.0.0.2:0", &["--quiet"]);
    let client = first.connect();
    (&client).write_all(b"hello").expect("it is sent");
    (&client).read_exact(&mut [0; 11]).expect("a reply");
    first.program.kill();
    let addr = first.addr.to_string();
    first.program.end();
    read_to_end(&client);
    drop(client);
    let second = Server::start_at(&addr, &["--prefix", "", "--quiet"]);
    assert_echo(&second.connect(), b"hello again");
}

#[test]
fn ipv6_is_served_too() {
    if let Err(error) = TcpListener::bind("[::1]:0") {
        eprintln!("skipped: this machine has no IPv6 loopback ({error})");
        return;
    }
    let server = Server::start_at("[::1]:0", &["--prefix", "", "--quiet"]);
    assert!(server.addr.is_ipv6());
    assert_echo(&server.connect(), b"hello");
}
