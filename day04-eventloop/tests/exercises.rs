//! The exercises of the lesson. Each test fails until the exercise is solved.

use std::cell::{Cell, RefCell};
use std::ops::ControlFlow;
use std::rc::{Rc, Weak};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use day04_eventloop as reactor;
use reactor::{EventLoop, LoopEnded, LoopHandle, TimerId};

use conformance::{Signal, assert_echo, half_close, read_to_end};

const UNSOLVED: &str = "this is an exercise, which fails until you have solved it";

/// When a loop that no callback has ended is ended.
const GUARD: Duration = Duration::from_secs(3);

/// Calls `callback` at 1, 2, 3 … times `period` from now, until it breaks. A call that
/// comes late does not make the later ones later.
fn run_every(
    event_loop: &Rc<EventLoop>,
    period: Duration,
    callback: impl Fn(&Rc<EventLoop>) -> ControlFlow<()> + 'static,
) {
    let _ = (event_loop, period, callback);
}

#[test]
#[ignore = "an exercise"]
fn exercise_every_so_often() {
    const PERIOD: Duration = Duration::from_millis(100);
    let event_loop = EventLoop::new().expect("a loop");
    let started = Instant::now();
    let times = Rc::new(RefCell::new(Vec::new()));
    let log = Rc::clone(&times);
    run_every(&event_loop, PERIOD, move |event_loop| {
        log.borrow_mut().push(started.elapsed());
        match log.borrow().len() {
            1 => thread::sleep(5 * PERIOD),
            6 => {
                event_loop.quit();
                return ControlFlow::Break(());
            }
            _ => {}
        }
        ControlFlow::Continue(())
    });
    event_loop.run_after(GUARD, |event_loop| event_loop.quit());
    event_loop.run().expect("an end");

    let times = times.take();
    assert_eq!(times.len(), 6, "{UNSOLVED}");
    for (period, time) in (1..).map(|count| count * PERIOD).zip(&times) {
        assert!(
            *time >= period,
            "{UNSOLVED}: {time:?} instead of {period:?}"
        );
    }
    assert!(
        times[5] < 10 * PERIOD,
        "{UNSOLVED}: the first call was long, and now the sixth is late: {times:?}"
    );
}

/// Makes the loop answer a question in its own thread, and waits for the answer.
fn ask<T: Send + 'static>(
    handle: &LoopHandle,
    question: impl FnOnce(&Rc<EventLoop>) -> T + Send + 'static,
) -> Result<T, LoopEnded> {
    let _ = (handle, question);
    Err(LoopEnded)
}

#[test]
#[ignore = "an exercise"]
fn exercise_an_answer() {
    let event_loop = EventLoop::new().expect("a loop");
    let handle = event_loop.handle();
    let asker = thread::spawn(move || {
        let answer = ask(&handle, |_| thread::current().id());
        handle.quit().expect("the loop runs");
        answer
    });
    event_loop.run().expect("an end");
    let answer = asker.join().expect("no panic");
    assert_eq!(answer, Ok(thread::current().id()), "{UNSOLVED}");
    assert_eq!(ask(&event_loop.handle(), |_| ()), Err(LoopEnded));

    // A loop that is dropped before it has run owes an answer, too.
    let event_loop = EventLoop::new().expect("a loop");
    let handle = event_loop.handle();
    let (sender, answers) = mpsc::channel();
    thread::spawn(move || sender.send(ask(&handle, |_| ())));
    drop(event_loop);
    let answer = answers.recv_timeout(GUARD);
    assert_eq!(answer, Ok(Err(LoopEnded)), "{UNSOLVED}");
}

/// Calls `callback` once no [`poke`](Self::poke) has come for as long as `quiet`.
struct Debounce {
    event_loop: Weak<EventLoop>,
    quiet: Duration,
    callback: Rc<dyn Fn()>,
    timer: Cell<Option<TimerId>>,
}

impl Debounce {
    fn poke(&self) {
        let _ = (&self.event_loop, self.quiet, &self.callback, &self.timer);
    }
}

#[test]
#[ignore = "an exercise"]
fn exercise_quiet_at_last() {
    const QUIET: Duration = Duration::from_millis(200);
    let event_loop = EventLoop::new().expect("a loop");
    let last_poke = Rc::new(Cell::new(Instant::now()));
    let pauses = Rc::new(RefCell::new(Vec::new()));
    let (since, log) = (Rc::clone(&last_poke), Rc::clone(&pauses));
    let debounce = Rc::new(Debounce {
        event_loop: Rc::downgrade(&event_loop),
        quiet: QUIET,
        callback: Rc::new(move || log.borrow_mut().push(since.get().elapsed())),
        timer: Cell::default(),
    });
    for delay in [0, 50, 100, 150, 200, 250] {
        let (debounce, last_poke) = (Rc::clone(&debounce), Rc::clone(&last_poke));
        event_loop.run_after(Duration::from_millis(delay), move |_| {
            last_poke.set(Instant::now());
            debounce.poke();
        });
    }
    event_loop.run_after(10 * QUIET, |event_loop| event_loop.quit());
    event_loop.run().expect("an end");
    let pauses = pauses.take();
    assert_eq!(pauses.len(), 1, "{UNSOLVED}");
    assert!(pauses[0] >= QUIET, "{UNSOLVED}: after {pauses:?}");
}

#[test]
#[ignore = "an exercise"]
fn exercise_a_signal_that_asks() {
    let server = conformance::day!().start_verbatim();
    let clients = [server.connect(), server.connect(), server.connect()];
    for client in &clients {
        assert_echo(client, b"hello");
    }
    half_close(&clients[0]);
    assert!(read_to_end(&clients[0]).is_empty());
    server.process.signal(Signal::SIGUSR1);
    server.process.signal(Signal::SIGTERM);
    let ended = server.process.end();
    assert_eq!(ended.stdout, ["clients: 2"], "{UNSOLVED}");
    assert_eq!(ended.code, Some(0));
}
