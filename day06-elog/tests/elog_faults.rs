//! Elog when lines cannot be written: what is lost is counted and reported, and nothing waits
//! or grows for ever.

mod elog_common;

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use day06_elog as reactor;

use elog_common::{
    Log, MEMORY, assert_adds_up, checked, in_both_modes, take_lost, texts_in, texts_of, verify,
    verify_one,
};
use reactor::elog::{BuildError, Elog, WhenFull};

fn make_unread_pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// Turns the log's path into a pipe, and returns its other end.
fn make_pipe(path: &Path) -> File {
    make_unread_pipe(path);
    // Opened for both, a pipe does not wait for its other end.
    File::options().read(true).write(true).open(path).unwrap()
}

/// Reads from the pipe, a little at a time, until the line "end".
fn read_to_end_line(mut pipe: File) -> Vec<String> {
    let mut content = Vec::new();
    let mut chunk = [0; 700];
    while !content.ends_with(b"] end\n") {
        let len = pipe.read(&mut chunk).unwrap();
        content.extend_from_slice(&chunk[..len]);
    }
    texts_of(str::from_utf8(&content).unwrap())
}

#[test]
fn with_a_stuck_sink_memory_and_time_are_bounded() {
    let log = Log::new();
    let pipe = make_pipe(&log.path);
    let guard = Elog::builder(&log.path)
        .when_full(WhenFull::Drop)
        .build()
        .unwrap();
    let logger = guard.logger();
    let text = "x".repeat(100);
    for _ in 0..100_000 {
        reactor::info!(logger: logger, "{text}");
    }
    let before = logger.stats();
    assert_adds_up(before);
    assert!(before.queued > 0 && before.dropped_full > 0);
    assert!(before.queued * 100 <= MEMORY, "{before:?}");
    let error = logger.flush(Duration::from_millis(10)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);

    let lost = guard.shutdown(Duration::from_millis(10)).unwrap_err();
    assert_eq!(lost.lines, before.queued);
    assert_eq!(lost.stats.dropped_io, lost.lines);
    assert_eq!(lost.stats.queued, 0);
    assert_adds_up(lost.stats);

    // The writer thread still hangs in write(2); a caller that logs now must not.
    reactor::info!(logger: logger, "too late");
    assert_eq!(logger.stats().dropped_io, lost.lines + 1);

    // The sink moves again after all, and gets every report.
    let reader = thread::spawn(|| read_to_end_line(pipe));
    while logger.stats().written == before.written {
        reactor::info!(logger: logger, "end");
    }
    let reported = take_lost(&mut reader.join().unwrap());
    let stats = logger.stats();
    assert_eq!(reported, stats.dropped_full + stats.dropped_io);
    assert_adds_up(stats);
}

#[test]
fn the_log_says_how_many_lines_it_dropped() {
    for when_full in [WhenFull::Drop, WhenFull::Block(Duration::from_millis(20))] {
        let log = Log::new();
        let pipe = make_pipe(&log.path);
        let guard = Elog::builder(&log.path)
            .when_full(when_full)
            .build()
            .unwrap();
        let logger = guard.logger();
        let payload = "x".repeat(100);
        thread::scope(|scope| {
            for writer in 0..4 {
                let payload = &payload;
                scope.spawn(move || {
                    for number in 0..10_000 {
                        let text = checked(writer, number, payload);
                        reactor::info!(logger: logger, "{text}");
                    }
                });
            }
        });
        let reader = thread::spawn(|| read_to_end_line(pipe));
        logger.flush(Duration::MAX).unwrap();
        reactor::info!(logger: logger, "end");
        let stats = guard.shutdown(Duration::MAX).unwrap();

        let mut texts = reader.join().unwrap();
        let reported = take_lost(&mut texts);
        assert_eq!(texts.pop().unwrap(), "end");
        texts.iter().for_each(|text| {
            verify_one(text);
        });
        assert_eq!(stats.accepted, 40_001);
        assert_eq!(stats.written, texts.len() as u64 + 1);
        assert_eq!((stats.dropped_full, stats.dropped_io), (reported, 0));
        assert!(reported > 0, "{when_full:?}");
        assert_adds_up(stats);
    }
}

#[test]
fn a_slow_sink_gets_everything_if_callers_wait() {
    let log = Log::new();
    let pipe = make_pipe(&log.path);
    let guard = Elog::builder(&log.path)
        .when_full(WhenFull::Block(Duration::MAX))
        .shutdown_timeout(Duration::MAX)
        // A pipe is not a file that could be moved away.
        .rotate(1000, 3)
        .build()
        .unwrap();
    let logger = guard.logger();
    let reader = thread::spawn(|| read_to_end_line(pipe));
    let payload = "x".repeat(100);
    for number in 0..100_000 {
        let text = checked(0, number, &payload);
        reactor::info!(logger: logger, "{text}");
    }
    reactor::info!(logger: logger, "end");
    drop(guard);
    let mut texts = reader.join().unwrap();
    texts.pop();
    assert_eq!(verify(&texts)[&0], 100_000);
    assert_eq!(logger.stats().written, 100_001);
}

/// An error callback that logs, when it is first called, more than the buffer has room for.
#[derive(Default)]
struct Callback {
    called: AtomicBool,
    returned: AtomicBool,
    logger: OnceLock<Elog>,
}

impl Callback {
    const LINES: u64 = 20_000;

    fn call(&self, error: &io::Error) {
        assert_eq!(error.raw_os_error(), Some(libc::ENOSPC));
        if self.called.swap(true, Ordering::Relaxed) {
            return;
        }
        let &logger = self.logger.get().unwrap();
        for _ in 0..Self::LINES {
            reactor::error!(logger: logger, "cannot log: {error} {:100}", "");
        }
        // On the writer thread, both would wait for the writer for ever.
        logger.flush(Duration::MAX).unwrap();
        self.returned.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_full_disk_is_reported_to_a_callback_that_may_log() {
    for synchronous in [false, true] {
        let callback = Arc::new(Callback::default());
        let called = Arc::clone(&callback);
        let guard = Elog::builder("/dev/full")
            .synchronous(synchronous)
            .when_full(WhenFull::Block(Duration::MAX))
            .on_error(move |error| called.call(error))
            .build()
            .unwrap();
        let logger = guard.logger();
        callback.logger.set(logger).unwrap();
        reactor::error!(logger: logger, "the first");
        while !callback.returned.load(Ordering::Relaxed) {
            thread::yield_now();
        }
        let ended = guard.shutdown(Duration::from_millis(10));
        assert_eq!(ended.is_ok(), synchronous);
        let stats = logger.stats();
        assert_eq!(stats.accepted, 1 + Callback::LINES);
        assert_eq!(stats.written, 0);
        assert_eq!(stats.dropped_full > 0, !synchronous);
        assert!(stats.io_errors > 0);
        assert_adds_up(stats);
    }
}

#[test]
fn a_pipe_without_a_reader_is_an_error_and_nothing_waits() {
    in_both_modes(|log, builder| {
        let moved_to = log.dir().join("moved");
        let guard = builder.build().unwrap();
        let logger = guard.logger();
        fs::rename(&log.path, &moved_to).unwrap();
        make_unread_pipe(&log.path);
        logger.reopen();
        reactor::info!(logger: logger, "still in the old file");
        let stats = guard.shutdown(Duration::MAX).unwrap();
        assert_eq!((stats.written, stats.dropped_io), (1, 0));
        assert!(logger.stats().io_errors > 0);
        assert_eq!(texts_in(&moved_to), ["still in the old file"]);

        let BuildError::Open { source, .. } = Elog::builder(&log.path).build().unwrap_err() else {
            panic!("not an error of open(2)");
        };
        assert_eq!(source.raw_os_error(), Some(libc::ENXIO));
    });
}
