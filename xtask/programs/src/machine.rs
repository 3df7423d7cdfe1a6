//! Where and when a run was made.

use std::fs;
use std::process::Command;

use serde::{Deserialize, Serialize};

/// What figures are worth nothing without.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Machine {
    /// The day, in UTC: `2026-11-23`.
    pub date: String,
    /// As the processor names itself.
    pub cpu: String,
    /// How many of them the kernel sees.
    pub cpus: usize,
    /// To the nearest GiB.
    pub memory_gib: u64,
    /// Its version, without what the distribution adds.
    pub kernel: String,
    /// What `rustc --version` says.
    pub rustc: String,
    /// What `python3 --version` says.
    pub python: String,
}

impl Machine {
    /// Describes this machine, today. What cannot be found out is left empty: no figure depends on it.
    pub fn describe() -> Self {
        let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        Self {
            date: first_line("date", &["--utc", "+%F"]),
            cpu: field("/proc/cpuinfo", "model name"),
            cpus: processors(),
            memory_gib: gib(&field("/proc/meminfo", "MemTotal")),
            kernel: version(&release).to_owned(),
            rustc: first_line("rustc", &["--version"]),
            python: first_line("python3", &["--version"]),
        }
    }
}

/// All of them, and not those that this program has left itself.
fn processors() -> usize {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let is_processor = |line: &&str| line.starts_with("processor");
    text.lines().filter(is_processor).count()
}

fn field(path: &str, name: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(name));
    let value = line.and_then(|line| line.split_once(':'));
    value.map_or(String::new(), |(_, value)| value.trim().to_owned())
}

fn gib(kib: &str) -> u64 {
    let number = kib.split_whitespace().next().unwrap_or_default();
    number.parse().map_or(0, |kib: u64| (kib + (1 << 19)) >> 20)
}

/// The numbers of `6.18.44-generic`: the rest is the distribution's.
fn version(release: &str) -> &str {
    let end = release.find(|c: char| !c.is_ascii_digit() && c != '.');
    &release[..end.unwrap_or(release.len())]
}

fn first_line(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output();
    let text = output.map(|output| output.stdout).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    text.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_texts_are_understood() {
        assert_eq!(version("6.18.44-generic\n"), "6.18.44");
        assert_eq!(version("6.1\n"), "6.1");
        assert_eq!(gib("24683520 kB"), 24);
        assert_eq!(gib(""), 0);
    }
}
