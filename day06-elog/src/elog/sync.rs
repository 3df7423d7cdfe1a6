//! The locks under the double buffer. `tests/elog_loom.rs` compiles the same
//! source over loom's instead, and tries every order the threads can run in.

pub(crate) use std::sync::{Condvar, Mutex, MutexGuard};
