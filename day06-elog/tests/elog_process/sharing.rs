//! Several processes with one log file.

use std::path::PathBuf;

use day06_elog as reactor;

use super::children::Role;
use super::elog_common::{Log, checked, patient, verify};
use super::{Named, Role as Body};

pub(crate) const TESTS: &[Named<fn()>] = &[(
    "sharing::two_processes_do_not_mix_their_lines",
    two_processes,
)];

pub(crate) const ROLES: &[Named<Body>] =
    &[("write-one", write_one), ("write-one-sync", write_one_sync)];

const LINES: usize = 30_000;

fn two_processes() {
    let log = Log::new();
    let roles = ["write-one", "write-one-sync"];
    let mut children: Vec<Role> = (0..4)
        .map(|writer| Role::start(roles[writer % 2], &log.path, writer))
        .collect();
    for child in &mut children {
        assert!(child.wait().success());
    }
    let written = verify(&log.texts());
    assert_eq!(written.len(), 4);
    assert!(written.values().all(|&count| count == LINES));
}

fn write_one(path: PathBuf, writer: usize) {
    run(path, writer, false);
}

fn write_one_sync(path: PathBuf, writer: usize) {
    run(path, writer, true);
}

fn run(path: PathBuf, writer: usize, synchronous: bool) {
    let _guard = patient(&path).synchronous(synchronous).init().unwrap();
    for number in 0..LINES {
        let payload = "x".repeat(number * 7 % 900);
        let text = checked(writer, number, &payload);
        reactor::info!("{text}");
    }
}
