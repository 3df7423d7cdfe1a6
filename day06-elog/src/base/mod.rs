//! What every room may use, and what uses none of them.

pub(crate) mod counter;
pub(crate) mod deadline;
pub(crate) mod signal_mask;
pub(crate) mod sync;
