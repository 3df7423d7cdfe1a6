//! Loggers and [fork(2)](https://man7.org/linux/man-pages/man2/fork.2.html).
//!
//! A child inherits the memory of all threads and only one of the threads. A
//! lock that another one held stays locked for ever, and the lines in the
//! buffers are about to be written by the parent. So
//! [pthread_atfork(3)](https://man7.org/linux/man-pages/man3/pthread_atfork.3.html)
//! takes every lock before, and gives it back on both sides; the child forgets
//! the inherited lines, and writes its own without a writer thread.
//!
//! No lock is held while the writer thread writes, so a fork does not wait for
//! the disk; only that of a synchronous logger is.

use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::sync::{MutexGuard, Once};

use crate::elog::logger::Core;
use crate::elog::{direct, double_buffer, header, registry, sync};

/// The locks of one logger. They are never taken one while holding the other
/// elsewhere, so their order here cannot deadlock.
struct Locked {
    direct: MutexGuard<'static, direct::State>,
    buffer: Option<sync::MutexGuard<'static, double_buffer::State>>,
}

type Held = (MutexGuard<'static, Vec<&'static Core>>, Vec<Locked>);

thread_local! {
    /// What is held across the fork, by the thread that forks. Without a
    /// destructor, so that it works in destructors of other thread-locals.
    static HELD: Cell<ManuallyDrop<Option<Held>>> =
        const { Cell::new(ManuallyDrop::new(None)) };
}

/// Makes loggers usable on both sides of a fork.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Fails only without memory; then forks are as dangerous as they were.
        // SAFETY: the three functions may run in any thread that forks, and cannot
        // unwind.
        unsafe { libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child)) };
    });
}

extern "C" fn before() {
    let loggers = registry::lock();
    let locked = loggers
        .iter()
        .map(|core| Locked {
            direct: core.direct.lock(),
            buffer: core.buffer.as_ref().map(|buffer| buffer.lock()),
        })
        .collect();
    HELD.set(ManuallyDrop::new(Some((loggers, locked))));
}

extern "C" fn in_parent() {
    drop(take_held());
}

extern "C" fn in_child() {
    header::forget_thread_id();
    if let Some((_loggers, locked)) = take_held() {
        for Locked { mut direct, buffer } in locked {
            direct.start_again();
            if let Some(mut buffer) = buffer {
                buffer.start_again_without_writer();
            }
        }
    }
}

fn take_held() -> Option<Held> {
    ManuallyDrop::into_inner(HELD.replace(ManuallyDrop::new(None)))
}
