//! The promises of the days, one function each. A day's `tests/echo.rs` says which of them
//! the day keeps; a function's name says what it shows.

#![allow(missing_docs, reason = "the names say it")]

pub mod bytes;
pub mod client;
pub mod descriptors;
pub mod failures;
pub mod faults;
pub mod known_limits;
pub mod limits;
pub mod samples;
pub mod signals;
pub mod slow_reader;
pub mod threads;
pub mod unread_replies;

use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::time::Duration;

use crate::{Process, TIMEOUT};

/// Expects a program that has nothing to do to use no CPU time, for as long as it takes to
/// see that `client` gets nothing either.
#[track_caller]
pub fn assert_idle(process: &Process, mut client: &TcpStream) {
    let before = process.cpu_time();
    let half_a_second = Duration::from_millis(500);
    client
        .set_read_timeout(Some(half_a_second))
        .expect("a timeout");
    let error = client.read(&mut [0]).expect_err("no reply is due");
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    client.set_read_timeout(Some(TIMEOUT)).expect("a timeout");
    let spent = process.cpu_time() - before;
    assert!(
        spent < half_a_second / 2,
        "{spent:?} spent on doing nothing"
    );
}
