//! SIGKILL: what a process cannot prevent is at least bounded.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::thread;

use day06_elog as reactor;

use reactor::elog::{Builder, Elog};

use super::children::Child;
use super::elog_common::{Log, MEMORY, checked, texts_of, verify};
use super::{Named, Role};

pub(crate) const TESTS: &[Named<fn()>] = named![
    a_killed_process_has_written_every_synchronous_line,
    a_process_killed_in_a_rotation_has_written_every_line,
    a_killed_process_loses_a_bounded_number_of_asynchronous_lines,
];

pub(crate) const ROLES: &[Named<Role>] = named![log_until_killed];

const KILLS: usize = 50;

/// What a child gets as its number.
const ASYNCHRONOUS: usize = 0;
const SYNCHRONOUS: usize = 1;
const ROTATING: usize = 2;

fn builder(path: &Path, mode: usize) -> Builder {
    let builder = Elog::builder(path).synchronous(mode != ASYNCHRONOUS);
    let max_size = if mode == ROTATING { 1000 } else { u64::MAX };
    builder.rotate(max_size, u32::MAX)
}

fn a_killed_process_has_written_every_synchronous_line() {
    for kill in 0..KILLS {
        assert_eq!(bytes_lost(kill * 37, SYNCHRONOUS), 0);
    }
}

fn a_process_killed_in_a_rotation_has_written_every_line() {
    for kill in 0..KILLS {
        assert_eq!(bytes_lost(kill * 7, ROTATING), 0);
    }
}

fn a_killed_process_loses_a_bounded_number_of_asynchronous_lines() {
    for kill in 0..KILLS {
        assert!(bytes_lost(kill * 997, ASYNCHRONOUS) <= MEMORY);
    }
}

/// Kills a child when it has logged so many lines. Returns how much the files lack of the
/// lines whose calls had returned.
fn bytes_lost(lines: usize, mode: usize) -> u64 {
    let log = Log::new();
    let progress = progress_of(&log.path);
    fs::write(&progress, 0_u64.to_ne_bytes()).unwrap();
    let mut child = Child::start("log_until_killed", &log.path, mode);
    while read_progress(&progress) <= lines {
        assert!(!child.has_ended());
        thread::yield_now();
    }
    child.kill();
    let logged = read_progress(&progress);

    let files = log.files();
    let contents = files.iter().map(|file| fs::read_to_string(file).unwrap());
    let content: String = contents.collect();
    // The last line may be a partial one; no other may.
    let whole = content.rfind('\n').map_or(0, |line_feed| line_feed + 1);
    let texts = texts_of(&content[..whole]);
    let in_files = verify(&texts).get(&0).copied().unwrap_or_default();
    let line_len = content.lines().last().map_or(0, str::len);

    // The next run does not continue a partial line with its first one.
    let guard = builder(&log.path, mode).build().unwrap();
    reactor::info!(logger: guard.logger(), "next run");
    drop(guard);
    assert_eq!(log.texts().last().unwrap(), "next run");
    (logged.saturating_sub(in_files) * line_len) as u64
}

fn progress_of(log: &Path) -> PathBuf {
    log.with_file_name("progress")
}

fn read_progress(path: &Path) -> usize {
    let bytes = fs::read(path).unwrap().try_into().unwrap();
    usize::try_from(u64::from_ne_bytes(bytes)).unwrap()
}

fn log_until_killed(path: PathBuf, mode: usize) {
    let mut options = File::options();
    let progress = options.write(true).open(progress_of(&path)).unwrap();
    let _guard = builder(&path, mode).init().unwrap();
    for number in 0.. {
        let text = checked(0, number, "payload");
        reactor::info!("{text}");
        let logged = u64::try_from(number + 1).unwrap();
        progress.write_all_at(&logged.to_ne_bytes(), 0).unwrap();
    }
}
