//! Elog: the server's log, from LevelDB's, with some improvements.
//!
//! ```text
//! info!(…) ─ level? ─▶ with_line ─────▶ push ──▶ front │ back ──▶ writer thread ──▶ file
//!                      FixedBuf         DoubleBuffer
//!                      header, escape      │
//!                                          └ synchronous, or no writer: Direct ──▶ file
//! ```
//!
//! The modules in the order in which the lesson builds them:
//!
//! 1. the synchronous port of LevelDB's logger: [`Level`], the macros, a line with a
//!    header (`line`, `utc`), and `direct`, which writes it before the call returns;
//! 2. [`FixedBuf`], which makes the second pass exact, `escape`, and the `header` that
//!    is kept from line to line;
//! 3. `double_buffer` and its `writer` thread, which the [`Guard`] ends;
//! 4. what can go wrong: files that are full, moved or cut (`sink`, `rotation`), disks
//!    that are full (`reporter`, `notice`, [`Stats`]), processes that exit, panic or
//!    fork (`at_exit`, `panic_hook`, `at_fork`).
//!
//! Each is measured by `examples/elog_bench.rs`.
//!
//! ```
//! # use day06_elog as reactor;
//! # let dir = tempfile::tempdir().unwrap();
//! # let path = dir.path().join("server.log");
//! use reactor::elog::Elog;
//!
//! let guard = Elog::builder(&path).init()?;
//! reactor::info!("listening on {}", "127.0.0.1:8888");
//! drop(guard); // writes what is left
//! # assert!(std::fs::read_to_string(path).unwrap().contains("] listening on 127"));
//! # Ok::<(), reactor::elog::BuildError>(())
//! ```

mod at_exit;
mod at_fork;
mod build_error;
mod builder;
mod deadline;
mod direct;
mod double_buffer;
mod escape;
#[cfg(feature = "log")]
mod facade;
mod fixed_buf;
mod global;
mod guard;
mod header;
mod level;
mod line;
mod log_file;
mod logger;
mod macros;
mod notice;
mod panic_hook;
mod registry;
mod reporter;
mod rotation;
mod signal_mask;
mod sink;
mod stats;
mod stderr;
mod sync;
mod utc;
mod writer;

pub use build_error::BuildError;
pub use builder::{Builder, WhenFull};
pub use fixed_buf::FixedBuf;
pub use global::Global;
pub use guard::Guard;
pub use level::{Level, LevelFilter, ParseLevelError};
pub use line::MAX_LINE;
pub use logger::Elog;
pub use macros::file_name;
pub use stats::{Lost, Stats};
