//! Medians, and how far they can be trusted.

use serde::{Deserialize, Serialize};

/// The two-sided 95 % quantile of the normal distribution.
const Z: f64 = 1.96;

/// The median of a sample, and an interval that holds the median of what the sample
/// was drawn from in 95 of 100 cases.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub(crate) struct Estimate {
    pub(crate) median: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

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

#[cfg(test)]
mod tests {
    use super::*;

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
}
