//! Timers in the order of their deadlines.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::base::deadline::Deadline;

/// Identifies a timer, from [`EventLoop::run_after`](crate::EventLoop::run_after), by
/// which it can be [cancelled](crate::EventLoop::cancel).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimerId {
    deadline: Deadline,
    /// Distinguishes timers of the same instant, in the order in which they were set.
    sequence: u64,
}

/// A queue of timers. It needs no descriptor and no system call: the timeout of the loop's
/// next wait ends at the first deadline.
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

    pub(crate) fn insert(&mut self, deadline: Deadline, timer: T) -> TimerId {
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

    /// The time until the first deadline, if there is one. Reads the clock only then.
    pub(crate) fn until_next(&self) -> Option<Duration> {
        let (next, _) = self.pending.first_key_value()?;
        Some(next.deadline.left().unwrap_or_default())
    }

    /// Takes the first timer whose deadline is not after `now`.
    pub(crate) fn pop_due(&mut self, now: Deadline) -> Option<T> {
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
        let minutes = |count: u64| Deadline::after(Duration::from_secs(60 * count));
        let (one, two, three) = (minutes(1), minutes(2), minutes(3));
        let mut timers = Timers::new();
        for (deadline, name) in [(three, 'd'), (one, 'a'), (two, 'b'), (two, 'c')] {
            timers.insert(deadline, name);
        }
        assert_eq!(timers.pop_due(Deadline::now()), None);
        let due: Vec<_> = std::iter::from_fn(|| timers.pop_due(two)).collect();
        assert_eq!(due, ['a', 'b', 'c']);
        assert_eq!(timers.pop_due(three), Some('d'));
        assert!(timers.is_empty());
        assert_eq!(timers.until_next(), None);
    }

    #[test]
    fn a_timer_is_removed_once() {
        let mut timers = Timers::new();
        let past = timers.insert(Deadline::now(), 'x');
        assert_eq!(timers.until_next(), Some(Duration::ZERO));
        assert_eq!(timers.remove(past), Some('x'));
        assert_eq!(timers.remove(past), None);
        assert_eq!(timers.pop_due(Deadline::now()), None);
    }
}
