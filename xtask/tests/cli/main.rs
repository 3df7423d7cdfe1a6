//! The tools as a learner runs them, on a small course of their own.

mod carry;
mod check;
mod course;
mod diff;
mod record;
