//! A process that forks while its threads log.

use std::fs;
use std::path::PathBuf;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use day06_elog as reactor;

use reactor::elog::Global;

use super::children::play;
use super::elog_common::{Log, assert_adds_up, checked, patient, verify};
use super::{Named, Role as Body};

pub(crate) const TESTS: &[Named<fn()>] =
    &[("forks::children_log_and_nothing_is_written_twice", forks)];

pub(crate) const ROLES: &[Named<Body>] = &[
    ("fork", fork_while_threads_log),
    ("fork-sync", fork_while_threads_log_synchronously),
];

const THREADS: usize = 8;

/// After this time a child is taken to hang in a lock.
const PATIENCE: Duration = Duration::from_secs(10);

fn forks() {
    for role in ["fork", "fork-sync"] {
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
    let guard = patient(&path).synchronous(synchronous).init().unwrap();
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
            wait_for(fork_one(child)) != 0
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
fn fork_one(child: usize) -> libc::pid_t {
    // SAFETY: the child uses Elog and the allocator, which are made for it, and
    // exits.
    let pid = unsafe { libc::fork() };
    if pid != 0 {
        return pid;
    }
    let text = checked(THREADS + child, 0, &format!("child {}", process::id()));
    reactor::info!("{text}");
    // The parent's lines are no business of the child's.
    let stats = Global.logger().unwrap().stats();
    let is_own = (stats.accepted, stats.written) == (1, 1);
    // Runs what Elog has registered for the exit, unlike `_exit`.
    process::exit(i32::from(!is_own));
}

/// Returns the status of a child, which is killed if it takes too long.
fn wait_for(pid: libc::pid_t) -> libc::c_int {
    let deadline = Instant::now() + PATIENCE;
    let mut status = 0;
    loop {
        // SAFETY: the pointer is valid for the call.
        match unsafe { libc::waitpid(pid, &raw mut status, libc::WNOHANG) } {
            0 if Instant::now() < deadline => thread::yield_now(),
            // SAFETY: the child has not been waited for, so the id is its own.
            0 => assert_eq!(unsafe { libc::kill(pid, libc::SIGKILL) }, 0),
            waited if waited == pid => return status,
            _ => return -1,
        }
    }
}
