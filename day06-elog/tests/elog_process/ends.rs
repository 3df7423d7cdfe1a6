//! Nothing is lost when the process ends, however it ends by itself.

use std::cell::Cell;
use std::mem;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::OnceLock;
use std::thread;

use day06_elog as reactor;

use reactor::elog::Guard;

use super::children::{Role, play};
use super::elog_common::{Log, patient};
use super::{Named, Role as Body};

pub(crate) const TESTS: &[Named<fn()>] = &[
    (
        "ends::every_end_writes_every_line",
        every_end_writes_every_line,
    ),
    (
        "ends::an_abort_writes_every_line_with_the_panic_hook",
        an_abort,
    ),
    ("ends::destructors_of_thread_locals_can_log", thread_local),
    ("ends::functions_at_exit_can_log", at_exit),
];

pub(crate) const ROLES: &[Named<Body>] = &[
    ("return", log_and_return),
    ("return-sync", log_synchronously_and_return),
    ("exit", log_and_exit),
    ("exit-with-leaked-guard", leak_guard_and_exit),
    ("exit-in-thread", exit_in_thread),
    ("panic", log_and_panic),
    ("abort", log_and_abort_by_panic),
    ("thread-local", log_in_destructor),
    ("at-exit", log_at_exit),
];

fn start(path: PathBuf) -> Guard {
    patient(&path).init().unwrap()
}

fn log_lines(count: usize) {
    for i in 0..count {
        reactor::info!("{i}");
    }
}

fn assert_logged(log: &Log, count: usize) {
    let expected: Vec<String> = (0..count).map(|i| i.to_string()).collect();
    assert!(log.texts() == expected, "not {count} lines");
}

fn every_end_writes_every_line() {
    let ends = [
        ("return", Some(0)),
        ("return-sync", Some(0)),
        ("exit", Some(7)),
        ("exit-with-leaked-guard", Some(7)),
        ("exit-in-thread", Some(7)),
        ("panic", Some(101)),
    ];
    for (role, code) in ends {
        for count in [1, 10, 1000, 100_000] {
            let log = Log::new();
            let mut child = Role::start_with(role, &log.path, count, |command| {
                command.stderr(Stdio::null())
            });
            assert_eq!(child.wait().code(), code, "{role}");
            assert_logged(&log, count);
        }
    }
}

fn log_and_return(path: PathBuf, count: usize) {
    let _guard = start(path);
    log_lines(count);
}

fn log_synchronously_and_return(path: PathBuf, count: usize) {
    let _guard = patient(&path).synchronous(true).init().unwrap();
    log_lines(count);
}

fn log_and_exit(path: PathBuf, count: usize) {
    let _guard = start(path);
    log_lines(count);
    std::process::exit(7);
}

fn leak_guard_and_exit(path: PathBuf, count: usize) {
    mem::forget(start(path));
    log_lines(count);
    std::process::exit(7);
}

fn exit_in_thread(path: PathBuf, count: usize) {
    let _guard = start(path);
    let thread = thread::spawn(move || {
        log_lines(count);
        std::process::exit(7);
    });
    // Does not come back: the process ends.
    thread.join().unwrap();
}

fn log_and_panic(path: PathBuf, count: usize) {
    let _guard = start(path);
    log_lines(count);
    panic!("as expected");
}

fn an_abort() {
    for count in [0, 1000] {
        let log = Log::new();
        let mut child = Role::start_with("abort", &log.path, count, |command| {
            command.stderr(Stdio::null())
        });
        assert_eq!(child.wait().code(), None, "aborted by a signal");
        let mut texts = log.texts();
        assert_eq!(texts.pop().unwrap(), "thread main panicked: as\\nexpected");
        assert_eq!(texts.len(), count);
    }
}

/// A panic while a panic unwinds aborts, like every panic with `panic = "abort"`:
/// no destructor and no function at exit runs after the hook.
fn log_and_abort_by_panic(path: PathBuf, count: usize) {
    struct Abort;
    impl Drop for Abort {
        fn drop(&mut self) {
            std::process::abort();
        }
    }
    let _guard = patient(&path).panic_hook(true).init().unwrap();
    let _abort = Abort;
    log_lines(count);
    panic!("{}", "as\nexpected");
}

fn thread_local() {
    let log = Log::new();
    play("thread-local", &log.path, 0);
    assert_eq!(log.texts(), ["first use", "destructor"]);
}

fn log_in_destructor(path: PathBuf, _: usize) {
    struct Logs(Cell<u32>);
    impl Drop for Logs {
        fn drop(&mut self) {
            reactor::info!("destructor");
        }
    }
    thread_local! {
        static LOGS: Logs = const { Logs(Cell::new(0)) };
    }
    let _guard = start(path);
    thread::spawn(|| {
        LOGS.with(|logs| logs.0.set(1));
        // Elog's own thread-locals are used after the other one, and would be
        // gone before it if they had destructors.
        reactor::info!("first use");
    })
    .join()
    .unwrap();
}

fn at_exit() {
    let log = Log::new();
    play("at-exit", &log.path, 0);
    let texts = log.texts();
    assert_eq!(texts, ["main", "registered after", "registered before"]);
}

fn log_at_exit(path: PathBuf, _: usize) {
    static GUARD: OnceLock<Guard> = OnceLock::new();
    extern "C" fn before() {
        reactor::info!("registered before");
    }
    extern "C" fn after() {
        reactor::info!("registered after");
    }
    // Functions run in reverse: `after`, then Elog's own, then `before`, which
    // finds the log ended.
    // SAFETY: the function may run at any time, and cannot unwind.
    unsafe { libc::atexit(before) };
    GUARD.get_or_init(|| start(path));
    // SAFETY: as above.
    unsafe { libc::atexit(after) };
    reactor::info!("main");
}
