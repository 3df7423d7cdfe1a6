//! What a running process holds.

use std::fs;

use anyhow::{Context, Result};
use nix::unistd::Pid;

/// Threads and memory of a process at one moment, from `/proc/PID/status`
/// ([proc_pid_status(5)](https://man7.org/linux/man-pages/man5/proc_pid_status.5.html)).
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
        let status = fs::read_to_string(format!("/proc/{pid}/status"))
            .with_context(|| format!("process {pid} has ended"))?;
        Self::parse(&status).context("cannot understand /proc/PID/status")
    }

    fn parse(status: &str) -> Option<Self> {
        let number = |name: &str| -> Option<u64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            let value = line.strip_prefix(':')?.split_whitespace().next()?;
            value.parse().ok()
        };
        Some(Self {
            threads: number("Threads")?,
            resident_bytes: number("VmRSS")? * 1024,
            anonymous_bytes: number("RssAnon")? * 1024,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_text_is_understood() {
        let status = "Name:\tday01\nVmRSS:\t    2048 kB\nRssAnon:\t     100 kB\nThreads:\t3\n";
        let usage = Usage::parse(status).unwrap();
        assert_eq!(usage.threads, 3);
        assert_eq!(usage.resident_bytes, 2 << 20);
        assert_eq!(usage.anonymous_bytes, 102_400);
        assert_eq!(Usage::parse("Name:\tzombie\n"), None);
        assert!(Usage::of(Pid::this()).unwrap().resident_bytes > 0);
    }
}
