//! What is to be done at a given time.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// The name of a timer, from [`EventLoop::run_after`](crate::EventLoop::run_after), by
/// which it can be [cancelled](crate::EventLoop::cancel).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimerId {
    deadline: Instant,
    /// Keeps timers of the same instant apart, and in the order they were set.
    sequence: u64,
}

/// Timers in the order of their deadlines.
///
/// No descriptor and no system call: the loop waits no longer than until the first
/// deadline.
#[derive(Debug)]
pub(crate) struct Timers<T> {
    pending: BTreeMap<TimerId, T>,
    next_sequence: u64,
}

impl<T> Timers<T> {
    pub(crate) fn new() -> Self {
        Self {
            pending: BTreeMap::new(),
            next_sequence: 0,
        }
    }

    pub(crate) fn insert(&mut self, deadline: Instant, timer: T) -> TimerId {
        let id = TimerId {
            deadline,
            sequence: self.next_sequence,
        };
        self.next_sequence += 1;
        self.pending.insert(id, timer);
        id
    }

    pub(crate) fn remove(&mut self, id: TimerId) -> Option<T> {
        self.pending.remove(&id)
    }

    /// How long there is to wait for the first deadline, if there is one. Looks at
    /// the clock only if it has to.
    pub(crate) fn until_next(&self) -> Option<Duration> {
        let (next, _) = self.pending.first_key_value()?;
        Some(next.deadline.saturating_duration_since(Instant::now()))
    }

    /// Takes the first timer whose deadline is not after `now`.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<T> {
        let next = self.pending.first_entry()?;
        (next.key().deadline <= now).then(|| next.remove())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_come_in_the_order_of_their_deadlines_and_then_of_their_setting() {
        let now = Instant::now();
        let at = |ms| now + Duration::from_millis(ms);
        let mut timers = Timers::new();
        for (deadline, name) in [(3, 'd'), (1, 'a'), (2, 'b'), (2, 'c')] {
            timers.insert(at(deadline), name);
        }
        assert_eq!(timers.pop_due(now), None);
        let due: Vec<_> = std::iter::from_fn(|| timers.pop_due(at(2))).collect();
        assert_eq!(due, ['a', 'b', 'c']);
        assert_eq!(timers.pop_due(at(3)), Some('d'));
        assert!(timers.is_empty());
        assert_eq!(timers.until_next(), None);
    }

    #[test]
    fn a_timer_is_removed_once() {
        let mut timers = Timers::new();
        let past = timers.insert(Instant::now(), 'x');
        assert_eq!(timers.until_next(), Some(Duration::ZERO));
        assert_eq!(timers.remove(past), Some('x'));
        assert_eq!(timers.remove(past), None);
        assert_eq!(timers.pop_due(Instant::now()), None);
    }
}
