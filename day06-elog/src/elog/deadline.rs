//! How long somebody is still willing to wait.

use std::time::{Duration, Instant};

/// The end of a wait. A timeout that is too long for the clock never ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    pub(crate) fn after(timeout: Duration) -> Self {
        Self(Instant::now().checked_add(timeout))
    }

    /// What is left of the wait, or `None` when it is over.
    pub(crate) fn left(self) -> Option<Duration> {
        match self.0 {
            None => Some(Duration::MAX),
            Some(end) => end
                .checked_duration_since(Instant::now())
                .filter(|left| !left.is_zero()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_timeout_is_too_long_or_too_short() {
        assert_eq!(Deadline::after(Duration::ZERO).left(), None);
        assert_eq!(Deadline::after(Duration::MAX).left(), Some(Duration::MAX));
        let hour = Duration::from_secs(3600);
        assert!(Deadline::after(hour).left().unwrap() <= hour);
    }
}
