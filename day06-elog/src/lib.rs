//! To be written.

pub mod elog;
