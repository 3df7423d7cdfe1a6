//! What this day's `TcpServer` promises: the tests in `xtask/conformance/tcp_server`, compiled
//! with this day's library.

use day06_elog as reactor;

#[path = "../../xtask/conformance/tcp_server/mod.rs"]
mod tcp_server;
