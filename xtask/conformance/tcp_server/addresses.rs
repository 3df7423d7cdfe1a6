//! Addresses of both families, and shared ones.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};
use std::sync::{Arc, Mutex};

use conformance::{Process, assert_echo, assert_failure};

use super::support::{MODES, Mode, TestServer, echo, in_all_modes};
use crate::reactor::ServerOptions;

/// A machine can be without IPv6; then there is nothing to test.
fn has_ipv6() -> bool {
    let has_it = TcpListener::bind("[::1]:0").is_ok();
    if !has_it {
        eprintln!("skipped: this machine has no IPv6");
    }
    has_it
}

#[test]
fn a_server_may_listen_on_an_ipv6_address() {
    if !has_ipv6() {
        return;
    }
    in_all_modes(|mode| {
        let server = TestServer::start_at("[::1]:0", mode.options());
        assert!(server.addr.is_ipv6());
        assert_echo(&server.connect(), b"hello");
    });
}

/// The unspecified IPv6 address stands for all of IPv4 as well.
#[test]
fn one_listening_socket_serves_both_families() {
    if !has_ipv6() {
        return;
    }
    let peers = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&peers);
    let options = MODES[0].options();
    let mut server = TestServer::start_paused("[::]:0", options, move |server| {
        server.on_connect(echo);
        server.on_open(move |conn| seen.lock().expect("no panic").push(conn.peer_addr().ip()));
    });
    server.run();
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
fn two_servers_share_a_port_if_both_ask_for_it() {
    let options = ServerOptions {
        reuse_port: true,
        ..Mode::new(1, false).options()
    };
    let first = TestServer::echo(options);
    let second = TestServer::start_at(&first.addr.to_string(), options);
    // The kernel chooses a server by a hash of the client's address.
    let mut clients = Vec::new();
    while first.stats().accepted == 0 || second.stats().accepted == 0 {
        assert!(clients.len() < 1000, "one server gets all clients");
        clients.push(first.connect());
        assert_echo(&clients[clients.len() - 1], b"hello");
    }
    // A server that does not ask for it gets no shared port.
    let day = conformance::day!();
    let ended = Process::start(day.server, &[first.addr.to_string()]).end();
    assert_failure(&ended, 1);
}
