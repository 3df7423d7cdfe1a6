//! What every other room may use; it uses none of them.

pub(crate) mod counter;
pub(crate) mod deadline;
mod log_stderr;
pub(crate) mod signal_mask;
pub(crate) mod sync;
pub(crate) mod syscall;

pub(crate) use log_stderr::write_stderr;
pub use log_stderr::{log_stderr, print_line};
