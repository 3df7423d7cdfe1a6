//! What this day's programs and library cannot do: each known limit of `src/lib.rs`, shown.
//! A test stays here until the day that lifts its limit. Those that later days share stand in
//! `xtask/conformance/src/echo/known_limits.rs`.

use conformance::assert_echo;

conformance::tests! {
    known_limits: [
        a_client_for_which_no_descriptor_is_free_waits_without_an_answer,
        sigterm_kills_the_server,
    ],
}

#[test]
fn each_client_takes_a_thread() {
    let server = conformance::day!().start_verbatim();
    let clients: Vec<_> = (0..20).map(|_| server.connect()).collect();
    for client in &clients {
        assert_echo(client, b"hello");
    }
    assert_eq!(server.process.threads(), 1 + clients.len() as u64);
}
