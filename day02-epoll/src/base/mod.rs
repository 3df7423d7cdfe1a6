//! What every other room may use; it uses none of them.

mod log_stderr;
pub(crate) mod syscall;

pub use log_stderr::{log_stderr, print_line};
