//! Elog behind the `log` crate.

#![cfg(feature = "log")]

mod elog_common;

use std::fs;

use day06_elog as reactor;

use elog_common::Log;
use reactor::elog::{BuildError, Elog, Level};

/// One test, because the facade is the process's.
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
        content.contains(" INFO  elog_facade.rs:19] plain\n"),
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
