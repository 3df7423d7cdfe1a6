//! Handles to a loop, for other threads.

use std::error::Error;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use crate::reactor::EventLoop;
use crate::reactor::task_queue::TaskQueue;

/// A function for the loop to call in its thread.
pub(crate) type Task = Box<dyn FnOnce(&Rc<EventLoop>) + Send>;

/// A `Send` handle to an [`EventLoop`], which is not `Send` itself. Clones lead to the
/// same loop. Tasks wait in a queue, and an eventfd
/// ([eventfd(2)](https://man7.org/linux/man-pages/man2/eventfd.2.html)) wakes the loop.
#[derive(Clone)]
pub struct LoopHandle {
    queue: Arc<TaskQueue<Task>>,
}

impl LoopHandle {
    pub(crate) fn new(queue: Arc<TaskQueue<Task>>) -> Self {
        Self { queue }
    }

    /// Makes the loop call `task` in its thread, after the tasks that the calling thread has
    /// passed before. Muduo's `runInLoop` calls the task at once when it is called in the
    /// loop's thread; here it always goes through the queue (muduo's `queueInLoop`), so that
    /// it never runs in the middle of a callback.
    ///
    /// # Errors
    ///
    /// [`LoopEnded`] when the loop has ended; the task is dropped. A task that was accepted
    /// is called unless its loop is dropped before.
    /// If it panics, the loop reports it and goes on.
    pub fn run_in_loop(
        &self,
        task: impl FnOnce(&Rc<EventLoop>) + Send + 'static,
    ) -> Result<(), LoopEnded> {
        self.queue.push(Box::new(task)).map_err(|_| LoopEnded)
    }

    /// Ends the loop after the tasks that the calling thread has passed before. A loop that
    /// does not run yet ends as soon as it is run.
    ///
    /// # Errors
    ///
    /// [`LoopEnded`] when the loop has ended already.
    pub fn quit(&self) -> Result<(), LoopEnded> {
        self.run_in_loop(|event_loop| event_loop.quit())
    }
}

impl fmt::Debug for LoopHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoopHandle").finish_non_exhaustive()
    }
}

/// The error of a handle whose loop has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoopEnded;

impl fmt::Display for LoopEnded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the event loop has ended")
    }
}

impl Error for LoopEnded {}
