//! The Python samples of days 1 and 2 talk to a day's programs as to each other.

use std::net::SocketAddr;

use crate::{Day, Process, Server, message_in};

macro_rules! sample {
    ($path:literal) => {
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../", $path)
    };
}

pub fn the_python_client_talks_to_the_server(day: Day) {
    let server = day.start(&[]);
    let SocketAddr::V4(addr) = server.addr else {
        panic!("{} is no IPv4 address", server.addr);
    };
    let script = sample!("day01-socket/python/client.py");
    let (host, port) = (addr.ip().to_string(), addr.port().to_string());
    let mut client = Process::start("python3", &[script, &host, &port]);
    for (line, bytes, printed) in [
        ("hello", "hello", r#""hello""#),
        ("a \\\t", r"a \\\t", r#""a \\\t""#),
        ("你好", r"\xe4\xbd\xa0\xe5\xa5\xbd", r#""你好""#),
    ] {
        client.write(&format!("{line}\n"));
        assert_eq!(client.line(), format!("b'{bytes}'"));
        assert_eq!(client.line(), format!("b'Echo: {bytes}'"));
        assert_eq!(message_in(&server.process.line()), printed);
    }
    let ended = client.end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
}

pub fn the_client_talks_to_the_python_server_with_threads(day: Day) {
    talk_to_sample(day, sample!("day01-socket/python/echo_server.py"));
}

pub fn the_client_talks_to_the_python_server_with_epoll(day: Day) {
    talk_to_sample(day, sample!("day02-epoll/python/epoll_server.py"));
}

fn talk_to_sample(day: Day, script: &str) {
    let server = Server::run("python3", &[script, "127.0.0.1", "0"]);
    let mut client = day.start_client(server.addr);
    for (line, printed) in [("hello", r"b'hello\n'"), ("", r"b'\n'")] {
        client.write(&format!("{line}\n"));
        assert_eq!(client.line(), format!("Echo: {line}"));
        assert_eq!(server.process.line(), printed);
    }
    let ended = client.end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
}
