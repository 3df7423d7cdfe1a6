//! The mailbox of a loop and its senders in every order that loom tries: the tests in
//! `xtask/conformance/tcp_server/mailbox_loom.rs`, over this day's `src/mailbox.rs`.

#[path = "../src/mailbox.rs"]
#[allow(dead_code, reason = "no loop delivers anything here")]
mod mailbox;
#[path = "../../xtask/conformance/tcp_server/mailbox_loom.rs"]
mod mailbox_loom;

use mailbox_loom::{Channel, EventLoop, event_fd, sync};
