//! Elog and its files: rotation, and what others do to a file that is open.

mod elog_common;

use std::fs;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::thread;
use std::time::Duration;

use day06_elog as reactor;

use elog_common::{
    Log, assert_adds_up, checked, files_at, in_both_modes, lossless, texts_in, verify,
};
use reactor::elog::Elog;

/// Logs numbered lines until `seen` is satisfied, and returns how many.
///
/// Elog looks at the path now and then, so it takes some lines until it notices
/// what a test has done to the file.
fn log_until(logger: Elog, first: usize, mut seen: impl FnMut() -> bool) -> usize {
    let mut number = first;
    while !seen() {
        let text = checked(0, number, "");
        reactor::info!(logger: logger, "{text}");
        logger.flush(Duration::MAX).unwrap();
        number += 1;
    }
    number
}

#[test]
fn every_thread_keeps_its_order_across_files() {
    const THREADS: usize = 16;
    const LINES: usize = 100_000;
    let log = Log::new();
    let guard = lossless(&log.path)
        .rotate(8 * 1024 * 1024, u32::MAX)
        .build()
        .unwrap();
    let logger = guard.logger();
    thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || {
                for number in 0..LINES {
                    let text = checked(thread, number, "payload");
                    reactor::info!(logger: logger, "{text}");
                }
            });
        }
    });
    drop(guard);
    assert!(log.files().len() > 10);
    let written = verify(&log.all_texts());
    assert_eq!(written.len(), THREADS);
    assert!(written.values().all(|&count| count == LINES));
    assert_adds_up(logger.stats());
}

#[test]
fn no_file_is_larger_than_allowed_and_none_is_empty() {
    const MAX_SIZE: u64 = 4096;
    in_both_modes(|log, builder| {
        let guard = builder.rotate(MAX_SIZE, u32::MAX).build().unwrap();
        for number in 0..500 {
            // One line in fifty does not fit into any file.
            let payload = "x".repeat(if number % 50 == 0 { 5000 } else { number % 300 });
            let text = checked(0, number, &payload);
            reactor::info!(logger: guard.logger(), "{text}");
        }
        drop(guard);
        assert_eq!(verify(&log.all_texts())[&0], 500);
        for path in log.files() {
            let texts = texts_in(&path);
            assert!(!texts.is_empty(), "{} is empty", path.display());
            let size = fs::metadata(&path).unwrap().len();
            assert!(
                size <= MAX_SIZE || texts.len() == 1,
                "{} has {size} bytes in {} lines",
                path.display(),
                texts.len()
            );
        }
    });
}

#[test]
fn the_number_of_files_is_kept_across_restarts() {
    in_both_modes(|log, _| {
        for _ in 0..5 {
            let guard = lossless(&log.path).rotate(1000, 3).build().unwrap();
            for number in 0..100 {
                reactor::info!(logger: guard.logger(), "{number}");
            }
            drop(guard);
            assert_eq!(log.files().len(), 4);
        }
        let texts = log.all_texts();
        assert_eq!(texts.last().unwrap(), "99");
    });
}

#[test]
fn a_process_killed_between_moving_and_opening_leaves_a_log_that_goes_on() {
    in_both_modes(|log, builder| {
        // What the killed process leaves: the old file moved, no new one.
        fs::write(log.rotated(1), "# UTC \nold] old\n").unwrap();
        let guard = builder.rotate(1000, 3).build().unwrap();
        reactor::info!(logger: guard.logger(), "new");
        drop(guard);
        assert_eq!(log.all_texts(), ["old", "new"]);
    });
}

#[test]
fn a_rotation_that_fails_leaves_the_log_in_the_old_file() {
    in_both_modes(|log, builder| {
        fs::create_dir(log.rotated(1)).unwrap();
        let guard = builder.rotate(1000, 1).build().unwrap();
        let logger = guard.logger();
        for number in 0..100 {
            let text = checked(0, number, "");
            reactor::info!(logger: logger, "{text}");
        }
        drop(guard);
        assert_eq!(verify(&log.texts())[&0], 100);
        let stats = logger.stats();
        assert_eq!(stats.written, 100);
        // Most lines come when the file is full, and do not each try again.
        assert!(0 < stats.io_errors && stats.io_errors < 50, "{stats:?}");
    });
}

#[test]
fn a_file_that_is_moved_or_deleted_is_followed_by_a_new_one() {
    in_both_modes(|log, builder| {
        let guard = builder.build().unwrap();
        let logger = guard.logger();
        let moved_to = log.rotated(1);
        let mut next = log_until(logger, 0, || fs::rename(&log.path, &moved_to).is_ok());
        next = log_until(logger, next, || log.path.exists());
        let in_old = texts_in(&moved_to).len();
        assert_eq!(verify(&log.all_texts())[&0], next);

        fs::remove_file(&log.path).unwrap();
        log_until(logger, next, || log.path.exists());
        guard.shutdown(Duration::MAX).unwrap();
        let texts = log.texts();
        assert!(in_old < next && !texts.is_empty());
        elog_common::verify_one(&texts[0]);
        assert_eq!(logger.stats().dropped_io, 0);
    });
}

#[test]
fn a_file_that_another_program_puts_there_is_appended_to() {
    in_both_modes(|log, builder| {
        let guard = builder.build().unwrap();
        let logger = guard.logger();
        let next = log_until(logger, 0, || fs::rename(&log.path, log.rotated(1)).is_ok());
        let theirs = log.dir().join("theirs");
        fs::write(&theirs, "# UTC \nplace] theirs\n").unwrap();
        fs::rename(&theirs, &log.path).unwrap();
        log_until(logger, next, || log.texts().len() > 1);
        let texts = log.texts();
        assert_eq!(texts[0], "theirs");
        elog_common::verify_one(&texts[1]);
    });
}

#[test]
fn a_second_logger_follows_the_one_that_rotates() {
    let log = Log::new();
    let rotating = lossless(&log.path).rotate(2000, u32::MAX);
    let guards = [rotating, lossless(&log.path)].map(|builder| builder.build().unwrap());
    let mut number = 0;
    while log.files().len() < 20 {
        for (writer, guard) in guards.iter().enumerate() {
            let text = checked(writer, number, "payload");
            reactor::info!(logger: guard.logger(), "{text}");
        }
        number += 1;
    }
    drop(guards);
    let written = verify(&log.all_texts());
    assert_eq!((written[&0], written[&1]), (number, number));
}

#[test]
fn reopen_does_not_wait_until_the_move_is_noticed() {
    in_both_modes(|log, builder| {
        let guard = builder.build().unwrap();
        let logger = guard.logger();
        reactor::info!(logger: logger, "old");
        logger.flush(Duration::MAX).unwrap();
        fs::rename(&log.path, log.rotated(1)).unwrap();
        logger.reopen();
        reactor::info!(logger: logger, "new");
        drop(guard);
        assert_eq!(texts_in(&log.rotated(1)), ["old"]);
        assert_eq!(log.texts(), ["new"]);
    });
}

#[test]
fn a_file_that_is_copied_and_truncated_has_no_hole() {
    in_both_modes(|log, builder| {
        let guard = builder.build().unwrap();
        let logger = guard.logger();
        for number in 0..100 {
            reactor::info!(logger: logger, "before {number}");
        }
        logger.flush(Duration::MAX).unwrap();
        fs::copy(&log.path, log.rotated(1)).unwrap();
        fs::File::options()
            .write(true)
            .truncate(true)
            .open(&log.path)
            .unwrap();
        reactor::info!(logger: logger, "after");
        drop(guard);
        assert_eq!(texts_in(&log.rotated(1)).len(), 100);
        let content = fs::read_to_string(&log.path).unwrap();
        assert!(content.ends_with("] after\n"));
        assert!(!content.contains('\0'));
    });
}

/// The link may be one of several, and relative.
#[test]
fn a_symbolic_link_stays_and_its_target_is_rotated() {
    in_both_modes(|log, builder| {
        let data = log.dir().join("data");
        fs::create_dir(&data).unwrap();
        symlink("data/link", &log.path).unwrap();
        symlink("file", data.join("link")).unwrap();
        let guard = builder.rotate(1000, u32::MAX).build().unwrap();
        for number in 0..100 {
            let text = checked(0, number, "");
            reactor::info!(logger: guard.logger(), "{text}");
        }
        drop(guard);
        assert_eq!(fs::read_link(&log.path).unwrap(), Path::new("data/link"));
        assert_eq!(log.files(), [&*log.path]);
        let files = files_at(&data.join("file"));
        assert!(files.len() > 2, "{files:?}");
        let texts: Vec<_> = files.iter().flat_map(|path| texts_in(path)).collect();
        assert_eq!(verify(&texts)[&0], 100);
    });
}

/// As `/dev/stdout` is, which may be a file of the shell's.
#[test]
fn the_file_behind_a_descriptor_is_never_renamed() {
    in_both_modes(|log, builder| {
        let redirected = log.dir().join("redirected");
        let file = fs::File::create(&redirected).unwrap();
        symlink(format!("/proc/self/fd/{}", file.as_raw_fd()), &log.path).unwrap();
        let guard = builder.rotate(1000, 3).build().unwrap();
        for number in 0..100 {
            let text = checked(0, number, "");
            reactor::info!(logger: guard.logger(), "{text}");
        }
        let logger = guard.logger();
        drop(guard);
        assert_eq!(logger.stats().io_errors, 0);
        assert_eq!(files_at(&redirected), [&*redirected]);
        assert_eq!(log.files(), [&*log.path]);
        assert_eq!(verify(&texts_in(&redirected))[&0], 100);
    });
}

#[test]
fn a_rotation_keeps_the_mode() {
    in_both_modes(|log, builder| {
        let guard = builder.rotate(1000, 2).build().unwrap();
        // More than the usual umask(2) leaves, and less than open(2) asks for.
        fs::set_permissions(&log.path, fs::Permissions::from_mode(0o662)).unwrap();
        for number in 0..100 {
            reactor::info!(logger: guard.logger(), "{number}");
        }
        drop(guard);
        let files = log.files();
        assert_eq!(files.len(), 3);
        for file in files {
            let mode = fs::metadata(&file).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o662, "{}", file.display());
        }
    });
}
