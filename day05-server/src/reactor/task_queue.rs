//! The queue through which other threads reach a loop.

use std::io;
use std::mem;
use std::os::fd::{AsFd, BorrowedFd};

use crate::base::sync::{Mutex, lock};
use crate::reactor::waker::Waker;

/// Tasks from many threads for one, in the order in which each thread pushed its own.
///
/// The receiver waits for the queue's descriptor with epoll. One wake-up serves all tasks
/// that are pushed before it drains the queue: only a thread that finds the queue empty
/// writes to the eventfd.
#[derive(Debug)]
pub(crate) struct TaskQueue<T> {
    state: Mutex<State<T>>,
    waker: Waker,
}

#[derive(Debug)]
struct State<T> {
    tasks: Vec<T>,
    is_closed: bool,
}

impl<T> TaskQueue<T> {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            state: Mutex::new(State {
                tasks: Vec::new(),
                is_closed: false,
            }),
            waker: Waker::new()?,
        })
    }

    /// Adds a task, and wakes the receiver if the queue was empty. A closed queue returns
    /// the task.
    pub(crate) fn push(&self, task: T) -> Result<(), T> {
        let mut state = lock(&self.state);
        if state.is_closed {
            return Err(task);
        }
        let was_empty = state.tasks.is_empty();
        state.tasks.push(task);
        drop(state);
        if was_empty {
            self.waker.wake();
        }
        Ok(())
    }

    /// Takes all tasks. The waker is reset first: a task that is pushed in between is taken
    /// too, and its wake-up finds the queue empty at worst.
    pub(crate) fn drain(&self) -> Vec<T> {
        self.waker.reset();
        mem::take(&mut lock(&self.state).tasks)
    }

    /// Takes all tasks and refuses new ones.
    pub(crate) fn close(&self) -> Vec<T> {
        let mut state = lock(&self.state);
        state.is_closed = true;
        mem::take(&mut state.tasks)
    }
}

impl<T> AsFd for TaskQueue<T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.waker.as_fd()
    }
}
