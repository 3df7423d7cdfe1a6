//! Handles to values that stay in the thread of a loop.

use std::fmt;
use std::marker::PhantomData;
use std::rc::{Rc, Weak};

use crate::reactor::{EventLoop, LoopEnded, LoopHandle};

/// A `Send` handle to an `Rc` of a loop's thread. The `Rc` itself cannot travel to another
/// thread and back; the handle has a key, and a task in the loop's thread looks the value up.
/// In muduo such a task captures a `shared_ptr`, which any thread may hold and drop.
///
/// ```
/// # use day04_eventloop as reactor;
/// # fn main() -> std::io::Result<()> {
/// use std::cell::Cell;
/// use std::rc::Rc;
/// use reactor::{EventLoop, Remote};
///
/// let event_loop = EventLoop::new()?;
/// let count = Rc::new(Cell::new(0));
/// let remote = Remote::new(&event_loop, &Rc::downgrade(&count));
/// let handle = event_loop.handle();
/// let other = std::thread::spawn(move || {
///     remote.run(|count| count.set(count.get() + 1)).unwrap();
///     handle.quit().unwrap();
/// });
/// event_loop.run()?;
/// other.join().unwrap();
/// assert_eq!(count.get(), 1);
/// # Ok(())
/// # }
/// ```
pub struct Remote<T> {
    event_loop: LoopHandle,
    key: u64,
    value: PhantomData<fn(&T)>,
}

impl<T: 'static> Remote<T> {
    /// A handle to `value`, which belongs to the thread of `event_loop`. It does not keep the
    /// value alive.
    pub fn new(event_loop: &EventLoop, value: &Weak<T>) -> Self {
        Self {
            event_loop: event_loop.handle(),
            key: event_loop.add_local(value.clone()),
            value: PhantomData,
        }
    }

    /// Makes the loop call `task` with the value in its thread, like
    /// [`LoopHandle::run_in_loop`]. If the value has been dropped, `task` is dropped too.
    ///
    /// # Errors
    ///
    /// [`LoopEnded`] when the loop has ended; `task` is dropped.
    pub fn run(&self, task: impl FnOnce(&Rc<T>) + Send + 'static) -> Result<(), LoopEnded> {
        let key = self.key;
        self.event_loop.run_in_loop(move |event_loop| {
            if let Some(value) = event_loop.local(key) {
                task(&value);
            }
        })
    }
}

impl<T> Clone for Remote<T> {
    fn clone(&self) -> Self {
        Self {
            event_loop: self.event_loop.clone(),
            ..*self
        }
    }
}

impl<T> fmt::Debug for Remote<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Remote").field(&self.key).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_reaches_its_value_until_it_is_dropped() {
        let event_loop = EventLoop::new().unwrap();
        let (first, second) = (Rc::new(1), Rc::new(2));
        let remotes =
            [&first, &second].map(|value| Remote::new(&event_loop, &Rc::downgrade(value)));
        drop(first);
        let third = Rc::new(3);
        let remote = Remote::new(&event_loop, &Rc::downgrade(&third));
        let (seen, values) = std::sync::mpsc::channel();
        for remote in remotes.into_iter().chain([remote]) {
            let seen = seen.clone();
            remote
                .run(move |value| seen.send(**value).unwrap())
                .unwrap();
        }
        event_loop.handle().quit().unwrap();
        event_loop.run().unwrap();
        assert_eq!(values.try_iter().collect::<Vec<_>>(), [2, 3]);
    }
}
