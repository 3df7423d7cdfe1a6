//! SIGKILL: what a process cannot prevent is at least bounded.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use day06_elog as reactor;

use reactor::elog::Elog;

use crate::children::Role;
use crate::elog_common::{Log, checked, texts_of, verify};
use crate::{Named, Role as Body};

pub(crate) const TESTS: &[Named<fn()>] = &[
    ("kills::a_synchronous_log_has_every_line", synchronous),
    (
        "kills::what_an_asynchronous_log_loses_is_bounded",
        asynchronous,
    ),
];

pub(crate) const ROLES: &[Named<Body>] = &[
    ("log-until-killed", log_until_killed),
    (
        "log-synchronously-until-killed",
        log_synchronously_until_killed,
    ),
];

const KILLS: usize = 50;

/// The most that can be in memory: two buffers of 1 MiB.
const MEMORY: usize = 2 * 1024 * 1024;

fn synchronous() {
    for kill in 0..KILLS {
        let (logged, texts, _) = kill_after(kill * 37, "log-synchronously-until-killed");
        assert!(texts >= logged, "{logged} lines, {texts} in the file");
    }
}

fn asynchronous() {
    for kill in 0..KILLS {
        let (logged, texts, line) = kill_after(kill * 997, "log-until-killed");
        let lost = logged.saturating_sub(texts) * line;
        assert!(lost <= MEMORY, "{logged} lines, {texts} in the file");
    }
}

/// Kills a child when it has logged so many lines. Returns how many it had
/// logged by then, how many are in the file, and the length of one.
fn kill_after(lines: usize, role: &str) -> (usize, usize, usize) {
    let log = Log::new();
    let progress = progress_of(&log.path);
    fs::write(&progress, 0_u64.to_ne_bytes()).unwrap();
    let mut child = Role::start(role, &log.path, 0);
    while read_progress(&progress) <= lines {
        assert!(!child.has_ended());
    }
    child.kill();
    let logged = read_progress(&progress);

    let content = fs::read_to_string(&log.path).unwrap_or_default();
    // The last line may be torn; no other may.
    let whole = content.rfind('\n').map_or(0, |line_feed| line_feed + 1);
    let texts = texts_of(&content[..whole]);
    let written = verify(&texts).get(&0).copied().unwrap_or_default();
    let line = content.lines().last().map_or(0, str::len);

    // The next run does not glue its first line to a torn one.
    let guard = Elog::builder(&log.path).build().unwrap();
    reactor::info!(logger: guard.logger(), "next run");
    drop(guard);
    assert_eq!(log.texts().last().unwrap(), "next run");
    (logged, written, line)
}

fn progress_of(log: &Path) -> PathBuf {
    log.with_extension("progress")
}

fn read_progress(path: &Path) -> usize {
    let bytes = fs::read(path).unwrap().try_into().unwrap();
    usize::try_from(u64::from_ne_bytes(bytes)).unwrap()
}

fn log_until_killed(path: PathBuf, _: usize) {
    run(path, false);
}

fn log_synchronously_until_killed(path: PathBuf, _: usize) {
    run(path, true);
}

fn run(path: PathBuf, synchronous: bool) {
    let progress = File::options()
        .write(true)
        .open(progress_of(&path))
        .unwrap();
    let _guard = Elog::builder(path).synchronous(synchronous).init().unwrap();
    for number in 0.. {
        let text = checked(0, number, "payload");
        reactor::info!("{text}");
        let logged = u64::try_from(number + 1).unwrap();
        progress.write_all_at(&logged.to_ne_bytes(), 0).unwrap();
    }
}
