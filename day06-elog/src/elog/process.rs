//! Loggers and the process: its exit, its children, its panics.
//!
//! [`process::exit`](std::process::exit) runs no destructors, so no guard is dropped; what it
//! does run are the functions given to
//! [atexit(3)](https://man7.org/linux/man-pages/man3/atexit.3.html).
//!
//! A child of [fork(2)](https://man7.org/linux/man-pages/man2/fork.2.html) inherits the memory
//! of all threads and only one of the threads. A lock that another one held stays locked for
//! ever, and the lines in the buffers are about to be written by the parent. So
//! [pthread_atfork(3)](https://man7.org/linux/man-pages/man3/pthread_atfork.3.html) takes
//! every lock before, and gives it back on both sides; the child forgets the inherited lines,
//! and writes its own without a writer thread. The lines that were logged before the fork are
//! written first, as the parent may not live on: [daemon(3)] ends it by `_exit`, which runs no
//! function at exit. A disk that takes nothing holds up the fork for [`FORK_TIMEOUT`].
//!
//! [daemon(3)]: https://man7.org/linux/man-pages/man3/daemon.3.html

use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::panic::{self, PanicHookInfo};
use std::sync::Once;
use std::time::Duration;

use crate::base::sync::{Mutex, MutexGuard, lock};
use crate::elog::buffer::State;
use crate::elog::level::{Level, file_name};
use crate::elog::line::forget_thread_id;
use crate::elog::logger::{Elog, Guard};

/// All loggers of the process. Locked so that no fork happens while one is added.
static LOGGERS: Mutex<Vec<Elog>> = Mutex::new(Vec::new());

/// From now on the logger is ended at exit, and survives a fork.
pub(crate) fn register(logger: Elog) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // There is room for it: 32 functions are guaranteed, and without this one guards
        // still work.
        // SAFETY: the function may run at any time from now on, and cannot unwind.
        unsafe { libc::atexit(shut_down_all) };
        // Fails only without memory; then forks are as dangerous as they were.
        // SAFETY: the functions may run in any thread that forks, and cannot unwind.
        unsafe { libc::pthread_atfork(Some(before_fork), Some(in_parent), Some(in_child)) };
    });
    lock(&LOGGERS).push(logger);
}

/// Ends a logger that no other part of the program has, and undoes [`register`].
pub(crate) fn unregister(guard: Guard) {
    let logger = guard.logger();
    drop(guard);
    lock(&LOGGERS).retain(|&other| other != logger);
}

extern "C" fn shut_down_all() {
    // A copy: loggers must not be locked out while the last lines are written.
    let loggers = lock(&LOGGERS).clone();
    loggers.into_iter().for_each(Elog::shutdown_or_report);
}

/// The locks of all loggers, after that of the list. No thread takes two of them in another
/// order, so they cannot deadlock.
type Locks = (Locked<Vec<Elog>>, Vec<Locked<State>>);
type Locked<T> = MutexGuard<'static, T>;

thread_local! {
    /// What is held across the fork, by the thread that forks. Without a destructor, so that
    /// it works in destructors of other thread-locals.
    static HELD: Cell<ManuallyDrop<Option<Locks>>> =
        const { Cell::new(ManuallyDrop::new(None)) };
}

/// How long a fork waits for the lines that were logged before it.
const FORK_TIMEOUT: Duration = Duration::from_millis(500);

extern "C" fn before_fork() {
    let unlocked = lock(&LOGGERS).clone();
    for logger in unlocked {
        // Lines that still wait stay the parent's.
        let _ = logger.flush(FORK_TIMEOUT);
    }
    let loggers = lock(&LOGGERS);
    let states = loggers
        .iter()
        .map(|logger| logger.core.buffer.lock())
        .collect();
    HELD.set(ManuallyDrop::new(Some((loggers, states))));
}

extern "C" fn in_parent() {
    drop(take_held());
}

extern "C" fn in_child() {
    forget_thread_id();
    if let Some((_loggers, states)) = take_held() {
        for mut state in states {
            state.reset_in_child();
        }
    }
}

fn take_held() -> Option<Locks> {
    ManuallyDrop::into_inner(HELD.replace(ManuallyDrop::new(None)))
}

/// With `panic = "abort"` nothing runs after the hook, so it waits until the lines are
/// written; but a disk must not keep a broken process alive for long.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

/// Logs every panic from now on, and writes what is left, before the hook that was there
/// until now prints it.
pub(crate) fn log_panics(logger: Elog) {
    let next = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        log_panic(logger, info);
        next(info);
    }));
}

fn log_panic(logger: Elog, info: &PanicHookInfo<'_>) {
    let place = info.location();
    let place = place.map(|place| format!("{}:{}", file_name(place.file()), place.line()));
    let thread = std::thread::current();
    let name = thread.name().unwrap_or("unnamed");
    let payload = info.payload();
    let message = payload.downcast_ref::<String>().map(String::as_str);
    let message = message.or(payload.downcast_ref().copied());
    let message = message.unwrap_or("with a value that is no text");
    let args = format_args!("thread {name} panicked: {message}");
    logger.log(Level::Error, place.as_deref().unwrap_or("unknown"), args);
    // Lines that still wait cannot be reported: the process is about to end.
    let _ = logger.flush(FLUSH_TIMEOUT);
}
