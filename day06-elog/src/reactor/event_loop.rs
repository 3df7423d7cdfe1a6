//! The loop: waits for events and calls whoever they are for.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::loop_handle::Task;
use crate::mailbox::Mailbox;
use crate::timers::Timers;
use crate::{Channel, Epoll, Events, LoopHandle, TimerId};

/// How many events one wait may bring: enough to share the wait's cost among them.
const EVENTS_PER_TURN: usize = 1024;

/// As good as never, and an instant that the clock can still express.
const FAR_FUTURE: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

type Timer = Box<dyn FnOnce(&Rc<EventLoop>)>;

/// A reactor: an [`Epoll`], the channels that it serves, timers, and a mailbox for
/// other threads.
///
/// *One loop a thread* is the rule that keeps everything below it free of locks.
/// Muduo checks it while the program runs; here a loop in the wrong thread does not
/// compile, and a [`LoopHandle`] is the only thing of it that travels:
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
    mailbox: Arc<Mailbox<Task>>,
    quit: Cell<bool>,
}

impl EventLoop {
    /// Makes a loop for the calling thread.
    ///
    /// # Errors
    ///
    /// Fails when the process or the system is out of descriptors or memory.
    pub fn new() -> io::Result<Rc<Self>> {
        let event_loop = Rc::new(Self {
            epoll: Epoll::new()?,
            timers: RefCell::new(Timers::new()),
            mailbox: Arc::new(Mailbox::new()?),
            quit: Cell::new(false),
        });
        let this = Rc::downgrade(&event_loop);
        event_loop.mailbox.deliver_to(&event_loop, move |task| {
            if let Some(event_loop) = this.upgrade() {
                task(&event_loop);
            }
        })?;
        Ok(event_loop)
    }

    /// Serves channels, timers and other threads until [`quit`](Self::quit), each turn
    /// with one wait
    /// ([epoll_wait(2)](https://man7.org/linux/man-pages/man2/epoll_wait.2.html)). The
    /// C++ function is called `loop`, which is a keyword in Rust.
    ///
    /// What other threads have posted before the end is still done. A loop ends for
    /// good: running it again returns at once.
    ///
    /// # Errors
    ///
    /// Passes on the error of epoll_wait(2).
    pub fn run(self: &Rc<Self>) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS_PER_TURN);
        while !self.quit.get() {
            let timeout = self.timers.borrow().until_next();
            self.turn(&mut events, timeout)?;
        }
        for task in self.mailbox.close() {
            task(self);
        }
        Ok(())
    }

    /// Ends the loop when the current batch of events has been served. Quitting
    /// before [`run`](Self::run) counts: the loop then ends without having waited. The
    /// C++ class has a `quit_` for this that nothing ever sets.
    pub fn quit(&self) {
        self.quit.set(true);
    }

    /// A way into the loop for other threads.
    pub fn handle(&self) -> LoopHandle {
        LoopHandle::new(Arc::clone(&self.mailbox))
    }

    /// Calls `callback` once, `delay` from now or as soon after as the loop comes
    /// to it. The wait is in whole milliseconds and never too short. The result is for
    /// [`cancel`](Self::cancel); a timer runs whether it is kept or not.
    pub fn run_after(
        &self,
        delay: Duration,
        callback: impl FnOnce(&Rc<EventLoop>) + 'static,
    ) -> TimerId {
        let now = Instant::now();
        let deadline = now.checked_add(delay).unwrap_or(now + FAR_FUTURE);
        self.timers
            .borrow_mut()
            .insert(deadline, Box::new(callback))
    }

    /// Forgets a timer. Says whether there was one to forget: it may have run.
    pub fn cancel(&self, timer: TimerId) -> bool {
        // What the callback owns is dropped after the borrow has ended.
        let cancelled = self.timers.borrow_mut().remove(timer);
        cancelled.is_some()
    }

    /// Tells the loop's epoll what a channel listens for now, by
    /// [`Epoll::update_channel`]. Channels call it themselves.
    ///
    /// # Errors
    ///
    /// Passes on the error of epoll_ctl(2), with nothing changed.
    pub fn update_channel(&self, channel: &Rc<Channel>) -> io::Result<()> {
        self.epoll.update_channel(channel)
    }

    /// Forgets a channel, by [`Epoll::remove_channel`]. [`Channel::remove`] calls it.
    ///
    /// # Errors
    ///
    /// Passes on the error of epoll_ctl(2); the channel is forgotten all the same.
    pub fn remove_channel(&self, channel: &Channel) -> io::Result<()> {
        self.epoll.remove_channel(channel)
    }

    /// How many events came for a channel that had been removed while they were on
    /// their way.
    pub fn stale_events(&self) -> u64 {
        self.epoll.stale_events()
    }

    /// Waits once, and serves what has come and what is due.
    pub(crate) fn turn(
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

    /// Runs the timers that are due now. One that a timer sets waits for the next
    /// turn, however short its delay, so that descriptors are served in between.
    fn run_timers(self: &Rc<Self>) {
        if self.timers.borrow().is_empty() {
            return;
        }
        let now = Instant::now();
        loop {
            let due = self.timers.borrow_mut().pop_due(now);
            match due {
                Some(callback) => callback(self),
                None => return,
            }
        }
    }
}

/// What was posted and never run is dropped here, by the thread that owns the loop.
impl Drop for EventLoop {
    fn drop(&mut self) {
        self.mailbox.close();
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::LoopEnded;

    type Log<T> = Rc<RefCell<Vec<T>>>;

    #[test]
    fn quitting_before_running_counts() {
        let event_loop = EventLoop::new().unwrap();
        event_loop.quit();
        event_loop.run().unwrap();

        let event_loop = EventLoop::new().unwrap();
        event_loop.handle().quit();
        event_loop.run().unwrap();
    }

    #[test]
    fn a_callback_may_quit() {
        let event_loop = EventLoop::new().unwrap();
        event_loop.run_after(Duration::ZERO, |event_loop| event_loop.quit());
        event_loop.run().unwrap();
    }

    #[test]
    fn another_thread_may_quit_and_what_it_posted_before_is_done() {
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
            handle.quit();
        });
        event_loop.run().unwrap();
        other.join().unwrap();
        assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [0, 1, 2]);
    }

    #[test]
    fn what_is_posted_in_the_last_turn_is_done_and_later_posts_are_refused() {
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
    fn a_loop_that_is_dropped_drops_what_was_posted() {
        let event_loop = EventLoop::new().unwrap();
        let handle = event_loop.handle();
        let witness = Arc::new(());
        let posted = Arc::clone(&witness);
        handle.run_in_loop(move |_| drop(posted)).unwrap();
        drop(event_loop);
        assert_eq!(Arc::strong_count(&witness), 1);
        assert_eq!(handle.run_in_loop(|_| ()), Err(LoopEnded));
    }

    #[test]
    fn posts_from_many_threads_arrive_in_the_order_of_each_sender() {
        const SENDERS: usize = 8;
        const POSTS: usize = 100_000;
        thread_local! {
            static NEXT: RefCell<[usize; SENDERS]> = const { RefCell::new([0; SENDERS]) };
        }
        let event_loop = EventLoop::new().unwrap();
        for sender in 0..SENDERS {
            let handle = event_loop.handle();
            thread::spawn(move || {
                for number in 0..POSTS {
                    let arrive = move |event_loop: &Rc<EventLoop>| {
                        NEXT.with_borrow_mut(|next| {
                            assert_eq!(next[sender], number);
                            next[sender] += 1;
                            if *next == [POSTS; SENDERS] {
                                event_loop.quit();
                            }
                        });
                    };
                    handle.run_in_loop(arrive).unwrap();
                }
            });
        }
        event_loop.run().unwrap();
        NEXT.with_borrow(|next| assert_eq!(*next, [POSTS; SENDERS]));
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
