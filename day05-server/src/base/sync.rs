//! The locks that threads share.
//!
//! The loom tests compile the code that uses this alias over loom's locks, and try the orders
//! in which threads can take them.

use std::sync::PoisonError;

pub(crate) use std::sync::{Mutex, MutexGuard};

/// Locks `mutex`. Nothing under the locks of this crate can panic half way through a
/// change, so that a poisoned lock guards good data.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
