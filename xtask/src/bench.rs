//! `cargo xtask bench`: hands over to the package that measures.

#[path = "../bench/src/options.rs"]
mod options;
#[path = "../bench/src/scenario.rs"]
#[allow(dead_code, reason = "the options need the scenarios' keys alone")]
mod scenario;

use std::env;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

pub(crate) use options::Options;

use crate::course::Course;

/// The options were checked by now: a mistake in them is found before anything is built.
pub(crate) fn run() -> Result<ExitCode> {
    let course = Course::open()?;
    let cargo = env::var_os("CARGO").unwrap_or(OsString::from("cargo"));
    // This process becomes cargo, and cargo the measuring program: that program then
    // gets the Ctrl-C, and ends the servers that it has started.
    let mut bench = Command::new(cargo);
    bench
        .args(["run", "--release", "--locked"])
        .arg("--manifest-path");
    bench
        .arg(course.root.join("xtask/bench/Cargo.toml"))
        .arg("--");
    bench.args(env::args_os().skip_while(|arg| arg != "bench").skip(1));
    Err(bench.exec()).context("cannot run cargo")
}
