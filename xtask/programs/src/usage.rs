//! What a running process holds.

use std::fs;

use anyhow::{Context, Result};
use nix::unistd::Pid;

/// Threads and memory of a process at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// How many threads it has.
    pub threads: u64,
    /// All of its memory that is in use, programs and libraries included.
    pub resident_bytes: u64,
    /// What it has allocated for itself.
    pub anonymous_bytes: u64,
}

impl Usage {
    /// Looks at a process.
    ///
    /// # Errors
    ///
    /// Fails when the process has ended.
    pub fn of(pid: Pid) -> Result<Self> {
        let read = |name: &str| {
            fs::read_to_string(format!("/proc/{pid}/{name}"))
                .with_context(|| format!("process {pid} has ended"))
        };
        // The memory in /proc/PID/status is an estimate, which may be wrong by as
        // much as hundreds of connections take.
        Self::parse(&read("status")?, &read("smaps_rollup")?)
            .context("cannot understand what /proc says of a process")
    }

    fn parse(status: &str, smaps: &str) -> Option<Self> {
        Some(Self {
            threads: number(status, "Threads:")?,
            resident_bytes: number(smaps, "Rss:")? * 1024,
            anonymous_bytes: number(smaps, "Anonymous:")? * 1024,
        })
    }
}

fn number(text: &str, name: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(name))?;
    value.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_text_is_understood() {
        let smaps = "55d0-7ffe ---p 00000000 [rollup]\nRss:  2048 kB\nAnonymous:  100 kB\n";
        let usage = Usage::parse("Name:\tday01\nThreads:\t3\n", smaps).unwrap();
        assert_eq!(usage.threads, 3);
        assert_eq!(usage.resident_bytes, 2 << 20);
        assert_eq!(usage.anonymous_bytes, 102_400);
        assert_eq!(Usage::parse("Name:\tzombie\n", ""), None);
        assert!(Usage::of(Pid::this()).unwrap().resident_bytes > 0);
    }
}
