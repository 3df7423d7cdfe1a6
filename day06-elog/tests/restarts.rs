//! Servers that start and end leave nothing behind: the tests in
//! `xtask/conformance/tcp_server/restarts.rs`, compiled with this day's library.

use day06_elog as reactor;

#[path = "../../xtask/conformance/tcp_server/restarts.rs"]
mod restarts;
#[path = "../../xtask/conformance/tcp_server/support.rs"]
mod support;
