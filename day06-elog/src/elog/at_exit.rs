//! What is left in the buffers when the process exits.
//!
//! [`process::exit`](std::process::exit) runs no destructors, so no guard is
//! dropped; what it does run are the functions given to
//! [atexit(3)](https://man7.org/linux/man-pages/man3/atexit.3.html).

use std::sync::Once;

use crate::elog::registry;

/// Makes [`process::exit`](std::process::exit) write what is left.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // There is room for it: 32 functions are guaranteed, and without this one
        // guards still work.
        // SAFETY: the function may run at any time from now on, and cannot unwind.
        unsafe { libc::atexit(shut_down_all) };
    });
}

extern "C" fn shut_down_all() {
    // A copy: loggers must not be locked out while the last lines are written.
    let loggers = registry::lock().clone();
    for core in loggers {
        core.shutdown_or_report();
    }
}
