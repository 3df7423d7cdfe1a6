//! The task queue of a loop and its senders in the orders that loom tries: the tests in
//! `xtask/conformance/tcp_server/task_queue_loom.rs`, over this day's
//! `src/reactor/task_queue.rs`.

#[path = "../src/reactor/task_queue.rs"]
mod task_queue;
#[path = "../../xtask/conformance/tcp_server/task_queue_loom.rs"]
mod task_queue_loom;

use task_queue_loom::{base, reactor};
