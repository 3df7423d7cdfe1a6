//! Elog and the life of a process: its ends, its children, its limits.
//!
//! Each test starts this very program again, with `child` and a role, and looks at the log
//! that the child leaves.

#[path = "../elog_common/mod.rs"]
mod elog_common;

/// A table of functions with their names.
macro_rules! named {
    ($($function:ident),+ $(,)?) => { &[$((stringify!($function), $function)),+] };
}

mod children;
mod ends;
mod forks;
mod global;
mod kills;
mod limits;

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

/// A test, or what its children do.
type Named<F> = (&'static str, F);

type Table<F> = &'static [Named<F>];

/// What a child does with the log at the path, and a number of some kind.
type Role = fn(PathBuf, usize);

const TESTS: [Table<fn()>; 5] = [
    ends::TESTS,
    forks::TESTS,
    global::TESTS,
    kills::TESTS,
    limits::TESTS,
];

const ROLES: [Table<Role>; 5] = [
    ends::ROLES,
    forks::ROLES,
    global::ROLES,
    kills::ROLES,
    limits::ROLES,
];

fn main() -> ExitCode {
    let args: Vec<OsString> = env::args_os().collect();
    if let [_, child, role, path, number] = &args[..]
        && child == "child"
    {
        let number = number.to_str().and_then(|number| number.parse().ok());
        let mut roles = ROLES.into_iter().flatten();
        let (_, run) = roles.find(|(name, _)| role == name).expect("a role");
        run(path.into(), number.expect("a number"));
        return ExitCode::SUCCESS;
    }
    let trial = |&(name, test): &Named<fn()>| {
        Trial::test(name, move || {
            test();
            Ok(())
        })
    };
    let tests = TESTS.into_iter().flatten().map(trial).collect();
    libtest_mimic::run(&Arguments::from_args(), tests).exit_code()
}
