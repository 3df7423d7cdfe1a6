//! Medians, and how far they can be trusted.

use hdrhistogram::Histogram;

use crate::results::{Estimate, FLOOR_AGAIN, Latency, ScenarioResult};

/// The two-sided 95 % quantile of the normal distribution.
const Z: f64 = 1.96;

/// How far two copies of one program may seem to differ.
const TOLERANCE: f64 = 0.02;

impl Estimate {
    /// Needs no assumption about the distribution: how many of n values lie below
    /// their median is a binomial variable, which names the two order statistics.
    ///
    /// A sample without values has no median.
    pub(crate) fn of(mut sample: Vec<f64>) -> Option<Self> {
        sample.sort_by(f64::total_cmp);
        let (last, n) = (sample.len().checked_sub(1)?, sample.len() as f64);
        let rank = (n / 2.0 - Z * n.sqrt() / 2.0).floor().max(1.0) as usize;
        Some(Self {
            median: (sample[last / 2] + sample[sample.len() / 2]) / 2.0,
            low: sample[rank - 1],
            high: sample[sample.len() - rank],
        })
    }
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
    use crate::results::ServerResult;

    #[test]
    fn the_median_of_an_even_sample_lies_between_its_middle_values() {
        let estimate = Estimate::of(vec![4.0, 1.0, 3.0, 2.0]).unwrap();
        assert_eq!(estimate.median, 2.5);
        assert_eq!(Estimate::of(vec![3.0, 1.0, 2.0]).unwrap().median, 2.0);
    }

    #[test]
    fn a_small_sample_says_no_more_than_its_range() {
        let one = Estimate::of(vec![7.0]).unwrap();
        assert_eq!((one.low, one.median, one.high), (7.0, 7.0, 7.0));
        let five = Estimate::of(vec![1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
        assert_eq!((five.low, five.high), (1.0, 5.0));
        assert_eq!(Estimate::of(Vec::new()), None);
    }

    #[test]
    fn the_interval_has_the_ranks_of_the_tables() {
        let ranks = |n: u32| Estimate::of((1..=n).map(f64::from).collect()).unwrap();
        assert_eq!((ranks(60).low, ranks(60).high), (22.0, 39.0));
        assert_eq!((ranks(100).low, ranks(100).high), (40.0, 61.0));
    }

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
