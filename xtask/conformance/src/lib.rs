//! What each day's programs must do, written once for all days.
//!
//! A day's `tests/echo.rs` names the promises that the day's echo server and client keep,
//! and [`tests!`] makes a test of each name:
//!
//! ```ignore
//! conformance::tests! {
//!     bytes: [every_byte_value_is_echoed, a_reset_affects_no_other_client],
//!     client: [a_last_line_without_a_newline_is_sent],
//! }
//! ```
//!
//! The tests themselves are the functions of [`echo`]. They see the programs from outside:
//! [`Day`] starts them, a [`Process`] is one that runs, and [`Server`] is one that listens.
//! [`Child`] is what every process is made of, those of the course's tools included.
//!
//! The files in `tcp_server` beside this crate's sources are the tests of a `TcpServer`.
//! They use a day's library, so that each day which has one compiles them anew.
//!
//! No test sleeps and hopes: it waits for a line, for bytes, for the end of a process, or
//! until a condition holds. What does not happen within [`TIMEOUT`] fails the test, so that
//! a defect is a message and not a run that hangs.

#![allow(clippy::missing_panics_doc, reason = "a test fails by a panic")]

mod child;
mod clients;
pub mod echo;
mod process;
mod random;
mod server;

use std::thread;
use std::time::{Duration, Instant};

pub use child::{Child, kill_all_and};
pub use clients::{
    assert_echo, assert_same, connect, connect_small, echo_succeeds, flood, half_close,
    is_answered, read_to_any_end, read_to_end, reset, send_some, widen,
};
pub use nix::sys::signal::Signal;
pub use process::{Ended, Process, assert_failure, fill_pipe, path_of, raise_descriptor_limit};
pub use random::{Dice, noise};
pub use server::{Day, Server, message_in};

/// How long to wait for what should happen at once. A busy machine takes its time; a
/// program that needs more than this hangs.
pub const TIMEOUT: Duration = Duration::from_secs(30);

/// One mebibyte.
pub const MIB: usize = 1024 * 1024;

/// Waits for what no system call can wait for: until the condition holds.
#[track_caller]
pub fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + TIMEOUT;
    while !condition() {
        assert!(Instant::now() < deadline, "still waiting until {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Makes a test of each function of [`echo`] that is named, for the day whose test file
/// this is.
#[macro_export]
macro_rules! tests {
    ($($group:ident: [$($name:ident),* $(,)?]),* $(,)?) => {$(
        mod $group {
            $(
                #[test]
                fn $name() {
                    $crate::echo::$group::$name($crate::day!());
                }
            )*
        }
    )*};
}

/// The [`Day`] whose test this is, with its programs as cargo has just built them.
#[macro_export]
macro_rules! day {
    () => {
        $crate::Day {
            server: env!(concat!("CARGO_BIN_EXE_", env!("CARGO_PKG_NAME"))),
            client: env!(concat!("CARGO_BIN_EXE_", env!("CARGO_PKG_NAME"), "-client")),
        }
    };
}
