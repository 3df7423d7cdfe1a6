//! Disks and directories that take no more, for a while.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{self, Stdio};
use std::time::Duration;

use day06_elog as reactor;

use reactor::elog::{Builder, Elog, Stats};

use super::children::{Role, play};
use super::elog_common::{
    Log, assert_adds_up, checked, parse, patient, take_lost, texts_in, texts_of, verify,
};
use super::{Named, Role as Body};

pub(crate) const TESTS: &[Named<fn()>] = &[
    (
        "limits::a_file_at_its_size_limit_goes_on_when_it_is_raised",
        file_size,
    ),
    ("limits::a_full_disk_goes_on_when_it_is_freed", full_disk),
    (
        "limits::a_directory_without_permission_keeps_the_old_file",
        no_permission,
    ),
    (
        "limits::a_full_disk_is_no_reason_to_rotate",
        full_disk_and_file,
    ),
];

pub(crate) const ROLES: &[Named<Body>] = &[
    ("file-size", exceed_file_size),
    ("full-disk", fill_disk),
    ("full-disk-and-file", fill_disk_and_file),
    ("no-permission", log_without_permission),
];

/// Modes of the logger, which the roles get as their number.
const MODES: [usize; 2] = [0, 1];

/// A child says with this status that the machine does not let it do its test.
const NOT_ALLOWED: i32 = 77;

fn builder(path: &Path, mode: usize) -> Builder {
    patient(path).synchronous(mode == 1)
}

/// Logs until a write has failed; returns how many lines that took.
fn log_until_failure(logger: Elog, first: usize) -> usize {
    let mut number = first;
    while logger.stats().io_errors == 0 {
        let text = checked(0, number, &"x".repeat(number % 200));
        reactor::info!(logger: logger, "{text}");
        // A writer thread needs time to fail; nothing is lost by waiting.
        let _ = logger.flush(Duration::from_millis(1));
        number += 1;
    }
    number
}

/// Asserts that the lines in the file and the numbers that stand for others make
/// up all that were logged.
fn assert_complete(content: &str, stats: Stats) {
    let mut texts = texts_of(content);
    let told = take_lost(&mut texts);
    // What a failed write has left of a line stays, on a line of its own.
    let whole = texts.iter().filter(|text| parse(text).is_some()).count();
    assert_eq!(whole as u64, stats.written);
    assert_eq!(told, stats.dropped_io + stats.dropped_full);
    assert!(stats.io_errors > 0);
    assert_adds_up(stats);
}

fn file_size() {
    for mode in MODES {
        play("file-size", &Log::new().path, mode);
    }
}

fn exceed_file_size(path: PathBuf, mode: usize) {
    // SAFETY: ignoring a signal runs no code.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
    set_file_size_limit(20_000);
    let guard = builder(&path, mode).build().unwrap();
    let logger = guard.logger();
    let next = log_until_failure(logger, 0);
    set_file_size_limit(libc::RLIM_INFINITY);
    let text = checked(0, next, "");
    reactor::info!(logger: logger, "{text}");
    let stats = guard.shutdown(Duration::MAX).unwrap();
    let content = fs::read_to_string(&path).unwrap();
    assert_complete(&content, stats);
    assert!(content.ends_with(&format!("{text}\n")));
    if mode == 0 {
        assert_eq!(stats.written, next as u64 + 1);
        verify(&texts_in(&path));
    }
}

/// Leaves the hard limit alone, so that the soft one can be raised again.
fn set_file_size_limit(bytes: libc::rlim_t) {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the pointer is valid for the call to fill.
    unsafe { libc::getrlimit(libc::RLIMIT_FSIZE, &raw mut limit) };
    limit.rlim_cur = bytes.min(limit.rlim_max);
    // SAFETY: the pointer is valid for the call.
    let result = unsafe { libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit) };
    assert_eq!(result, 0);
}

fn full_disk() {
    for mode in MODES {
        play_if_allowed("full-disk", mode);
    }
}

fn full_disk_and_file() {
    play_if_allowed("full-disk-and-file", 1);
}

fn play_if_allowed(role: &str, mode: usize) {
    let log = Log::new();
    let status = Role::start(role, &log.path, mode).wait();
    if status.code() == Some(NOT_ALLOWED) {
        eprintln!("not tested: this machine allows no mount namespace");
    } else {
        assert!(status.success(), "{status}");
    }
}

/// On a full disk, that a file is full is no reason to begin another one, which
/// would be empty, and to delete the oldest for it.
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
    assert_eq!(files_of(&path).len(), 1);

    fs::remove_file(&ballast).unwrap();
    reactor::info!(logger: logger, "x");
    assert_eq!(guard.shutdown(Duration::MAX).unwrap().written, 1);
    assert_eq!(files_of(&path).len(), 2);
}

fn fill_disk(path: PathBuf, mode: usize) {
    let disk = path.parent().unwrap();
    mount_small_disk_or_exit(disk);
    let ballast = disk.join("ballast");
    fs::write(&ballast, vec![0; 32 * 1024]).unwrap();
    let guard = builder(&path, mode).rotate(8 * 1024, 9).build().unwrap();
    let logger = guard.logger();
    let next = log_until_failure(logger, 0);
    fs::remove_file(&ballast).unwrap();
    let text = checked(0, next, "");
    reactor::info!(logger: logger, "{text}");
    let stats = guard.shutdown(Duration::MAX).unwrap();

    let files = files_of(&path);
    assert!(files.len() > 3);
    let mut all = String::new();
    for file in &files {
        let content = fs::read_to_string(file).unwrap();
        assert!(
            !texts_of(&content).is_empty(),
            "{} is empty",
            file.display()
        );
        all += &content;
    }
    assert_complete(&all, stats);
    assert!(all.ends_with(&format!("{text}\n")));
}

/// The log's files, the oldest first.
fn files_of(path: &Path) -> Vec<PathBuf> {
    let rotated = (1..10)
        .rev()
        .map(|number| path.with_extension(number.to_string()));
    rotated
        .chain([path.to_owned()])
        .filter(|path| path.exists())
        .collect()
}

fn mount_small_disk_or_exit(at: &Path) {
    if mount_small_disk(at).is_err() {
        process::exit(NOT_ALLOWED);
    }
}

/// Mounts a disk of 64 KiB in memory, which only this process sees.
fn mount_small_disk(at: &Path) -> io::Result<()> {
    // SAFETY: takes nothing, cannot fail.
    let uid = unsafe { libc::getuid() };
    // SAFETY: takes nothing, cannot fail.
    let gid = unsafe { libc::getgid() };
    // SAFETY: affects this process only, which has one thread.
    let result = unsafe { libc::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNS) };
    check(result)?;
    // Files need an owner that exists in the new namespace.
    fs::write("/proc/self/uid_map", format!("0 {uid} 1"))?;
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/gid_map", format!("0 {gid} 1"))?;
    let at = std::ffi::CString::new(at.to_str().unwrap())?;
    // SAFETY: all pointers are to strings with a NUL, or null where that is
    // allowed.
    let result = unsafe {
        libc::mount(
            c"tmpfs".as_ptr(),
            at.as_ptr(),
            c"tmpfs".as_ptr(),
            0,
            c"size=64k".as_ptr().cast(),
        )
    };
    check(result)
}

fn check(result: libc::c_int) -> io::Result<()> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

fn no_permission() {
    for mode in MODES {
        let log = Log::new();
        let mut child = Role::start_with("no-permission", &log.path, mode, |command| {
            command.stderr(Stdio::null())
        });
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
    give_up_privileges();
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

/// No permission binds root, so it becomes somebody else.
fn give_up_privileges() {
    // SAFETY: affects this process only.
    let result = unsafe { libc::setuid(65_534) };
    // Whoever is not root may not, and need not.
    let error = check(result).err();
    assert!(error.is_none_or(|error| error.raw_os_error() == Some(libc::EPERM)));
}
