//! How a server ends: politely, on time, and completely.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use conformance::{MIB, assert_echo, assert_same, noise, read_to_any_end, read_to_end, widen};

use super::support::{TestServer, echo, in_all_modes, in_two_modes};

const GRACE: Duration = Duration::from_secs(20);

/// The kernel has connected these clients: they get their answers, although the server is
/// stopped before it has accepted the first of them.
#[test]
fn clients_in_the_queue_are_still_served() {
    in_all_modes(|mode| {
        let mut server =
            TestServer::start_paused("127.0.0.1:0", mode.options(), |s| s.on_connect(echo));
        let clients: Vec<_> = (0..100).map(|_| server.connect()).collect();
        for mut client in &clients {
            client.write_all(b"am I too late?").expect("it is sent");
        }
        let _ = server.handle.stop(GRACE);
        server.run();
        for client in clients {
            assert_eq!(read_to_end(&client), b"am I too late?");
        }
        server.wait_for_end();
        let stats = server.stats();
        assert_eq!((stats.accepted, stats.active()), (100, 0));
        assert!(TcpStream::connect(server.addr).is_err());
    });
}

#[test]
fn replies_under_way_arrive_and_new_requests_are_not_answered() {
    in_two_modes(|mode| {
        let reply = Arc::new(noise(16 * MIB, 1));
        let sent = Arc::clone(&reply);
        let mut server = TestServer::start(mode.options(), move |server| {
            server.on_connect(move |conn| {
                if conn.read() > 0 {
                    conn.set_send_buf(&*sent);
                    conn.write();
                }
            });
        });
        let (client, idle) = (server.connect_small(), server.connect());
        (&client).write_all(b"?").expect("it is sent");
        server.wait_until(|stats| stats.bytes_out > 0 && stats.accepted == 2);
        let _ = server.handle.stop(GRACE);
        assert!(read_to_end(&idle).is_empty());
        assert!(TcpStream::connect(server.addr).is_err());
        // A request that comes when the server stops is not answered any more.
        let _ = (&client).write_all(b"?");
        widen(&client);
        assert_same(&read_to_end(&client)[..reply.len()], &reply);
        drop((client, idle));
        server.wait_for_end();
        assert_eq!(server.stats().closed_stopped, 2);
    });
}

#[test]
fn a_reply_that_is_not_read_in_time_is_cut_off() {
    in_two_modes(|mode| {
        let server = TestServer::echo(mode.options());
        let slow = server.connect_small();
        let message = noise(16 * MIB, 1);
        let sent = server.flood(&slow, &message);
        assert!(sent < message.len(), "the server has taken everything");
        let stats = server.stop(Duration::from_millis(50));
        assert_eq!(stats.closed_stopped, 1);
        assert_eq!(stats.bytes_in, stats.bytes_out + stats.bytes_discarded);
        widen(&slow);
        let received = read_to_any_end(&slow);
        assert_same(&received, &message[..received.len()]);
    });
}

#[test]
fn any_thread_may_stop_the_server_and_more_than_once() {
    in_all_modes(|mode| {
        let mut server = TestServer::echo(mode.options());
        let client = server.connect();
        assert_echo(&client, b"hello");
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| server.handle.stop(GRACE));
            }
        });
        assert!(read_to_end(&client).is_empty());
        drop(client);
        server.wait_for_end();
        let _ = server.handle.stop(GRACE);
        assert_eq!(server.stats().active(), 0);

        // A server that does not run yet stops as soon as it does.
        let mut server =
            TestServer::start_paused("127.0.0.1:0", mode.options(), |s| s.on_connect(echo));
        let _ = server.handle.stop(Duration::ZERO);
        let _ = server.handle.stop(Duration::MAX);
        server.run();
        server.wait_for_end();
    });
}
