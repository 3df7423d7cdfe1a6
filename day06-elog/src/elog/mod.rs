//! Elog: the server's log, from LevelDB's, with some improvements.
//!
//! ```text
//! info!(…) ─ level? ─▶ with_line ─────▶ push ──▶ front │ back ──▶ writer thread ──▶ file
//!                      FixedBuf         DoubleBuffer
//!                      header, escape      │
//!                                          └ synchronous, or no writer thread ──▶ file
//! ```
//!
//! The modules in the order in which the lesson builds them:
//!
//! 1. the synchronous port of LevelDB's logger: [`Level`] and the macros (`level`), a line
//!    with a header (`line`), and the file that it is appended to (`open_file`);
//! 2. [`FixedBuf`], which makes the second pass exact, and the escaping on the way
//!    (`fixed_buf`);
//! 3. the double `buffer` and its `writer` thread, which the [`Guard`] ends (`logger`);
//! 4. what can go wrong: files that are full, moved or cut (`file`), disks that are full
//!    ([`Stats`]), processes that exit, panic or fork (`process`).
//!
//! Each is measured by `examples/elog_bench.rs`. A module imports from `base` and from those
//! before it in this order, and from no other part of the crate: `level`, `fixed_buf`,
//! `line`, `stats`, `open_file`, `file`, `buffer`, `writer`, `logger`, `process`, `facade`,
//! `builder`.
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

mod buffer;
mod builder;
#[cfg(feature = "log")]
mod facade;
mod file;
mod fixed_buf;
mod level;
mod line;
mod logger;
mod open_file;
mod process;
mod stats;
mod writer;

pub use builder::{Builder, WhenFull};
pub use fixed_buf::FixedBuf;
pub use level::{Level, LevelFilter, ParseLevelError, file_name};
pub use line::MAX_LINE;
pub use logger::{Elog, Global, Guard};
pub use stats::{BuildError, Lost, Stats};
