//! The process's logger: before it is there, and what the environment and the working
//! directory do to it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use day06_elog as reactor;

use reactor::elog::{BuildError, Elog, Global, Level};

use super::children::{Child, command, play};
use super::elog_common::{Log, lossless, texts_in, texts_of};
use super::{Named, Role};

pub(crate) const TESTS: &[Named<fn()>] = named![
    failures_go_to_stderr_while_there_is_no_logger,
    a_closed_stderr_is_no_failure,
    an_unread_stderr_holds_up_nothing,
    the_environment_overrides_the_level,
    a_relative_path_survives_a_change_of_directory,
    without_an_interval_an_idle_writer_thread_sleeps,
];

pub(crate) const ROLES: &[Named<Role>] = named![
    log_without_logger,
    log_without_logger_and_stderr,
    report_a_full_disk,
    log_all_levels,
    log_to_relative_path,
    idle_without_interval,
];

fn failures_go_to_stderr_while_there_is_no_logger() {
    let output = command("log_without_logger", Path::new(""), 0).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{output:?}");
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

fn a_closed_stderr_is_no_failure() {
    play("log_without_logger_and_stderr", Path::new(""), 0);
}

fn log_without_logger_and_stderr(path: PathBuf, number: usize) {
    // SAFETY: nothing else in this process uses the descriptor.
    assert_eq!(unsafe { libc::close(libc::STDERR_FILENO) }, 0);
    log_without_logger(path, number);
}

/// The writer thread, the thread that ends the log and callers without a log each have
/// something to report.
fn an_unread_stderr_holds_up_nothing() {
    for role in ["report_a_full_disk", "log_without_logger"] {
        let (mut child, unread) = Child::start_unread(role, Path::new("/dev/full"), 0);
        assert!(child.wait().success(), "{role}");
        drop(unread);
    }
}

fn report_a_full_disk(path: PathBuf, _: usize) {
    let builder = Elog::builder(&path).shutdown_timeout(Duration::ZERO);
    let guard = builder.build().unwrap();
    reactor::error!(logger: guard.logger(), "not written");
    drop(guard);
}

fn the_environment_overrides_the_level() {
    let up_to_debug = &["ERROR", "WARN", "INFO", "DEBUG"][..];
    let cases = [
        (Some("warn"), &up_to_debug[..2], ""),
        (Some("off"), &[], ""),
        (None, up_to_debug, ""),
        (Some("loud"), up_to_debug, "\"loud\""),
    ];
    for (level, expected, complaint) in cases {
        let log = Log::new();
        let mut command = command("log_all_levels", &log.path, 0);
        let output = command.envs(level.map(|level| ("ELOG", level))).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{output:?}");
        assert_eq!(log.texts(), expected, "{level:?}");
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

fn a_relative_path_survives_a_change_of_directory() {
    let log = Log::new();
    play("log_to_relative_path", &log.path, 0);
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

fn without_an_interval_an_idle_writer_thread_sleeps() {
    let log = Log::new();
    play("idle_without_interval", &log.path, 0);
    assert_eq!(log.texts(), ["at once"]);
}

fn idle_without_interval(path: PathBuf, _: usize) {
    let builder = lossless(&path).flush_interval(Duration::ZERO);
    let _guard = builder.init().unwrap();
    while !writer_sleeps_without_timeout() {
        thread::yield_now();
    }
    reactor::info!("at once");
    while texts_of(&fs::read_to_string(&path).unwrap()).is_empty() {
        thread::yield_now();
    }
}

/// Whether the writer thread is in futex(2), with a null pointer in place of a timeout
/// ([proc_pid_syscall(5)](https://man7.org/linux/man-pages/man5/proc_pid_syscall.5.html)).
fn writer_sleeps_without_timeout() -> bool {
    let mut tasks = fs::read_dir("/proc/self/task").unwrap();
    tasks.any(|task| {
        let task = task.unwrap().path();
        let name = fs::read_to_string(task.join("comm")).unwrap();
        let call = fs::read_to_string(task.join("syscall")).unwrap();
        let call: Vec<&str> = call.split(' ').collect();
        let futex = libc::SYS_futex.to_string();
        name == "elog\n" && call[0] == futex && call[4] == "0x0"
    })
}
