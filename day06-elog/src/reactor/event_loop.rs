//! The event loop: waits, calls the channels of the events, runs timers and tasks.

use std::any::Any;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::Duration;

use crate::base::deadline::Deadline;
use crate::error;
use crate::reactor::loop_handle::Task;
use crate::reactor::task_queue::TaskQueue;
use crate::reactor::timers::Timers;
use crate::reactor::{Channel, Epoll, Events, LoopHandle, TimerId};

/// How many events one wait may return: enough to share the cost of the wait among them.
const EVENTS_PER_WAIT: usize = 1024;

type Timer = Box<dyn FnOnce(&Rc<EventLoop>)>;

/// A reactor: an [`Epoll`] with its channels, timers, and a task queue for other threads.
///
/// *One loop per thread* is the rule that keeps the code of a loop free of locks. Muduo
/// checks it at run time; here a loop in the wrong thread does not compile, and other
/// threads use a [`LoopHandle`]:
///
/// ```compile_fail,E0277
/// # use day06_elog as reactor;
/// fn send<T: Send>() {}
/// send::<reactor::EventLoop>();
/// ```
///
/// ```
/// # use day06_elog as reactor;
/// # fn main() -> std::io::Result<()> {
/// use reactor::EventLoop;
///
/// let event_loop = EventLoop::new()?;
/// let handle = event_loop.handle();
/// std::thread::spawn(move || handle.run_in_loop(|event_loop| event_loop.quit()));
/// event_loop.run()?;
/// # Ok(())
/// # }
/// ```
pub struct EventLoop {
    epoll: Epoll,
    timers: RefCell<Timers<Timer>>,
    queue: Arc<TaskQueue<Task>>,
    queue_channel: OnceCell<Rc<Channel>>,
    quit: Cell<bool>,
    /// Values of this thread that handles in other threads refer to by key.
    locals: RefCell<BTreeMap<u64, Weak<dyn Any>>>,
    next_key: Cell<u64>,
}

impl EventLoop {
    /// Makes a loop for the calling thread.
    ///
    /// # Errors
    ///
    /// Fails when the process or the system is out of descriptors or memory.
    pub fn new() -> io::Result<Rc<Self>> {
        let epoll = Epoll::new()?;
        let queue = Arc::new(TaskQueue::new()?);
        let event_loop = Rc::new(Self {
            epoll,
            timers: RefCell::new(Timers::new()),
            queue: Arc::clone(&queue),
            queue_channel: OnceCell::new(),
            quit: Cell::new(false),
            locals: RefCell::default(),
            next_key: Cell::default(),
        });
        let channel = Channel::new(&event_loop, Rc::new(queue));
        let weak = Rc::downgrade(&event_loop);
        channel.set_read_callback(move |_| {
            if let Some(event_loop) = weak.upgrade() {
                event_loop.run_tasks(event_loop.queue.drain());
            }
        });
        channel.enable_reading()?;
        event_loop.queue_channel.get_or_init(|| channel);
        Ok(event_loop)
    }

    /// Serves channels, timers and tasks until [`quit`](Self::quit), with one wait a round
    /// ([epoll_wait(2)](https://man7.org/linux/man-pages/man2/epoll_wait.2.html)). The
    /// C++ function is called `loop`, which is a keyword in Rust.
    ///
    /// Tasks that are in the queue at the end still run. A task that panics is reported and
    /// costs nothing but itself; a callback that panics ends the loop. A loop ends for good: running it
    /// again returns at once.
    ///
    /// # Errors
    ///
    /// Passes on the error of epoll_wait(2).
    pub fn run(self: &Rc<Self>) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS_PER_WAIT);
        while !self.quit.get() {
            let timeout = self.timers.borrow().until_next();
            self.run_once(&mut events, timeout)?;
        }
        self.run_tasks(self.queue.close());
        Ok(())
    }

    /// Ends the loop after the events of the current wait have been served. Quitting before
    /// [`run`](Self::run) counts: the loop then ends without a wait. Nothing in the original
    /// C++ ever sets its `quit_`.
    pub fn quit(&self) {
        self.quit.set(true);
    }

    /// A handle to the loop for other threads.
    pub fn handle(&self) -> LoopHandle {
        LoopHandle::new(Arc::clone(&self.queue))
    }

    /// Calls `callback` once, after `delay` or as soon afterwards as the loop can. The wait
    /// is in whole milliseconds and never too short. The id is for
    /// [`cancel`](Self::cancel); dropping it does not cancel the timer.
    pub fn run_after(
        &self,
        delay: Duration,
        callback: impl FnOnce(&Rc<EventLoop>) + 'static,
    ) -> TimerId {
        self.timers
            .borrow_mut()
            .insert(Deadline::after(delay), Box::new(callback))
    }

    /// Cancels a timer. Returns `false` when it has run or was cancelled before.
    pub fn cancel(&self, timer: TimerId) -> bool {
        let cancelled = self.timers.borrow_mut().remove(timer);
        // Dropped here, after the borrow: what the callback owns may use this loop.
        cancelled.is_some()
    }

    /// Brings epoll up to date with a channel's interest, by [`Epoll::update_channel`].
    /// Channels call it themselves.
    ///
    /// # Errors
    ///
    /// Passes on the error of epoll_ctl(2), with nothing changed.
    pub fn update_channel(&self, channel: &Rc<Channel>) -> io::Result<()> {
        self.epoll.update_channel(channel)
    }

    /// Removes a channel, by [`Epoll::remove_channel`]. [`Channel::remove`] calls it.
    ///
    /// # Errors
    ///
    /// Passes on the error of epoll_ctl(2); the channel is removed all the same.
    pub fn remove_channel(&self, channel: &Channel) -> io::Result<()> {
        self.epoll.remove_channel(channel)
    }

    /// How many events were stale: their channel had been removed since the wait.
    pub fn stale_events(&self) -> u64 {
        self.epoll.stale_events()
    }

    /// Waits once, serves the events, and runs the timers that are due.
    pub(crate) fn run_once(
        self: &Rc<Self>,
        events: &mut Events,
        timeout: Option<Duration>,
    ) -> io::Result<()> {
        self.epoll.wait(events, timeout)?;
        for event in events.iter() {
            if let Some(channel) = self.epoll.channel(&event) {
                channel.set_ready_events(event.ready());
                channel.handle_event();
            }
        }
        self.run_timers();
        Ok(())
    }

    /// Runs the timers that are due. A timer that one of them sets runs in the next round
    /// at the earliest, however short its delay, so that descriptors are served in between.
    fn run_timers(self: &Rc<Self>) {
        if self.timers.borrow().is_empty() {
            return;
        }
        let now = Deadline::now();
        loop {
            let due = self.timers.borrow_mut().pop_due(now);
            match due {
                Some(callback) => callback(self),
                None => return,
            }
        }
    }

    /// A task that panics ends alone: the thread that passed it is not the loop's, and neither
    /// are the tasks and channels of others.
    fn run_tasks(self: &Rc<Self>, tasks: Vec<Task>) {
        for task in tasks {
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| task(self))) {
                // Dropping the payload could panic once more.
                mem::forget(payload);
                error!("a task of the event loop panicked");
            }
        }
    }
}

/// Values of the loop's thread, for [`Remote`](crate::Remote).
impl EventLoop {
    /// Returns a key for `value`, which is never used for another one.
    pub(crate) fn add_local(&self, value: Weak<dyn Any>) -> u64 {
        let key = self.next_key.get();
        self.next_key.set(key + 1);
        let mut locals = self.locals.borrow_mut();
        locals.retain(|_, value| value.strong_count() > 0);
        locals.insert(key, value);
        key
    }

    /// The value of a key, unless it has been dropped.
    pub(crate) fn local<T: 'static>(&self, key: u64) -> Option<Rc<T>> {
        let value = self.locals.borrow().get(&key)?.upgrade()?;
        value.downcast().ok()
    }
}

/// Tasks that have not run are dropped by the loop's thread.
impl Drop for EventLoop {
    fn drop(&mut self) {
        self.queue.close();
    }
}

impl fmt::Debug for EventLoop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventLoop")
            .field("epoll", &self.epoll)
            .field("quit", &self.quit)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::panic::panic_any;
    use std::thread;
    use std::time::Instant;

    use super::*;
    use crate::reactor::LoopEnded;

    type Log<T> = Rc<RefCell<Vec<T>>>;

    #[test]
    fn quitting_before_running_counts() {
        let event_loop = EventLoop::new().unwrap();
        event_loop.quit();
        event_loop.run().unwrap();

        let event_loop = EventLoop::new().unwrap();
        event_loop.handle().quit().unwrap();
        event_loop.run().unwrap();
    }

    #[test]
    fn a_callback_may_quit() {
        let event_loop = EventLoop::new().unwrap();
        event_loop.run_after(Duration::ZERO, |event_loop| event_loop.quit());
        event_loop.run().unwrap();
    }

    #[test]
    fn another_thread_may_quit_and_its_earlier_tasks_run() {
        let event_loop = EventLoop::new().unwrap();
        let handle = event_loop.handle();
        let (sender, receiver) = std::sync::mpsc::channel();
        let other = thread::spawn(move || {
            for number in 0..3 {
                let sender = sender.clone();
                handle
                    .run_in_loop(move |_| sender.send(number).unwrap())
                    .unwrap();
            }
            handle.quit().unwrap();
        });
        event_loop.run().unwrap();
        other.join().unwrap();
        assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [0, 1, 2]);
    }

    #[test]
    fn tasks_of_the_last_round_run_and_later_ones_are_refused() {
        let event_loop = EventLoop::new().unwrap();
        let (sender, receiver) = std::sync::mpsc::channel();
        let handle = event_loop.handle();
        event_loop.run_after(Duration::ZERO, move |event_loop| {
            event_loop.quit();
            handle
                .run_in_loop(move |_| sender.send(()).unwrap())
                .unwrap();
        });
        event_loop.run().unwrap();
        assert_eq!(receiver.try_recv(), Ok(()));
        assert_eq!(event_loop.handle().run_in_loop(|_| ()), Err(LoopEnded));
    }

    #[test]
    fn a_task_that_panics_costs_no_other_task() {
        struct PanicsOnceMore;
        impl Drop for PanicsOnceMore {
            fn drop(&mut self) {
                panic!("a payload panics");
            }
        }
        let event_loop = EventLoop::new().unwrap();
        let handle = event_loop.handle();
        let (sender, receiver) = std::sync::mpsc::channel();
        handle.run_in_loop(|_| panic!("a task panics")).unwrap();
        handle.run_in_loop(|_| panic_any(PanicsOnceMore)).unwrap();
        handle
            .run_in_loop(move |_| sender.send("the next").unwrap())
            .unwrap();
        handle.quit().unwrap();
        event_loop.run().unwrap();
        assert_eq!(receiver.try_recv(), Ok("the next"));
    }

    #[test]
    fn a_dropped_loop_drops_its_tasks() {
        let event_loop = EventLoop::new().unwrap();
        let handle = event_loop.handle();
        let witness = Arc::new(());
        let task_owns = Arc::clone(&witness);
        handle.run_in_loop(move |_| drop(task_owns)).unwrap();
        drop(event_loop);
        assert_eq!(Arc::strong_count(&witness), 1);
        assert_eq!(handle.run_in_loop(|_| ()), Err(LoopEnded));
    }

    #[test]
    fn tasks_of_many_threads_run_in_the_order_of_each_thread() {
        const SENDERS: usize = 8;
        const TASKS: usize = 100_000;
        thread_local! {
            static NEXT: RefCell<[usize; SENDERS]> = const { RefCell::new([0; SENDERS]) };
        }
        let event_loop = EventLoop::new().unwrap();
        let senders = [(); SENDERS].map(|()| event_loop.handle());
        let senders = senders.into_iter().enumerate().map(|(sender, handle)| {
            thread::spawn(move || {
                for number in 0..TASKS {
                    let arrive = move |_: &Rc<EventLoop>| {
                        NEXT.with_borrow_mut(|next| {
                            assert_eq!(next[sender], number);
                            next[sender] += 1;
                        });
                    };
                    handle.run_in_loop(arrive).unwrap();
                }
            })
        });
        let (senders, handle) = (senders.collect::<Vec<_>>(), event_loop.handle());
        thread::spawn(move || {
            senders
                .into_iter()
                .for_each(|thread| thread.join().unwrap());
            handle.quit().unwrap();
        });
        event_loop.run().unwrap();
        NEXT.with_borrow(|next| assert_eq!(*next, [TASKS; SENDERS]));
    }

    #[test]
    fn timers_run_in_the_order_of_their_deadlines_and_not_early() {
        let event_loop = EventLoop::new().unwrap();
        let log = Log::default();
        let started = Instant::now();
        for delay in [3, 1, 2, 0, 2] {
            let log = Rc::clone(&log);
            let delay = Duration::from_millis(delay);
            event_loop.run_after(delay, move |event_loop| {
                assert!(started.elapsed() >= delay);
                log.borrow_mut().push(delay.as_millis());
                if log.borrow().len() == 5 {
                    event_loop.quit();
                }
            });
        }
        event_loop.run().unwrap();
        assert_eq!(log.take(), [0, 1, 2, 2, 3]);
    }

    #[test]
    fn a_timer_may_cancel_another_and_set_a_new_one() {
        let event_loop = EventLoop::new().unwrap();
        let log = Log::default();
        let never = event_loop.run_after(Duration::MAX, |_| unreachable!());
        let victim = event_loop.run_after(Duration::from_millis(1), |_| unreachable!());
        let first = Rc::clone(&log);
        event_loop.run_after(Duration::ZERO, move |event_loop| {
            first.borrow_mut().push(event_loop.cancel(victim));
            first.borrow_mut().push(event_loop.cancel(victim));
            let second = Rc::clone(&first);
            event_loop.run_after(Duration::from_millis(2), move |event_loop| {
                second.borrow_mut().push(event_loop.cancel(never));
                event_loop.quit();
            });
        });
        event_loop.run().unwrap();
        assert_eq!(log.take(), [true, false, true]);
    }
}
