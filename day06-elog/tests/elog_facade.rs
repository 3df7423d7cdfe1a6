//! Elog behind the `log` crate.

#![cfg(feature = "log")]

mod elog_common;

use std::env;
use std::fs;
use std::panic::catch_unwind;
use std::process::Command;
use std::thread;

use day06_elog as reactor;

use elog_common::Log;
use reactor::elog::{BuildError, Elog, Level};

/// One test in this process, because the facade is the process's.
#[test]
fn what_libraries_log_is_in_the_same_file() {
    let log = Log::new();
    let guard = Elog::builder(&log.path).level(Level::Debug).init().unwrap();
    log::info!("plain");
    log::debug!(client = 5, name = "a\nb"; "with {}", "pairs");
    let not_evaluated = || -> u32 { panic!("filtered arguments are not evaluated") };
    log::trace!("{}", not_evaluated());
    log::logger().flush();
    assert_eq!(log.texts(), ["plain", r"with pairs client=5 name=a\nb"]);
    let content = fs::read_to_string(&log.path).unwrap();
    assert!(
        content.contains(" INFO  elog_facade.rs:23] plain\n"),
        "{content}"
    );

    guard.logger().set_level(Level::Trace);
    log::trace!("finer now");
    let nameless = log::Record::builder()
        .level(log::Level::Warn)
        .target("a library")
        .args(format_args!("from nowhere"))
        .build();
    log::logger().log(&nameless);
    log::error!("the end");
    drop(guard);
    let content = fs::read_to_string(&log.path).unwrap();
    assert!(
        content.contains(" WARN  a library] from nowhere\n"),
        "{content}"
    );
    assert!(content.contains(" ERROR elog_facade.rs"), "{content}");

    let second = Elog::builder(&log.path).init().unwrap_err();
    assert!(matches!(second, BuildError::AlreadyInstalled));
}

#[test]
fn an_init_that_fails_leaves_no_thread_and_no_hook() {
    let mut child = Command::new(env::current_exe().unwrap());
    child.args(["--ignored", "--exact", "with_the_logger_of_another_crate"]);
    let output = child.output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{stdout}");
    assert!(stdout.contains("1 passed"), "{stdout}");
}

struct Other;

impl log::Log for Other {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        false
    }

    fn log(&self, _: &log::Record<'_>) {}

    fn flush(&self) {}
}

#[test]
#[ignore = "needs a process of its own, which the test above starts"]
fn with_the_logger_of_another_crate() {
    log::set_logger(&Other).unwrap();
    let log = Log::new();
    let builder = Elog::builder(&log.path).panic_hook(true);
    let failed = builder.init().unwrap_err();
    assert!(matches!(failed, BuildError::AlreadyInstalled));
    catch_unwind(|| panic!("not for the log")).unwrap_err();
    assert!(log.texts().is_empty(), "{:?}", log.texts());
    assert_eq!(log::max_level(), log::LevelFilter::Off);
    // It has left the buffer before `init` returned, and ends soon after.
    while has_writer_thread() {
        thread::yield_now();
    }
}

fn has_writer_thread() -> bool {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    // A thread may end before its name is read.
    let mut names =
        tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.any(|name| name == "elog\n")
}
