//! What Ctrl-C does to a tool and to the programs that it has started.

use std::process;

use anyhow::{Context, Result};

/// The exit code by which shells tell that Ctrl-C ended a program.
const INTERRUPTED: i32 = 130;

/// From here on Ctrl-C and SIGTERM end every [`Child`](crate::Child), then the program.
///
/// # Errors
///
/// Fails when the signals have a handler already.
pub fn end_children_on_interrupt() -> Result<()> {
    let handler = || {
        conformance::kill_all_and(|| {
            eprintln!("interrupted");
            process::exit(INTERRUPTED);
        });
    };
    ctrlc::set_handler(handler).context("cannot handle Ctrl-C")
}
