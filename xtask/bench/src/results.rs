//! What a run found out, as it is written to the disk.

use programs::Machine;
use serde::{Deserialize, Serialize};

/// A second copy of the server that all are compared with: what the two seem to differ by
/// is the noise of the run.
pub(crate) const FLOOR_AGAIN: &str = "floor again";

/// The median of a sample, and an interval that contains the median of what the sample was
/// drawn from in 95 of 100 cases.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub(crate) struct Estimate {
    pub(crate) median: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// The servers' side of a run.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct ServerReport {
    pub(crate) machine: Machine,
    /// Set if the run was published although it could not tell equals from equals.
    pub(crate) noisy: bool,
    pub(crate) scenarios: Vec<ScenarioResult>,
    pub(crate) idle: Vec<IdleResult>,
    pub(crate) crowd: Vec<CrowdResult>,
    /// Empty where there is no strace.
    pub(crate) calls: Vec<CallsResult>,
    /// Empty where there is no valgrind.
    #[serde(default)]
    pub(crate) instructions: Vec<InstructionsResult>,
}

#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct ScenarioResult {
    pub(crate) key: String,
    pub(crate) title: String,
    /// Fewer than were asked for, if the machine was too busy for them.
    pub(crate) rounds: usize,
    pub(crate) servers: Vec<ServerResult>,
}

#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct ServerResult {
    pub(crate) server: String,
    /// The server's CPU time for an echo.
    pub(crate) cpu_ns: Estimate,
    /// The same, as a ratio to the floor's in the same round.
    pub(crate) cpu_ratio: Estimate,
    pub(crate) per_second: Estimate,
    pub(crate) per_second_ratio: Estimate,
    pub(crate) latency: Latency,
}

/// How long an echo or a call took.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Latency {
    pub(crate) p50_ns: u64,
    pub(crate) p99_ns: u64,
    pub(crate) p999_ns: u64,
}

/// What a connection costs that does nothing.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct IdleResult {
    pub(crate) server: String,
    /// Before its first echo.
    pub(crate) fresh_bytes: f64,
    /// After an echo.
    pub(crate) echoed_bytes: f64,
}

/// How long many clients wait that connect at once.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct CrowdResult {
    pub(crate) server: String,
    pub(crate) clients: usize,
    pub(crate) accepted: usize,
    pub(crate) seconds: f64,
}

/// How many system calls the server makes for an echo.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct CallsResult {
    pub(crate) server: String,
    pub(crate) per_echo: f64,
}

/// How many instructions a server needs for an echo, the kernel's not counted.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct InstructionsResult {
    pub(crate) server: String,
    pub(crate) per_echo: f64,
}

/// The loggers' side.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct LogReport {
    pub(crate) machine: Machine,
    pub(crate) rounds: usize,
    pub(crate) lines: usize,
    pub(crate) loggers: Vec<LoggerResult>,
}

#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct LoggerResult {
    pub(crate) logger: String,
    pub(crate) threads: usize,
    /// How long a call takes its caller.
    pub(crate) p50_ns: Estimate,
    pub(crate) p99_ns: Estimate,
    pub(crate) p999_ns: Estimate,
    /// From the first call until the kernel has all lines.
    pub(crate) seconds: Estimate,
    pub(crate) lines_per_second: f64,
    /// In all rounds together.
    pub(crate) lost: usize,
    pub(crate) peak_mib: f64,
}
