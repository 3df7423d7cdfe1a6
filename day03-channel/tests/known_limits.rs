//! What this day's programs and library cannot do: each known limit of `src/lib.rs`, shown.
//! A test stays here until the day that lifts its limit. Those that later days share stand in
//! `xtask/conformance/src/echo/known_limits.rs`.

use std::fs;

conformance::tests! {
    known_limits: [
        a_client_for_which_no_descriptor_is_free_waits_without_an_answer,
        sigterm_kills_the_server,
        one_thread_serves_all_clients,
        a_client_that_never_reads_makes_the_server_grow,
    ],
}

/// There is no descriptor for another thread, for a timer or for a signal.
#[test]
fn only_a_client_wakes_the_loop() {
    let server = conformance::day!().start_verbatim();
    let kinds: Vec<_> = fs::read_dir(format!("/proc/{}/fd", server.process.id()))
        .expect("the server runs")
        .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
        .filter_map(|link| Some(link.to_str()?.strip_prefix("anon_inode:")?.to_owned()))
        .collect();
    assert_eq!(kinds, ["[eventpoll]"]);
}
