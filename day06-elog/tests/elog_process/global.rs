//! The process's logger: before it is there, and what the environment and the
//! working directory do to it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use day06_elog as reactor;

use reactor::elog::{BuildError, Elog, Global, Level};

use super::children::{play, play_for_output};
use super::elog_common::{Log, texts_in, texts_of};
use super::{Named, Role as Body};

pub(crate) const TESTS: &[Named<fn()>] = &[
    (
        "global::troubles_go_to_stderr_while_there_is_no_logger",
        no_logger,
    ),
    ("global::a_closed_stderr_is_no_trouble", closed_stderr),
    ("global::the_environment_overrides_the_level", environment),
    (
        "global::a_relative_path_survives_a_change_of_directory",
        relative_path,
    ),
];

pub(crate) const ROLES: &[Named<Body>] = &[
    ("no-logger", log_without_logger),
    ("closed-stderr", log_without_logger_and_stderr),
    ("levels", log_all_levels),
    ("relative-path", log_to_relative_path),
];

const NOTHING: (&str, &str) = ("NOTHING", "");

fn no_logger() {
    let output = play_for_output("no-logger", Path::new(""), NOTHING);
    let texts = texts_of(str::from_utf8(&output.stderr).unwrap());
    assert_eq!(texts, ["a warning", "an error"]);
    assert!(output.stdout.is_empty());
}

fn log_without_logger(_: PathBuf, _: usize) {
    assert!(Global.logger().is_none());
    let not_evaluated = || -> u32 { panic!("filtered arguments are not evaluated") };
    reactor::info!("{}", not_evaluated());
    reactor::warn!("a warning");
    reactor::error!("an {}", "error");
}

fn closed_stderr() {
    play_for_output("closed-stderr", Path::new(""), NOTHING);
}

fn log_without_logger_and_stderr(path: PathBuf, number: usize) {
    // SAFETY: nothing else in this process uses the descriptor.
    assert_eq!(unsafe { libc::close(libc::STDERR_FILENO) }, 0);
    log_without_logger(path, number);
}

fn environment() {
    let cases = [
        (("ELOG", "warn"), &["ERROR", "WARN"][..], ""),
        (("ELOG", "off"), &[], ""),
        (NOTHING, &["ERROR", "WARN", "INFO", "DEBUG"], ""),
        (
            ("ELOG", "loud"),
            &["ERROR", "WARN", "INFO", "DEBUG"],
            "\"loud\"",
        ),
    ];
    for (variable, expected, complaint) in cases {
        let log = Log::new();
        let output = play_for_output("levels", &log.path, variable);
        assert_eq!(log.texts(), expected, "{variable:?}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(stderr.is_empty(), complaint.is_empty());
        assert!(stderr.contains(complaint), "{stderr}");
    }
}

fn log_all_levels(path: PathBuf, _: usize) {
    let guard = Elog::builder(&path).level(Level::Debug).init().unwrap();
    for level in Level::ALL {
        reactor::log!(level, "{level}");
    }
    let second = Elog::builder(&path).init().unwrap_err();
    assert!(matches!(second, BuildError::AlreadyInstalled));
    drop(guard);
}

fn relative_path() {
    let log = Log::new();
    play("relative-path", &log.path, 0);
    assert_eq!(texts_in(&log.rotated(1)), ["before"]);
    assert_eq!(log.texts(), ["after"]);
}

fn log_to_relative_path(path: PathBuf, _: usize) {
    env::set_current_dir(path.parent().unwrap()).unwrap();
    let guard = Elog::builder("log").init().unwrap();
    env::set_current_dir("/").unwrap();
    reactor::info!("before");
    guard.logger().flush(Duration::MAX).unwrap();
    fs::rename(&path, path.with_extension("1")).unwrap();
    guard.logger().reopen();
    reactor::info!("after");
}
