//! Nothing is lost when the process ends, however it ends by itself.

use std::cell::Cell;
use std::io;
use std::mem;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::{Mutex, OnceLock, mpsc};
use std::thread;
use std::time::Duration;

use day06_elog as reactor;

use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork};
use reactor::elog::{Guard, Stats};

use super::children::{Child, play};
use super::elog_common::{Log, assert_adds_up, lossless};
use super::{Named, Role};

pub(crate) const TESTS: &[Named<fn()>] = named![
    every_end_writes_every_line,
    an_abort_writes_every_line_with_the_panic_hook,
    destructors_of_thread_locals_can_log,
    functions_at_exit_can_log,
    an_error_callback_may_end_the_log_or_the_process,
];

pub(crate) const ROLES: &[Named<Role>] = named![
    log_and_return,
    log_synchronously_and_return,
    log_and_exit,
    leak_guard_and_exit,
    exit_in_thread,
    log_and_panic,
    log_and_abort_by_panic,
    log_in_destructor,
    log_at_exit,
    exit_in_callback,
    shut_down_in_callback,
    fork_in_callback,
];

fn start(path: PathBuf) -> Guard {
    lossless(&path).init().unwrap()
}

fn log_lines(count: usize) {
    for i in 0..count {
        reactor::info!("{i}");
    }
}

fn every_end_writes_every_line() {
    let ends = [
        ("log_and_return", Some(0)),
        ("log_synchronously_and_return", Some(0)),
        ("log_and_exit", Some(7)),
        ("leak_guard_and_exit", Some(7)),
        ("exit_in_thread", Some(7)),
        ("log_and_panic", Some(101)),
    ];
    for (role, code) in ends {
        for count in [1, 10, 1000, 100_000] {
            let log = Log::new();
            let mut child = Child::start_quietly(role, &log.path, count);
            assert_eq!(child.wait().code(), code, "{role}");
            let expected: Vec<String> = (0..count).map(|i| i.to_string()).collect();
            assert!(log.texts() == expected, "not {count} lines");
        }
    }
}

fn log_and_return(path: PathBuf, count: usize) {
    let _guard = start(path);
    log_lines(count);
}

fn log_synchronously_and_return(path: PathBuf, count: usize) {
    let _guard = lossless(&path).synchronous(true).init().unwrap();
    log_lines(count);
}

fn log_and_exit(path: PathBuf, count: usize) {
    let _guard = start(path);
    log_lines(count);
    process::exit(7);
}

fn leak_guard_and_exit(path: PathBuf, count: usize) {
    mem::forget(start(path));
    log_lines(count);
    process::exit(7);
}

fn exit_in_thread(path: PathBuf, count: usize) {
    let _guard = start(path);
    let thread = thread::spawn(move || {
        log_lines(count);
        process::exit(7);
    });
    // Does not come back: the process ends.
    thread.join().unwrap();
}

fn log_and_panic(path: PathBuf, count: usize) {
    let _guard = start(path);
    log_lines(count);
    panic!("as expected");
}

fn an_abort_writes_every_line_with_the_panic_hook() {
    for count in [0, 1000] {
        let log = Log::new();
        let mut child = Child::start_quietly("log_and_abort_by_panic", &log.path, count);
        assert_eq!(child.wait().code(), None, "aborted by a signal");
        let mut texts = log.texts();
        assert_eq!(texts.pop().unwrap(), "thread main panicked: as\\nexpected");
        assert_eq!(texts.len(), count);
    }
}

/// A panic while a panic unwinds aborts, like every panic with `panic = "abort"`: no
/// destructor and no function at exit runs after the hook.
fn log_and_abort_by_panic(path: PathBuf, count: usize) {
    struct Abort;
    impl Drop for Abort {
        fn drop(&mut self) {
            process::abort();
        }
    }
    let _guard = lossless(&path).panic_hook(true).init().unwrap();
    let _abort = Abort;
    log_lines(count);
    panic!("{}", "as\nexpected");
}

fn destructors_of_thread_locals_can_log() {
    let log = Log::new();
    play("log_in_destructor", &log.path, 0);
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
    let thread = thread::spawn(|| {
        LOGS.with(|logs| logs.0.set(1));
        // Elog's own thread-locals are used after the other one, and would be gone before it
        // if they had destructors.
        reactor::info!("first use");
    });
    thread.join().unwrap();
}

fn functions_at_exit_can_log() {
    let log = Log::new();
    play("log_at_exit", &log.path, 0);
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
    // Functions run in reverse: `after`, then Elog's own, then `before`, which finds the log
    // ended.
    // SAFETY: the function may run at any time, and cannot unwind.
    unsafe { libc::atexit(before) };
    GUARD.get_or_init(|| start(path));
    // SAFETY: as above.
    unsafe { libc::atexit(after) };
    reactor::info!("main");
}

fn an_error_callback_may_end_the_log_or_the_process() {
    for (role, code) in [
        ("exit_in_callback", 7),
        ("shut_down_in_callback", 0),
        ("fork_in_callback", 0),
    ] {
        for synchronous in [0, 1] {
            let full = Path::new("/dev/full");
            let mut child = Child::start_quietly(role, full, synchronous);
            assert_eq!(child.wait().code(), Some(code), "{role} {synchronous}");
        }
    }
}

fn exit_in_callback(path: PathBuf, synchronous: usize) {
    let builder = lossless(&path).synchronous(synchronous == 1);
    let _guard = builder.on_error(|_| process::exit(7)).init().unwrap();
    reactor::error!("the first");
    loop {
        thread::park();
    }
}

fn shut_down_in_callback(path: PathBuf, synchronous: usize) {
    static GUARD: Mutex<Option<Guard>> = Mutex::new(None);
    let (sender, receiver) = mpsc::channel::<Stats>();
    let builder = lossless(&path).synchronous(synchronous == 1);
    let shut_down = move |_: &io::Error| {
        if let Some(guard) = GUARD.lock().unwrap().take() {
            let ended = guard.shutdown(Duration::MAX);
            let _ = sender.send(ended.unwrap_or_else(|lost| lost.stats));
        }
    };
    let guard = builder.on_error(shut_down).build().unwrap();
    let logger = guard.logger();
    *GUARD.lock().unwrap() = Some(guard);
    reactor::error!(logger: logger, "the first");
    let stats = receiver.recv().unwrap();
    assert_eq!((stats.dropped_io, stats.queued), (1, 0));
    assert_adds_up(stats);
}

/// The child returns from the callback, and must not go on as a second writer thread.
fn fork_in_callback(path: PathBuf, synchronous: usize) {
    let (sender, receiver) = mpsc::channel();
    let callback = move |_: &io::Error| {
        // SAFETY: the child returns from the callback and ends.
        if let ForkResult::Parent { child } = unsafe { fork() }.unwrap() {
            sender.send(child).unwrap();
        } else if synchronous == 1 {
            process::exit(0);
        }
    };
    let builder = lossless(&path).synchronous(synchronous == 1);
    let guard = builder.on_error(callback).build().unwrap();
    reactor::error!(logger: guard.logger(), "the first");
    let child = receiver.recv().unwrap();
    // The child's only thread leaves, and the process with it.
    let ended = waitpid(child, None).unwrap();
    assert_eq!(ended, WaitStatus::Exited(child, 0));
    // Writes nothing more to a device that is full for ever.
    let _ = guard.shutdown(Duration::ZERO);
}
