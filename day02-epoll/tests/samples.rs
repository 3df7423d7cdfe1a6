//! The Python samples and this day's programs talk to each other as among
//! themselves.

mod common;

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use common::{CLIENT, Program, Server};

#[test]
fn the_samples_client_talks_to_the_server() {
    let server = Server::start(&[]);
    let script = script("day01", "client.py");
    let SocketAddr::V4(addr) = server.addr else {
        panic!("{} is no IPv4 address", server.addr);
    };
    let (host, port) = (addr.ip().to_string(), addr.port().to_string());
    let mut client = Program::start("python3", &[&script, &host, &port]);
    for (line, bytes, printed) in [
        ("hello", "hello", "hello"),
        ("a \\\t", r"a \\\t", r"a \\t"),
        ("你好", r"\xe4\xbd\xa0\xe5\xa5\xbd", "你好"),
    ] {
        client.say(&format!("{line}\n"));
        assert_eq!(client.line(), format!("b'{bytes}'"));
        assert_eq!(client.line(), format!("b'Echo: {bytes}'"));
        let received = server.program.line();
        assert!(received.ends_with(&format!(": {printed}")), "{received}");
    }
    let ended = client.end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
}

#[test]
fn the_client_talks_to_the_sample_with_threads() {
    talk_to_sample(&script("day01", "echo_server.py"));
}

#[test]
fn the_client_talks_to_the_sample_with_epoll() {
    talk_to_sample(&script("day02", "epoll_server.py"));
}

fn talk_to_sample(script: &str) {
    let server = Server::run("python3", &[script, "127.0.0.1", "0"]);
    let mut client = Program::start(CLIENT, &[&server.addr.to_string()]);
    for (line, printed) in [("hello", r"b'hello\n'"), ("", r"b'\n'")] {
        client.say(&format!("{line}\n"));
        assert_eq!(client.line(), format!("Echo: {line}"));
        assert_eq!(server.program.line(), printed);
    }
    let ended = client.end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
}

/// A sample's path. Only the first two days have any.
fn script(day: &str, name: &str) -> String {
    let this_day = Path::new(env!("CARGO_MANIFEST_DIR"));
    let course = this_day.parent().expect("the days lie side by side");
    let entries = fs::read_dir(course).expect("the course's directory");
    let day = entries
        .map(|entry| entry.expect("an entry").path())
        .find(|path| {
            let name = path.file_name().unwrap_or_default();
            name.to_string_lossy().starts_with(day)
        })
        .unwrap_or_else(|| panic!("there is no {day}"));
    let path = day.join("python").join(name);
    path.to_str().expect("a path of plain text").to_owned()
}
