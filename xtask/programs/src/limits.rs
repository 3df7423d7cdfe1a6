//! How many descriptors a process may have.

use anyhow::{Context, Result};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Raises the limit that this process and its children start with, which is often
/// 1024, and returns what it has become: less than was wanted where the system's
/// hard limit says so.
///
/// # Errors
///
/// Passes on the errors of getrlimit(2) and setrlimit(2).
pub fn raise_descriptor_limit(wanted: u64) -> Result<u64> {
    let (soft, hard) =
        getrlimit(Resource::RLIMIT_NOFILE).context("cannot ask for the descriptor limit")?;
    let raised = wanted.min(hard).max(soft);
    setrlimit(Resource::RLIMIT_NOFILE, raised, hard)
        .context("cannot raise the descriptor limit")?;
    Ok(raised)
}
