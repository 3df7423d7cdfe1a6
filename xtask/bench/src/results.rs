//! What a run found out, as it is written to the disk.

use hdrhistogram::Histogram;
use programs::Machine;
use serde::{Deserialize, Serialize};

use crate::fleet::FLOOR_AGAIN;
use crate::stats::Estimate;

/// How far two copies of one program may seem to differ.
const TOLERANCE: f64 = 0.02;

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

/// From beginning to end of what somebody waits for.
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
    /// Before it has said anything.
    pub(crate) fresh_bytes: f64,
    /// After an echo.
    pub(crate) echoed_bytes: f64,
}

/// How long many clients wait who come at once.
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
    /// How long the caller is kept.
    pub(crate) p50_ns: Estimate,
    pub(crate) p99_ns: Estimate,
    pub(crate) p999_ns: Estimate,
    /// From the first call until all lines are with the kernel.
    pub(crate) seconds: Estimate,
    pub(crate) lines_per_second: f64,
    /// In all rounds together.
    pub(crate) lost: usize,
    pub(crate) peak_mib: f64,
}

/// What one process that wrote lines says of itself.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Written {
    pub(crate) seconds: f64,
    pub(crate) lost: usize,
    pub(crate) peak_mib: f64,
    /// None if the calls were not timed.
    pub(crate) latency: Option<Latency>,
}

impl Latency {
    pub(crate) fn of(latencies: &Histogram<u64>) -> Self {
        Self {
            p50_ns: latencies.value_at_quantile(0.5),
            p99_ns: latencies.value_at_quantile(0.99),
            p999_ns: latencies.value_at_quantile(0.999),
        }
    }
}

impl ScenarioResult {
    /// By how much the floor seemed to differ from itself, if by too much.
    pub(crate) fn noise(&self) -> Option<f64> {
        let again = self
            .servers
            .iter()
            .find(|result| result.server == FLOOR_AGAIN)?;
        let ratio = again.cpu_ratio.median;
        ((ratio - 1.0).abs() > TOLERANCE).then_some(ratio)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scenario(again: f64) -> ScenarioResult {
        let estimate = |value| Estimate::of(vec![value]).unwrap();
        ScenarioResult {
            key: "ping-1".to_owned(),
            title: "ping-pong".to_owned(),
            rounds: 1,
            servers: vec![ServerResult {
                server: FLOOR_AGAIN.to_owned(),
                cpu_ns: estimate(7000.0),
                cpu_ratio: estimate(again),
                per_second: estimate(1.0),
                per_second_ratio: estimate(1.0),
                latency: Latency {
                    p50_ns: 1,
                    p99_ns: 2,
                    p999_ns: 3,
                },
            }],
        }
    }

    #[test]
    fn a_run_in_which_the_floor_differs_from_itself_is_noisy() {
        assert_eq!(scenario(1.019).noise(), None);
        assert_eq!(scenario(0.981).noise(), None);
        assert_eq!(scenario(1.021).noise(), Some(1.021));
        assert_eq!(scenario(0.95).noise(), Some(0.95));
    }
}
