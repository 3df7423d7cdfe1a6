//! Who does not read is not read from: nobody can make the server's memory grow.

mod common;

use std::io::{Read, Write};
use std::thread;

use common::{Server, flood, half_close};

/// More than the server's high-water mark and all the sockets' buffers together.
const FLOOD: usize = 64 * 1024 * 1024;

#[test]
fn a_client_that_never_reads_cannot_send_for_ever() {
    let server = Server::verbatim();
    let slow = server.connect_small();
    let message = vec![0; FLOOD];
    let sent = flood(&slow, &message, &server.connect());
    assert!(sent < FLOOD, "the server has taken everything");

    // What was stopped goes on as soon as the client reads.
    let received = thread::scope(|scope| {
        scope.spawn(|| {
            (&slow).write_all(&message[sent..]).expect("it is sent");
            half_close(&slow);
        });
        let (mut received, mut piece) = (0, vec![0; 64 * 1024]);
        loop {
            match (&slow).read(&mut piece).expect("a reply and its end") {
                0 => break received,
                count => received += count,
            }
        }
    });
    assert_eq!(received, FLOOD);
}
