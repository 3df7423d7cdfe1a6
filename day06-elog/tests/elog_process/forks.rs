//! Several processes with one log: children that are forked while threads log, and processes
//! that know nothing of each other.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{self, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use day06_elog as reactor;

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, daemon, fork};
use reactor::elog::Global;

use super::children::{Child, play};
use super::elog_common::{Log, assert_adds_up, checked, lossless, verify};
use super::{Named, Role};

pub(crate) const TESTS: &[Named<fn()>] = named![
    forked_children_log_and_nothing_is_written_twice,
    two_processes_do_not_mix_their_lines,
    lines_before_a_daemon_are_in_the_file_once,
    exec_and_exit_without_functions_need_a_flush,
];

pub(crate) const ROLES: &[Named<Role>] = named![
    fork_while_threads_log,
    fork_while_threads_log_synchronously,
    log_as_one_of_many,
    become_a_daemon,
    exec_another_program,
    end_without_functions,
];

const THREADS: usize = 8;

/// After this time a forked child is taken to hang in a lock.
const TIMEOUT: Duration = Duration::from_secs(10);

fn forked_children_log_and_nothing_is_written_twice() {
    for role in ROLES[..2].iter().map(|(name, _)| name) {
        let log = Log::new();
        let forks = 1000;
        play(role, &log.path, forks);
        // Complete, each once, and in order: also what the children inherited.
        let written = verify(&log.texts());
        for writer in THREADS..THREADS + forks {
            assert_eq!(written[&writer], 1, "child {}", writer - THREADS);
        }
        assert_eq!(written[&(THREADS + forks)], forks);
        assert_eq!(written.len(), THREADS + forks + 1);
        assert_headers_name_the_children(&fs::read_to_string(&log.path).unwrap());
    }
}

/// The thread id in a header comes from a cache, which a child inherits.
fn assert_headers_name_the_children(content: &str) {
    for line in content.lines() {
        if let Some((header, text)) = line.split_once("] ")
            && let Some((_, pid)) = text.split_once(" child ")
        {
            assert_eq!(header.split(' ').nth(1), pid.split(' ').next(), "{line}");
        }
    }
}

fn fork_while_threads_log(path: PathBuf, forks: usize) {
    run(path, forks, false);
}

fn fork_while_threads_log_synchronously(path: PathBuf, forks: usize) {
    run(path, forks, true);
}

fn run(path: PathBuf, forks: usize, synchronous: bool) {
    let guard = lossless(&path).synchronous(synchronous).init().unwrap();
    let done = AtomicBool::new(false);
    let failed = thread::scope(|scope| {
        for thread in 0..THREADS {
            let done = &done;
            scope.spawn(move || {
                let mut number = 0;
                while !done.load(Ordering::Relaxed) {
                    let text = checked(thread, number, "of the parent");
                    reactor::info!("{text}");
                    number += 1;
                    if number.is_multiple_of(100) {
                        thread::yield_now();
                    }
                }
            });
        }
        let failed = (0..forks).find(|&child| {
            let text = checked(THREADS + forks, child, "of the thread that forks");
            reactor::info!("{text}");
            let pid = fork_one(child);
            wait_for(pid) != WaitStatus::Exited(pid, 0)
        });
        // Before any assertion: the threads would run for ever.
        done.store(true, Ordering::Relaxed);
        failed
    });
    assert_eq!(failed, None);
    let stats = guard.shutdown(Duration::MAX).unwrap();
    assert_eq!(stats.written, stats.accepted);
    assert_adds_up(stats);
}

/// Returns the id of a child that logs one line and exits.
fn fork_one(child: usize) -> Pid {
    // SAFETY: the child uses Elog and the allocator, which are made for it, and exits.
    if let ForkResult::Parent { child } = unsafe { fork() }.unwrap() {
        return child;
    }
    let text = checked(THREADS + child, 0, &format!("child {}", process::id()));
    reactor::info!("{text}");
    // The parent's lines are not counted as the child's.
    let stats = Global.logger().unwrap().stats();
    let is_own = (stats.accepted, stats.written) == (1, 1);
    // Runs what Elog has registered for the exit, unlike `_exit`.
    process::exit(i32::from(!is_own));
}

/// Returns the status of a child, which is killed if it takes too long.
fn wait_for(pid: Pid) -> WaitStatus {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        match waitpid(pid, Some(WaitPidFlag::WNOHANG)).unwrap() {
            WaitStatus::StillAlive if Instant::now() < deadline => thread::yield_now(),
            WaitStatus::StillAlive => kill(pid, Signal::SIGKILL).unwrap(),
            status => return status,
        }
    }
}

const LINES: usize = 30_000;

fn two_processes_do_not_mix_their_lines() {
    let log = Log::new();
    let start = |writer| Child::start("log_as_one_of_many", &log.path, writer);
    let children: Vec<Child> = (0..4).map(start).collect();
    for mut child in children {
        assert!(child.wait().success());
    }
    let written = verify(&log.texts());
    assert_eq!(written.len(), 4);
    assert!(written.values().all(|&count| count == LINES));
}

fn log_as_one_of_many(path: PathBuf, writer: usize) {
    let builder = lossless(&path).synchronous(writer % 2 == 1);
    let _guard = builder.init().unwrap();
    for number in 0..LINES {
        let text = checked(writer, number, &"x".repeat(number * 7 % 900));
        reactor::info!("{text}");
    }
}

/// daemon(3) forks and ends the parent by `_exit`.
fn lines_before_a_daemon_are_in_the_file_once() {
    let log = Log::new();
    play("become_a_daemon", &log.path, 0);
    let deadline = Instant::now() + TIMEOUT;
    // The daemon is no child of this process.
    while !fs::read_to_string(&log.path).unwrap().ends_with("daemon\n") {
        assert!(Instant::now() < deadline, "the daemon hangs");
        thread::yield_now();
    }
    assert_eq!(log.texts(), ["before", "in the daemon"]);
}

fn become_a_daemon(path: PathBuf, _: usize) {
    let builder = lossless(&path).flush_interval(Duration::MAX);
    let guard = builder.init().unwrap();
    reactor::info!("before");
    daemon(true, true).unwrap();
    reactor::info!("in the daemon");
    drop(guard);
}

/// A known limit: neither runs what Elog has registered for the exit.
fn exec_and_exit_without_functions_need_a_flush() {
    for role in ["exec_another_program", "end_without_functions"] {
        for flush in [0, 1] {
            let log = Log::new();
            play(role, &log.path, flush);
            assert_eq!(log.texts().len(), flush, "{role}");
        }
    }
}

fn log_and_flush(path: PathBuf, flush: usize) {
    let builder = lossless(&path).flush_interval(Duration::MAX);
    std::mem::forget(builder.init().unwrap());
    reactor::info!("before");
    if flush == 1 {
        Global.logger().unwrap().flush(Duration::MAX).unwrap();
    }
}

fn exec_another_program(path: PathBuf, flush: usize) {
    log_and_flush(path, flush);
    panic!("{}", Command::new("true").exec());
}

fn end_without_functions(path: PathBuf, flush: usize) {
    log_and_flush(path, flush);
    // SAFETY: the process ends, and nothing of it is used any more.
    unsafe { libc::_exit(0) };
}
