//! Waiting until the writer has caught up.

use std::time::Duration;

use crate::elog::deadline::Deadline;
use crate::elog::double_buffer::state::{Phase, State};
use crate::elog::double_buffer::{DoubleBuffer, wait_timeout};
use crate::elog::sync::MutexGuard;

impl DoubleBuffer {
    /// Waits until every line queued before the call is written or lost.
    ///
    /// # Errors
    ///
    /// After `timeout`, returns how many of them were neither.
    pub(crate) fn flush(&self, timeout: Duration) -> Result<(), u64> {
        let state = self.lock();
        let target = state.queued;
        let reached = |state: &State| state.done >= target || state.phase == Phase::Closed;
        if reached(&state) {
            return Ok(());
        }
        self.call_writer(state);
        self.wait_until(timeout, reached)
            .map_err(|state| target - state.done)
    }

    /// Asks the writer to write what is there and leave, and waits until it has.
    ///
    /// # Errors
    ///
    /// After `timeout`, gives up the lines that are left, counts them as lost and
    /// returns how many they are.
    pub(crate) fn stop(&self, timeout: Duration) -> Result<(), u64> {
        let mut state = self.lock();
        if state.phase == Phase::Open {
            state.phase = Phase::Stopping;
        }
        self.call_writer(state);
        self.wait_until(timeout, |state| state.phase == Phase::Closed)
            .map_err(|mut state| {
                let lost = state.give_up();
                drop(state);
                self.work.notify_all();
                self.room.notify_all();
                self.settled.notify_all();
                lost
            })
    }

    fn wait_until(
        &self,
        timeout: Duration,
        reached: impl Fn(&State) -> bool,
    ) -> Result<(), MutexGuard<'_, State>> {
        let deadline = Deadline::after(timeout);
        let mut state = self.lock();
        while !reached(&state) {
            let Some(left) = deadline.left() else {
                return Err(state);
            };
            state = wait_timeout(&self.settled, state, left);
        }
        Ok(())
    }
}
