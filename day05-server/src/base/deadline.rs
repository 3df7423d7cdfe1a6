//! Points in time until which something waits.

use std::time::{Duration, Instant};

/// As good as never, and an instant that the clock can still express.
const FAR_FUTURE: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// The end of a wait. A timeout that is too long for the clock ends in a hundred years.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    /// The deadline that is over now.
    pub(crate) fn now() -> Self {
        Self(Instant::now())
    }

    /// The deadline that is over after `timeout`.
    pub(crate) fn after(timeout: Duration) -> Self {
        let now = Instant::now();
        Self(now.checked_add(timeout).unwrap_or(now + FAR_FUTURE))
    }

    /// What is left of the wait, or `None` when it is over.
    pub(crate) fn left(self) -> Option<Duration> {
        self.0
            .checked_duration_since(Instant::now())
            .filter(|left| !left.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_timeout_is_too_long_or_too_short() {
        assert_eq!(Deadline::after(Duration::ZERO).left(), None);
        assert!(Deadline::after(Duration::MAX).left() > Some(FAR_FUTURE / 2));
        let hour = Duration::from_secs(3600);
        assert!(Deadline::after(hour).left().unwrap() <= hour);
        assert!(Deadline::now() < Deadline::after(hour));
    }
}
