//! The locks that threads share.
//!
//! One alias for the whole crate: the loom tests compile the queue and the double buffer
//! over loom's locks instead, and try the orders in which threads can take them.

use std::sync::PoisonError;

pub(crate) use std::sync::{Condvar, Mutex, MutexGuard};

/// Locks `mutex`. Nothing under the locks of this crate can panic half way through a
/// change, so a poisoned lock guards good data.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
