//! How other threads reach a loop.

use std::error::Error;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use crate::EventLoop;
use crate::mailbox::Mailbox;

/// Something to be done by a loop, in its thread.
pub(crate) type Task = Box<dyn FnOnce(&Rc<EventLoop>) + Send>;

/// A way into an [`EventLoop`] that may be sent to other threads, which the loop
/// itself may not. Clones lead to the same loop. What it is told lies in a mailbox, and
/// the loop is woken by an eventfd
/// ([eventfd(2)](https://man7.org/linux/man-pages/man2/eventfd.2.html)).
#[derive(Clone)]
pub struct LoopHandle {
    mailbox: Arc<Mailbox<Task>>,
}

impl LoopHandle {
    pub(crate) fn new(mailbox: Arc<Mailbox<Task>>) -> Self {
        Self { mailbox }
    }

    /// Has the loop call `task` in its own thread, soon, and after everything that
    /// the calling thread has posted before. Muduo's function of this name calls
    /// the task at once if it is in that thread already; here it always takes its
    /// turn, so that it never runs in the middle of a callback.
    ///
    /// # Errors
    ///
    /// Fails when the loop has ended; the task is dropped. A task that was taken is
    /// called unless its loop is dropped before it has run.
    pub fn run_in_loop(
        &self,
        task: impl FnOnce(&Rc<EventLoop>) + Send + 'static,
    ) -> Result<(), LoopEnded> {
        self.mailbox.push(Box::new(task)).map_err(|_| LoopEnded)
    }

    /// Ends the loop after what has been posted before: in its next turn if it
    /// runs, or else as soon as it is run. Has no effect on a loop that has ended.
    pub fn quit(&self) {
        // A loop that has ended needs no more telling.
        let _ = self.run_in_loop(|event_loop| event_loop.quit());
    }
}

/// The loop that a task was meant for has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoopEnded;

impl fmt::Display for LoopEnded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the event loop has ended")
    }
}

impl Error for LoopEnded {}
