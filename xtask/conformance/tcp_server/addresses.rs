//! Addresses of both families, shared ones, and one that is used again at once.

mod common;
mod server_support;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};
use std::sync::{Arc, Mutex};

use day05_server as reactor;
use reactor::ServerOptions;

use common::{Server, assert_echo};
use server_support::{MODES, Mode, TestServer, echo, in_all_modes, read_to_any_end};

/// A machine can be without IPv6; then there is nothing to test.
fn has_ipv6() -> bool {
    let has_it = TcpListener::bind("[::1]:0").is_ok();
    if !has_it {
        eprintln!("skipped: this machine has no IPv6");
    }
    has_it
}

#[test]
fn ipv6_is_served() {
    if !has_ipv6() {
        return;
    }
    in_all_modes(|mode| {
        let server = TestServer::start_at("[::1]:0", mode.options());
        assert!(server.addr.is_ipv6());
        assert_echo(&server.connect(), b"hello");
    });
    let server = Server::start_at("[::1]:0", &["--prefix", "", "--quiet"]);
    assert_eq!(server.addr.ip(), Ipv6Addr::LOCALHOST);
    assert_echo(&server.connect(), b"hello");
}

/// The unspecified IPv6 address stands for all of IPv4 as well.
#[test]
fn one_listener_serves_both_families() {
    if !has_ipv6() {
        return;
    }
    let peers = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&peers);
    let options = MODES[0].options();
    let mut server = TestServer::start_asleep("[::]:0", options, move |server| {
        server.on_connect(echo);
        server.on_open(move |conn| seen.lock().expect("no panic").push(conn.peer_addr().ip()));
    });
    server.wake();
    for ip in [
        Ipv4Addr::LOCALHOST.into(),
        IpAddr::from(Ipv6Addr::LOCALHOST),
    ] {
        server.addr.set_ip(ip);
        assert_echo(&server.connect(), b"hello");
    }
    let mapped = Ipv4Addr::LOCALHOST.to_ipv6_mapped();
    let expected = [IpAddr::V6(mapped), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    assert_eq!(*peers.lock().expect("no panic"), expected);
}

#[test]
fn two_servers_share_a_port_if_both_want_to() {
    let options = ServerOptions {
        reuse_port: true,
        ..Mode::new(1, false).options()
    };
    let first = TestServer::echo(options);
    let second = TestServer::start_at(&first.addr.to_string(), options);
    // The kernel deals the clients out by their addresses, as good as at random.
    let mut clients = Vec::new();
    while first.stats().accepted == 0 || second.stats().accepted == 0 {
        assert!(clients.len() < 1000, "one server gets all clients");
        clients.push(first.connect());
        assert_echo(&clients[clients.len() - 1], b"hello");
    }
    // Who does not want to share does not have to.
    let ended = common::Program::start(common::SERVER, &[&first.addr.to_string()]).end();
    common::assert_complaint(&ended, 1);
}

/// The kernel remembers the connections of the server that was killed, and they do not
/// keep its successor from the address.
#[test]
fn after_a_crash_the_address_is_free_at_once() {
    let args = ["--prefix", "", "--quiet"];
    let mut server = Server::start(&args);
    let mut lost = Vec::new();
    for _ in 0..3 {
        let clients: Vec<_> = (0..5).map(|_| server.connect()).collect();
        for client in &clients {
            assert_echo(client, b"hello");
        }
        let addr = server.addr.to_string();
        server.program.kill();
        drop(server);
        server = Server::start_at(&addr, &args);
        assert_echo(&server.connect(), b"hello again");
        lost.extend(clients);
    }
    for client in lost {
        assert!(read_to_any_end(&client).is_empty());
    }
    assert_eq!(
        server.addr.port(),
        server.connect().peer_addr().expect("a peer").port()
    );
}
