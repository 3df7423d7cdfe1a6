//! Disks and directories that take no more, for a while.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process;
use std::time::Duration;

use day06_elog as reactor;

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SigHandler, Signal, signal};
use nix::unistd::{Gid, Uid, setuid};
use reactor::elog::{Builder, Elog, Stats};

use super::children::{Child, play};
use super::elog_common::{
    Log, assert_adds_up, checked, files_at, lossless, parse, take_lost, texts_in, texts_of, verify,
};
use super::{Named, Role};

pub(crate) const TESTS: &[Named<fn()>] = named![
    a_file_at_its_size_limit_goes_on_when_it_is_raised,
    a_full_disk_goes_on_when_it_is_freed,
    a_directory_without_permission_keeps_the_old_file,
    a_full_disk_is_no_reason_to_rotate,
];

pub(crate) const ROLES: &[Named<Role>] = named![
    exceed_file_size,
    fill_disk,
    fill_disk_and_file,
    log_without_permission,
];

/// Modes of the logger, which the roles get as their number.
const ASYNCHRONOUS: usize = 0;
const SYNCHRONOUS: usize = 1;

/// A child says with this status that the machine does not let it do its test.
const NOT_ALLOWED: i32 = 77;

fn builder(path: &Path, mode: usize) -> Builder {
    lossless(path).synchronous(mode == SYNCHRONOUS)
}

/// Logs until a write has failed; returns how many lines that took.
fn log_until_failure(logger: Elog) -> usize {
    let mut number = 0;
    while logger.stats().io_errors == 0 {
        let text = checked(0, number, &"x".repeat(number % 200));
        reactor::info!(logger: logger, "{text}");
        // A writer thread needs time to fail; nothing is lost by waiting.
        let _ = logger.flush(Duration::from_millis(1));
        number += 1;
    }
    number
}

/// Asserts that the lines in the file and the numbers that stand for others make up all that
/// were logged.
fn assert_complete(content: &str, stats: Stats) {
    let mut texts = texts_of(content);
    let reported = take_lost(&mut texts);
    // What a failed write has left of a line stays, on a line of its own.
    let whole = texts.iter().filter(|text| parse(text).is_some()).count();
    assert_eq!(whole as u64, stats.written);
    assert_eq!(reported, stats.dropped_io + stats.dropped_full);
    assert!(stats.io_errors > 0);
    assert_adds_up(stats);
}

fn a_file_at_its_size_limit_goes_on_when_it_is_raised() {
    for mode in [ASYNCHRONOUS, SYNCHRONOUS] {
        play("exceed_file_size", &Log::new().path, mode);
    }
}

fn exceed_file_size(path: PathBuf, mode: usize) {
    // SAFETY: ignoring a signal runs no code.
    unsafe { signal(Signal::SIGXFSZ, SigHandler::SigIgn) }.unwrap();
    let (soft, hard) = getrlimit(Resource::RLIMIT_FSIZE).unwrap();
    setrlimit(Resource::RLIMIT_FSIZE, 20_000, hard).unwrap();
    let guard = builder(&path, mode).build().unwrap();
    let logger = guard.logger();
    let next = log_until_failure(logger);
    setrlimit(Resource::RLIMIT_FSIZE, soft, hard).unwrap();
    let text = checked(0, next, "");
    reactor::info!(logger: logger, "{text}");
    let stats = guard.shutdown(Duration::MAX).unwrap();
    let content = fs::read_to_string(&path).unwrap();
    assert_complete(&content, stats);
    assert!(content.ends_with(&format!("{text}\n")));
    if mode == ASYNCHRONOUS {
        assert_eq!(stats.written, next as u64 + 1);
        verify(&texts_in(&path));
    }
}

fn a_full_disk_goes_on_when_it_is_freed() {
    for mode in [ASYNCHRONOUS, SYNCHRONOUS] {
        play_if_allowed("fill_disk", mode);
    }
}

fn a_full_disk_is_no_reason_to_rotate() {
    play_if_allowed("fill_disk_and_file", SYNCHRONOUS);
}

fn play_if_allowed(role: &str, mode: usize) {
    let log = Log::new();
    let status = Child::start(role, &log.path, mode).wait();
    if status.code() == Some(NOT_ALLOWED) {
        eprintln!("not tested: this machine allows no mount namespace");
    } else {
        assert!(status.success(), "{status}");
    }
}

/// On a full disk, that a file is full is no reason to begin another one, which would be
/// empty, and to delete the oldest for it.
fn fill_disk_and_file(path: PathBuf, mode: usize) {
    // Room in the file for the line below, and not for "lost 1 lines".
    const ROOM: u64 = 64;
    let disk = path.parent().unwrap();
    mount_small_disk_or_exit(disk);
    fs::write(&path, format!("# UTC {}\n", "x".repeat(4096 - 7))).unwrap();
    let ballast = disk.join("ballast");
    assert!(fs::write(&ballast, vec![0; 64 * 1024]).is_err());
    let guard = builder(&path, mode).rotate(4096 + ROOM, 9).build().unwrap();
    let logger = guard.logger();
    for _ in 0..3 {
        reactor::info!(logger: logger, "x");
    }
    assert_eq!(logger.stats().dropped_io, 3);
    assert_eq!(files_at(&path).len(), 1);

    fs::remove_file(&ballast).unwrap();
    reactor::info!(logger: logger, "x");
    assert_eq!(guard.shutdown(Duration::MAX).unwrap().written, 1);
    assert_eq!(files_at(&path).len(), 2);
}

fn fill_disk(path: PathBuf, mode: usize) {
    let disk = path.parent().unwrap();
    mount_small_disk_or_exit(disk);
    let ballast = disk.join("ballast");
    fs::write(&ballast, vec![0; 32 * 1024]).unwrap();
    let guard = builder(&path, mode).rotate(8 * 1024, 9).build().unwrap();
    let logger = guard.logger();
    let next = log_until_failure(logger);
    fs::remove_file(&ballast).unwrap();
    let text = checked(0, next, "");
    reactor::info!(logger: logger, "{text}");
    let stats = guard.shutdown(Duration::MAX).unwrap();

    let files = files_at(&path);
    assert!(files.len() > 3);
    let mut all = String::new();
    for file in files {
        let content = fs::read_to_string(&file).unwrap();
        assert!(!texts_of(&content).is_empty(), "{file:?} is empty");
        all += &content;
    }
    assert_complete(&all, stats);
    assert!(all.ends_with(&format!("{text}\n")));
}

fn mount_small_disk_or_exit(at: &Path) {
    if mount_small_disk(at).is_err() {
        process::exit(NOT_ALLOWED);
    }
}

/// Mounts a disk of 64 KiB in memory, which only this process sees.
fn mount_small_disk(at: &Path) -> std::io::Result<()> {
    let (uid, gid) = (Uid::current(), Gid::current());
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS)?;
    // Files need an owner that exists in the new namespace.
    fs::write("/proc/self/uid_map", format!("0 {uid} 1"))?;
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/gid_map", format!("0 {gid} 1"))?;
    let (tmpfs, flags) = (Some("tmpfs"), MsFlags::empty());
    Ok(mount(tmpfs, at, tmpfs, flags, Some("size=64k"))?)
}

fn a_directory_without_permission_keeps_the_old_file() {
    for mode in [ASYNCHRONOUS, SYNCHRONOUS] {
        let log = Log::new();
        let mut child = Child::start_quietly("log_without_permission", &log.path, mode);
        assert!(child.wait().success());
        // Or it could not be deleted.
        fs::set_permissions(log.dir(), Permissions::from_mode(0o755)).unwrap();
    }
}

fn log_without_permission(path: PathBuf, mode: usize) {
    let guard = builder(&path, mode).rotate(2000, 3).build().unwrap();
    let logger = guard.logger();
    let dir = path.parent().unwrap();
    fs::set_permissions(dir, Permissions::from_mode(0o555)).unwrap();
    // No permission binds root, so it becomes another user; others may not, and need not.
    let became = setuid(Uid::from_raw(65_534));
    assert!(matches!(became, Ok(()) | Err(Errno::EPERM)));
    assert!(fs::write(dir.join("probe"), "").is_err());
    for number in 0..100 {
        let text = checked(0, number, "");
        reactor::info!(logger: logger, "{text}");
    }
    logger.reopen();
    let stats = guard.shutdown(Duration::MAX).unwrap();
    assert_eq!(stats.written, 100);
    assert!(stats.io_errors > 0);
    let texts = texts_of(&fs::read_to_string(&path).unwrap());
    assert_eq!(verify(&texts)[&0], 100);
}
