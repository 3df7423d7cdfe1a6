//! The lock of the mailbox. A test of the later days compiles the mailbox over loom's
//! instead, and tries every order that threads can run in.

pub(crate) use std::sync::{Mutex, MutexGuard};
