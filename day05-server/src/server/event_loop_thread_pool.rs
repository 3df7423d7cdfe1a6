//! Threads with a loop each: the sub-reactors.

use std::convert::Infallible;
use std::io;
use std::rc::Rc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::base::log_stderr;
use crate::reactor::{EventLoop, LoopHandle};

/// Threads that run an [`EventLoop`] each. Dropping the pool ends the loops and joins the
/// threads; in the original C++ the loops have no end.
///
/// ```
/// # use day05_server as reactor;
/// # fn main() -> std::io::Result<()> {
/// use reactor::EventLoopThreadPool;
///
/// let init = |event_loop: &std::rc::Rc<reactor::EventLoop>| Ok((event_loop.handle(), ()));
/// let (pool, handles) = EventLoopThreadPool::start(2, "example", init)?;
/// for handle in &handles {
///     handle.run_in_loop(|_| println!("{:?}", std::thread::current().name())).unwrap();
/// }
/// drop(pool);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct EventLoopThreadPool {
    threads: Vec<(LoopHandle, JoinHandle<()>)>,
    /// Disconnected when all threads have ended.
    ended: Receiver<Infallible>,
}

impl EventLoopThreadPool {
    /// Starts `count` threads, named `name-0`, `name-1` and so on. In each of them, `init`
    /// sets up the loop before it runs. The first half of its result comes back from here;
    /// the second half is the thread's own, and is dropped when its loop has ended.
    ///
    /// # Errors
    ///
    /// Passes on the first error of starting a thread, making a loop, or `init`. The threads
    /// that have been started are ended.
    pub fn start<T: Send + 'static, Local>(
        count: usize,
        name: &str,
        init: impl Fn(&Rc<EventLoop>) -> io::Result<(T, Local)> + Clone + Send + 'static,
    ) -> io::Result<(Self, Vec<T>)> {
        let (end, ended) = mpsc::channel();
        let threads = Vec::with_capacity(count);
        let mut pool = Self { threads, ended };
        let mut results = Vec::with_capacity(count);
        for number in 0..count {
            let (init, end) = (init.clone(), end.clone());
            let (started, receiver) = mpsc::channel();
            let thread = thread::Builder::new()
                .name(format!("{name}-{number}"))
                .spawn(move || {
                    let _end = end;
                    run_thread(init, &started);
                })?;
            let started = receiver.recv();
            match started.unwrap_or_else(|_| Err(io::Error::other("a loop's thread panicked"))) {
                Ok((handle, result)) => {
                    pool.threads.push((handle, thread));
                    results.push(result);
                }
                Err(error) => {
                    // The thread has nothing left to do, and its error is passed on.
                    let _ = thread.join();
                    return Err(error);
                }
            }
        }
        Ok((pool, results))
    }

    /// Ends the loops and waits up to `timeout` for their threads: a callback may never
    /// return. Returns whether all have ended. The others run on until they end.
    pub fn end_within(mut self, timeout: Duration) -> bool {
        self.quit();
        let ended = self.ended.recv_timeout(timeout) == Err(RecvTimeoutError::Disconnected);
        if !ended {
            self.threads.clear();
        }
        ended
    }

    fn quit(&self) {
        for (handle, _) in &self.threads {
            // A loop that has ended needs no request.
            let _ = handle.quit();
        }
    }
}

fn run_thread<T, Local>(
    init: impl Fn(&Rc<EventLoop>) -> io::Result<(T, Local)>,
    started: &Sender<io::Result<(LoopHandle, T)>>,
) {
    let set_up = || {
        let event_loop = EventLoop::new()?;
        let (result, local) = init(&event_loop)?;
        Ok((event_loop, local, result))
    };
    // The thread that starts this one waits for the message: neither send fails.
    match set_up() {
        Ok((event_loop, _local, result)) => {
            let _ = started.send(Ok((event_loop.handle(), result)));
            if let Err(error) = event_loop.run() {
                log_stderr(format_args!("an event loop has ended: {error}"));
            }
        }
        Err(error) => drop(started.send(Err(error))),
    }
}

impl Drop for EventLoopThreadPool {
    fn drop(&mut self) {
        self.quit();
        for (_, thread) in self.threads.drain(..) {
            if thread.join().is_err() {
                log_stderr(format_args!("a loop's thread panicked"));
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
    fn each_thread_has_its_own_loop_and_ends_with_the_pool() {
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
            Ok((thread::current().name().map(str::to_owned), ()))
        })
        .unwrap();
        let expected = ["worker-0", "worker-1", "worker-2"];
        assert_eq!(names, expected.map(|name| Some(name.to_owned())));
        drop(pool);
        assert_eq!(ended.load(Ordering::Relaxed), 3);
    }

    #[test]
    fn one_failed_thread_fails_the_pool_and_ends_the_others() {
        let started = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&started);
        let result = EventLoopThreadPool::start(3, "worker", move |_| {
            match counter.fetch_add(1, Ordering::Relaxed) {
                1 => Err(io::Error::other("no")),
                number => Ok((number, ())),
            }
        });
        assert_eq!(result.err().unwrap().to_string(), "no");
        assert_eq!(started.load(Ordering::Relaxed), 2);
        assert_eq!(Arc::strong_count(&started), 1, "the threads have ended");
    }
}
