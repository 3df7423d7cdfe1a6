//! Every byte comes back, whatever clients do to themselves or to each other.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use crate::{
    Day, MIB, assert_echo, assert_same, half_close, message_in, noise, read_to_any_end,
    read_to_end, reset, send_some,
};

/// Around the `recv(1024)` of the Python samples, and far beyond any buffer on the way.
const SIZES: [usize; 6] = [0, 1, 1023, 1024, 1025, MIB];

pub fn messages_of_any_size_are_echoed(day: Day) {
    let server = day.start_verbatim();
    let client = server.connect();
    for size in SIZES {
        assert_echo(&client, &noise(size, 1));
    }
}

pub fn every_byte_value_is_echoed(day: Day) {
    let server = day.start_verbatim();
    let client = server.connect();
    let all: Vec<u8> = (0..=u8::MAX).collect();
    assert_echo(&client, &all);
    assert_echo(&client, &[0; 1000]);
}

pub fn a_burst_is_echoed_while_it_is_still_being_sent(day: Day) {
    let server = day.start_verbatim();
    assert_echo(&server.connect(), &noise(8 * MIB, 1));
}

pub fn two_hundred_clients_are_served_at_once(day: Day) {
    let server = day.start_verbatim();
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

pub fn a_client_that_half_closes_gets_every_byte(day: Day) {
    let server = day.start_verbatim();
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

/// The client reads nothing before all buffers on the way are full: the server reads EOF when
/// it still has megabytes to send.
pub fn a_half_close_with_megabytes_in_flight_loses_none(day: Day) {
    let server = day.start_verbatim();
    let client = server.connect_small();
    let message = noise(6 * MIB, 3);
    let rest = &message[send_some(&client, &message)..];
    let reply = thread::scope(|scope| {
        scope.spawn(|| {
            (&client).write_all(rest).expect("it is sent");
            half_close(&client);
        });
        read_to_end(&client)
    });
    assert_same(&reply, &message);
}

pub fn a_message_that_arrives_together_with_eof_is_echoed(day: Day) {
    let server = day.start_verbatim();
    let known = server.connect();
    assert_echo(&known, b"hello");
    let (unknown, message) = server.process.while_suspended(|| {
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

/// Some clients leave in one way or another, some connect and some go on, all in one batch of
/// events: the descriptors of the first go to the second, and none of the others' bytes to
/// either.
pub fn clients_that_come_and_go_in_one_batch_keep_their_own_bytes(day: Day) {
    let server = day.start_verbatim();
    let mut clients: Vec<_> = (0..60).map(|_| server.connect()).collect();
    for client in &clients {
        assert_echo(client, b"hello");
    }
    let mut stays = clients.split_off(40);
    let messages: Vec<_> = (0..40).map(|seed| noise(1000, seed)).collect();
    server.process.while_suspended(|| {
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

pub fn a_reset_affects_no_other_client(day: Day) {
    let server = day.start_verbatim();
    let bystander = server.connect();
    thread::scope(|scope| {
        scope.spawn(|| assert_echo(&bystander, &noise(8 * MIB, 4)));
        for round in 0..30 {
            let client = server.connect();
            // In the queue, after a message, and in the middle of a long reply.
            let len = [0, 10, MIB][round % 3];
            send_some(&client, &noise(len, 5));
            let mut beginning = vec![0; len.min(10)];
            (&client).read_exact(&mut beginning).expect("a reply");
            reset(client);
        }
    });
    assert_echo(&bystander, b"still here");
    assert_echo(&server.connect(), b"just came");
}

pub fn a_reply_begins_with_the_prefix(day: Day) {
    for (args, expected) in [
        (&["--quiet"][..], &b"Echo: hello\0\xff"[..]),
        (&["--quiet", "--prefix", "> "], b"> hello\0\xff"),
        (&["--quiet", "--prefix="], b"hello\0\xff"),
    ] {
        let server = day.start(args);
        let client = server.connect();
        (&client).write_all(b"hello\0\xff").expect("it is sent");
        half_close(&client);
        assert_same(&read_to_end(&client), expected);
    }
}

/// A carriage return, an escape sequence or half a character from a client must not reach the
/// terminal on which the server prints.
pub fn received_messages_are_printed_escaped(day: Day) {
    let server = day.start(&["--prefix", ""]);
    assert_echo(&server.connect(), "你好\t\r\n\x1b[2J\0".as_bytes());
    let expected = r#""你好\t\r\n\u{1b}[2J\0""#;
    assert_eq!(message_in(&server.process.line()), expected);
    assert_echo(&server.connect(), b"\xff\xe4\xbd");
    assert_eq!(message_in(&server.process.line()), r#""\xFF\xE4\xBD""#);
}

pub fn a_quiet_server_prints_nothing_after_its_first_line(day: Day) {
    let server = day.start_verbatim();
    assert_echo(&server.connect(), b"hello\n");
    assert!(server.process.kill().stdout.is_empty());
}

/// The kernel remembers the connections of a server that was killed, some of them in
/// `TIME_WAIT`: they do not keep the next server from the address. Clients get their ports on
/// 127.0.0.1, so that this address's port stays free between two servers.
pub fn a_restarted_server_gets_its_address_back(day: Day) {
    let args = ["--prefix", "", "--quiet"];
    let mut server = day.start_at("127.0.0.2:0", &args);
    for _ in 0..3 {
        let clients: Vec<_> = (0..5).map(|_| server.connect()).collect();
        for client in &clients {
            assert_echo(client, b"hello");
        }
        let addr = server.addr.to_string();
        server.process.kill();
        for client in &clients[1..] {
            assert!(read_to_any_end(client).is_empty());
        }
        server = day.start_at(&addr, &args);
        assert_echo(&server.connect(), b"hello again");
    }
}

pub fn ipv6_clients_are_served(day: Day) {
    if let Err(error) = TcpListener::bind("[::1]:0") {
        eprintln!("skipped: this machine has no IPv6 loopback ({error})");
        return;
    }
    let server = day.start_at("[::1]:0", &["--prefix", "", "--quiet"]);
    assert!(server.addr.is_ipv6());
    assert_echo(&server.connect(), b"hello");
}
