//! Elog from the outside: what is logged is what is in the file.

mod elog_common;

use std::cell::Cell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use day06_elog as reactor;

use elog_common::{Log, assert_adds_up, checked, in_both_modes, lossless, verify};
use reactor::elog::{Elog, Level, LevelFilter, MAX_LINE, WhenFull};

#[test]
fn dropping_the_guard_leaves_every_line_in_the_file() {
    for n in [1, 10, 1000, 100_000] {
        in_both_modes(|log, builder| {
            let guard = builder.build().unwrap();
            let logger = guard.logger();
            for i in 0..n {
                reactor::info!(logger: logger, "line {i}");
            }
            drop(guard);
            let expected: Vec<String> = (0..n).map(|i| format!("line {i}")).collect();
            assert!(log.texts() == expected, "{n} lines");
            let stats = logger.stats();
            assert_eq!((stats.accepted, stats.written), (n, n));
            assert_adds_up(stats);
        });
    }
}

#[test]
fn a_flushed_line_is_in_the_file_and_so_is_an_error_without_a_flush() {
    in_both_modes(|log, builder| {
        let guard = builder.flush_interval(Duration::MAX).build().unwrap();
        reactor::info!(logger: guard.logger(), "flushed");
        guard.logger().flush(Duration::MAX).unwrap();
        assert_eq!(log.texts(), ["flushed"]);

        reactor::error!(logger: guard.logger(), "urgent");
        while log.texts().len() < 2 {
            thread::yield_now();
        }
        assert_eq!(log.texts(), ["flushed", "urgent"]);
        guard.shutdown(Duration::MAX).unwrap();
    });
}

#[test]
fn a_line_waits_no_longer_than_the_flush_interval() {
    let log = Log::new();
    let guard = lossless(&log.path)
        .flush_interval(Duration::from_millis(1))
        .build()
        .unwrap();
    reactor::info!(logger: guard.logger(), "ticked");
    while guard.logger().stats().queued > 0 {
        thread::yield_now();
    }
    assert_eq!(log.texts(), ["ticked"]);
}

#[test]
fn lines_of_any_length_are_whole_up_to_the_limit() {
    let lengths = (0..600).chain((600..65_000).step_by(997));
    let lengths: Vec<usize> = lengths.collect();
    in_both_modes(|log, builder| {
        let guard = builder.build().unwrap();
        let logger = guard.logger();
        thread::scope(|scope| {
            for writer in 0..3 {
                let lengths = &lengths;
                scope.spawn(move || {
                    for (number, &len) in lengths.iter().enumerate() {
                        let payload = "é".repeat(len / 2) + &"x".repeat(len % 2);
                        let text = checked(writer, number, &payload);
                        reactor::info!(logger: logger, "{text}");
                    }
                });
            }
        });
        drop(guard);
        let written = verify(&log.texts());
        assert_eq!(written.len(), 3);
        assert!(written.values().all(|&count| count == lengths.len()));
        assert_eq!(logger.stats().cut, 0);
    });
}

#[test]
fn lines_beyond_the_limit_are_cut_and_counted_and_hurt_no_other() {
    in_both_modes(|log, builder| {
        let guard = builder.build().unwrap();
        let logger = guard.logger();
        let lengths = [65_535, 65_536, 65_537, 70_000];
        for len in lengths {
            reactor::info!(logger: logger, "{}", "x".repeat(len));
            reactor::info!(logger: logger, "short");
        }
        drop(guard);
        let texts = log.texts();
        assert_eq!(texts.len(), 2 * lengths.len());
        for pair in texts.chunks(2) {
            assert!(pair[0].starts_with("xxx") && pair[0].contains("x... [cut, "));
            assert!(pair[0].len() < MAX_LINE);
            assert_eq!(pair[1], "short");
        }
        assert_eq!(logger.stats().cut, 4);
        assert_eq!(logger.stats().written, 8);
    });
}

#[test]
fn filtered_arguments_are_not_evaluated() {
    in_both_modes(|log, builder| {
        let guard = builder.level(Level::Warn).build().unwrap();
        let logger = guard.logger();
        let evaluated = Cell::new(0);
        let count = || {
            evaluated.set(evaluated.get() + 1);
            evaluated.get()
        };
        reactor::trace!(logger: logger, "{}", count());
        reactor::info!(logger: logger, "{}", count());
        reactor::warn!(logger: logger, "{}", count());
        logger.set_level(LevelFilter::OFF);
        reactor::error!(logger: logger, "{}", count());
        logger.set_level(Level::Trace);
        reactor::trace!(logger: logger, "{}", count());
        drop(guard);
        assert_eq!(log.texts(), ["1", "2"]);
        assert_eq!(logger.stats().accepted, 2);
    });
}

struct Logs(Elog);

impl fmt::Display for Logs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        reactor::info!(logger: self.0, "inner");
        f.write_str("outer")
    }
}

struct Panics;

impl fmt::Display for Panics {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("a Display may panic");
    }
}

#[test]
fn a_display_may_log_and_may_panic() {
    in_both_modes(|log, builder| {
        let guard = builder.build().unwrap();
        let logger = guard.logger();
        reactor::info!(logger: logger, "{}", Logs(logger));
        let panicking = AssertUnwindSafe(|| reactor::info!(logger: logger, "{}", Panics));
        assert!(catch_unwind(panicking).is_err());
        reactor::info!(logger: logger, "after");
        drop(guard);
        assert_eq!(log.texts(), ["inner", "outer", "after"]);
        assert_adds_up(logger.stats());
    });
}

/// Displays once another thread has logged.
struct Waits<'a>(&'a Barrier);

impl fmt::Display for Waits<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.wait();
        self.0.wait();
        f.write_str("slow")
    }
}

#[test]
fn a_slow_display_delays_no_other_thread() {
    in_both_modes(|log, builder| {
        let guard = builder.build().unwrap();
        let logger = guard.logger();
        let barrier = Barrier::new(2);
        thread::scope(|scope| {
            scope.spawn(|| reactor::info!(logger: logger, "{}", Waits(&barrier)));
            barrier.wait();
            reactor::info!(logger: logger, "quick");
            logger.flush(Duration::MAX).unwrap();
            assert_eq!(log.texts(), ["quick"]);
            barrier.wait();
        });
        drop(guard);
        assert_eq!(log.texts(), ["quick", "slow"]);
    });
}

#[test]
fn lines_after_the_end_are_written_too() {
    in_both_modes(|log, builder| {
        let guard = builder.build().unwrap();
        let logger = guard.logger();
        reactor::info!(logger: logger, "before");
        let stats = guard.shutdown(Duration::MAX).unwrap();
        assert_eq!(stats.written, 1);
        reactor::info!(logger: logger, "after");
        logger.flush(Duration::ZERO).unwrap();
        assert_eq!(log.texts(), ["before", "after"]);
        assert_eq!(logger.stats().written, 2);
    });
}

#[test]
fn threads_that_log_while_the_log_ends_lose_nothing() {
    let log = Log::new();
    let guard = lossless(&log.path).build().unwrap();
    let logger = guard.logger();
    thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || {
                for i in 0..5000 {
                    reactor::info!(logger: logger, "{thread} {i}");
                }
            });
        }
        guard.shutdown(Duration::MAX).unwrap();
    });
    let texts = log.texts();
    for thread in 0..4 {
        let prefix = format!("{thread} ");
        let of_thread: Vec<&String> = texts.iter().filter(|t| t.starts_with(&prefix)).collect();
        let expected: Vec<String> = (0..5000).map(|i| format!("{thread} {i}")).collect();
        assert!(of_thread.into_iter().eq(&expected), "thread {thread}");
    }
    assert_eq!(logger.stats().written, 20_000);
    assert_adds_up(logger.stats());
}

#[test]
fn a_file_that_cannot_be_opened_is_an_error_that_names_it() {
    let error = Elog::builder("/nowhere/log").build().unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot log to /nowhere/log: No such file or directory (os error 2)"
    );
}

#[test]
fn timeouts_of_nothing_lose_nothing_on_a_healthy_disk() {
    for interval in [Duration::ZERO, Duration::MAX] {
        for _ in 0..100 {
            let log = Log::new();
            let builder = Elog::builder(&log.path).flush_interval(interval);
            let builder = builder.when_full(WhenFull::Block(Duration::ZERO));
            let guard = builder.build().unwrap();
            reactor::info!(logger: guard.logger(), "one");
            let stats = guard.shutdown(Duration::ZERO).expect("nothing is lost");
            assert_eq!((stats.accepted, stats.written), (1, 1));
            assert_eq!(log.texts(), ["one"]);
        }
    }
}

#[test]
fn a_log_without_lines_ends_without_loss() {
    let guard = Elog::builder("/dev/full").build().unwrap();
    guard.shutdown(Duration::ZERO).expect("nothing to lose");
}
