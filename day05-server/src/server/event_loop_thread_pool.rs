//! Threads with a loop each: the sub-reactors.

use std::convert::Infallible;
use std::io;
use std::rc::Rc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::{EventLoop, LoopHandle, report};

/// A number of threads, each of which runs an [`EventLoop`]. Dropping the pool ends the
/// loops and waits for the threads, which the C++ never does: nothing sets its `quit_`.
///
/// ```
/// # use day05_server as reactor;
/// # fn main() -> std::io::Result<()> {
/// use reactor::EventLoopThreadPool;
///
/// let init = |event_loop: &std::rc::Rc<reactor::EventLoop>| Ok(event_loop.handle());
/// let (pool, handles) = EventLoopThreadPool::start(2, "example", init)?;
/// for handle in &handles {
///     handle.run_in_loop(|_| println!("{:?}", std::thread::current().name())).unwrap();
/// }
/// drop(pool);
/// # Ok(())
/// # }
/// ```
pub struct EventLoopThreadPool {
    threads: Vec<LoopThread>,
}

struct LoopThread {
    handle: LoopHandle,
    thread: JoinHandle<()>,
    /// Disconnected when the thread has done its work.
    ended: Receiver<Infallible>,
}

impl EventLoopThreadPool {
    /// Starts `count` threads. In each of them, `init` sets the loop up before it runs,
    /// and what it returns comes back from here. The threads are called `name-0`,
    /// `name-1` and so on.
    ///
    /// # Errors
    ///
    /// Passes on the first error of starting a thread, making a loop, or `init`; the
    /// threads that have been started are ended.
    pub fn start<T: Send + 'static>(
        count: usize,
        name: &str,
        init: impl Fn(&Rc<EventLoop>) -> io::Result<T> + Clone + Send + 'static,
    ) -> io::Result<(Self, Vec<T>)> {
        let mut pool = Self {
            threads: Vec::with_capacity(count),
        };
        let mut results = Vec::with_capacity(count);
        for number in 0..count {
            let init = init.clone();
            let (sender, receiver) = mpsc::channel();
            let (end, ended) = mpsc::channel();
            let thread = thread::Builder::new()
                .name(format!("{name}-{number}"))
                .spawn(move || {
                    let _end = end;
                    let set_up = || {
                        let event_loop = EventLoop::new()?;
                        let result = init(&event_loop)?;
                        Ok((event_loop, result))
                    };
                    let (started, event_loop) = match set_up() {
                        Ok((event_loop, result)) => {
                            (Ok((event_loop.handle(), result)), Some(event_loop))
                        }
                        Err(error) => (Err(error), None),
                    };
                    // Whoever started the thread is waiting for this.
                    let _ = sender.send(started);
                    if let Some(Err(error)) = event_loop.map(|event_loop| event_loop.run()) {
                        report(format_args!("an event loop has ended: {error}"));
                    }
                })?;
            let started = receiver
                .recv()
                .unwrap_or_else(|_| Err(io::Error::other("the thread panicked")));
            match started {
                Ok((handle, result)) => {
                    pool.threads.push(LoopThread {
                        handle,
                        thread,
                        ended,
                    });
                    results.push(result);
                }
                Err(error) => {
                    // The error says it all; what is left is to see the thread end.
                    let _ = thread.join();
                    return Err(error);
                }
            }
        }
        Ok((pool, results))
    }

    /// Ends the loops, and waits for the threads no longer than `patience`: a callback may
    /// never return. Says whether all have ended; those that have not go on by themselves
    /// until they do.
    pub fn end_within(mut self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        self.quit();
        let count = self.threads.len();
        self.threads.retain(|thread| {
            let time = deadline.saturating_duration_since(Instant::now());
            thread.ended.recv_timeout(time) == Err(RecvTimeoutError::Disconnected)
        });
        self.threads.len() == count
    }

    fn quit(&self) {
        for thread in &self.threads {
            thread.handle.quit();
        }
    }
}

impl Drop for EventLoopThreadPool {
    fn drop(&mut self) {
        self.quit();
        for LoopThread { thread, .. } in self.threads.drain(..) {
            if thread.join().is_err() {
                report(format_args!("an event loop's thread has panicked"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn each_thread_has_a_loop_of_its_own_and_ends_with_the_pool() {
        let ended = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&ended);
        let (pool, names) = EventLoopThreadPool::start(3, "worker", move |event_loop| {
            let counter = Arc::clone(&counter);
            event_loop
                .handle()
                .run_in_loop(move |_| {
                    counter.fetch_add(1, Ordering::Relaxed);
                })
                .map_err(io::Error::other)?;
            Ok(thread::current().name().map(str::to_owned))
        })
        .unwrap();
        let expected = ["worker-0", "worker-1", "worker-2"];
        assert_eq!(names, expected.map(|name| Some(name.to_owned())));
        drop(pool);
        assert_eq!(ended.load(Ordering::Relaxed), 3);
    }

    #[test]
    fn a_thread_that_cannot_be_set_up_fails_the_whole_pool() {
        let started = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&started);
        let result = EventLoopThreadPool::start(3, "worker", move |_| {
            match counter.fetch_add(1, Ordering::Relaxed) {
                1 => Err(io::Error::other("no")),
                number => Ok(number),
            }
        });
        assert_eq!(result.err().unwrap().to_string(), "no");
        assert_eq!(started.load(Ordering::Relaxed), 2);
        assert_eq!(Arc::strong_count(&started), 1, "the threads have ended");
    }
}
