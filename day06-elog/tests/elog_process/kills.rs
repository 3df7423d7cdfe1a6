//! SIGKILL: what a process cannot prevent is at least bounded.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::thread;

use day06_elog as reactor;

use reactor::elog::{Builder, Elog};

use super::children::Role;
use super::elog_common::{Log, checked, texts_of, verify};
use super::{Named, Role as Body};

pub(crate) const TESTS: &[Named<fn()>] = &[
    ("kills::a_synchronous_log_has_every_line", synchronous),
    ("kills::so_it_has_if_it_is_killed_rotating", rotating),
    (
        "kills::an_asynchronous_log_loses_a_bounded_rest",
        asynchronous,
    ),
];

pub(crate) const ROLES: &[Named<Body>] = &[("log-until-killed", log_until_killed)];

const KILLS: usize = 50;

/// The most that can be in memory: two buffers of 1 MiB.
const MEMORY: usize = 2 * 1024 * 1024;

/// What a child gets as its number.
const ASYNCHRONOUS: usize = 0;
const SYNCHRONOUS: usize = 1;
const ROTATING: usize = 2;

fn builder(path: &Path, mode: usize) -> Builder {
    let builder = Elog::builder(path).synchronous(mode != ASYNCHRONOUS);
    if mode == ROTATING {
        builder.rotate(1000, u32::MAX)
    } else {
        builder
    }
}

fn synchronous() {
    for kill in 0..KILLS {
        let left = kill_after(kill * 37, SYNCHRONOUS);
        assert!(left.in_files >= left.logged, "{left:?}");
    }
}

fn rotating() {
    for kill in 0..KILLS {
        let left = kill_after(kill * 7, ROTATING);
        assert!(left.in_files >= left.logged, "{left:?}");
    }
}

fn asynchronous() {
    for kill in 0..KILLS {
        let left = kill_after(kill * 997, ASYNCHRONOUS);
        let lost = left.logged.saturating_sub(left.in_files);
        assert!(lost * left.line_len <= MEMORY, "{left:?}");
    }
}

/// What a killed process leaves.
#[derive(Debug)]
struct Left {
    /// The lines whose calls had returned.
    logged: usize,
    in_files: usize,
    /// How long a line is, about.
    line_len: usize,
}

/// Kills a child when it has logged so many lines.
fn kill_after(lines: usize, mode: usize) -> Left {
    let log = Log::new();
    let progress = progress_of(&log.path);
    fs::write(&progress, 0_u64.to_ne_bytes()).unwrap();
    let mut child = Role::start("log-until-killed", &log.path, mode);
    while read_progress(&progress) <= lines {
        assert!(!child.has_ended());
        thread::yield_now();
    }
    child.kill();
    let logged = read_progress(&progress);

    let content: String = log
        .files()
        .iter()
        .map(|file| fs::read_to_string(file).unwrap())
        .collect();
    // The last line may be torn; no other may.
    let whole = content.rfind('\n').map_or(0, |line_feed| line_feed + 1);
    let texts = texts_of(&content[..whole]);
    let in_files = verify(&texts).get(&0).copied().unwrap_or_default();
    let line_len = content.lines().last().map_or(0, str::len);

    // The next run does not glue its first line to a torn one.
    let guard = builder(&log.path, mode).build().unwrap();
    reactor::info!(logger: guard.logger(), "next run");
    drop(guard);
    assert_eq!(log.texts().last().unwrap(), "next run");
    Left {
        logged,
        in_files,
        line_len,
    }
}

fn progress_of(log: &Path) -> PathBuf {
    log.with_file_name("progress")
}

fn read_progress(path: &Path) -> usize {
    let bytes = fs::read(path).unwrap().try_into().unwrap();
    usize::try_from(u64::from_ne_bytes(bytes)).unwrap()
}

fn log_until_killed(path: PathBuf, mode: usize) {
    let progress = File::options()
        .write(true)
        .open(progress_of(&path))
        .unwrap();
    let _guard = builder(&path, mode).init().unwrap();
    for number in 0.. {
        let text = checked(0, number, "payload");
        reactor::info!("{text}");
        let logged = u64::try_from(number + 1).unwrap();
        progress.write_all_at(&logged.to_ne_bytes(), 0).unwrap();
    }
}
