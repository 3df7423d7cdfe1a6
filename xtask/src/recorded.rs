//! What was recorded on some machine and some day, and is shown by the lessons.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use programs::Machine;

use crate::atomic;
use crate::course::Course;

/// Where each text's measured blocks were recorded.
const MACHINES: &str = "xtask/recorded/machines.json";

/// Machines by the directories of the texts.
type Machines = BTreeMap<String, Machine>;

pub(crate) fn machine(course: &Course, dir: &str) -> Result<Option<Machine>> {
    Ok(machines(course)?.remove(dir))
}

/// Notes that the measured blocks of a directory's texts are from here and today.
pub(crate) fn set_machine(course: &Course, dir: &str) -> Result<()> {
    let mut machines = machines(course)?;
    machines.insert(dir.to_owned(), Machine::describe());
    let text = serde_json::to_string_pretty(&machines)? + "\n";
    atomic::write(&course.root.join(MACHINES), &text)
}

fn machines(course: &Course) -> Result<Machines> {
    match course.text(MACHINES)? {
        Some(text) => serde_json::from_str(&text)
            .with_context(|| format!("{MACHINES} is not what `cargo xtask record` wrote")),
        None => Ok(Machines::new()),
    }
}

/// The system calls of a day's echo, as `cargo xtask syscalls` prints them.
pub(crate) fn syscalls(course: &Course, day: usize) -> Result<Option<String>> {
    course.text(&syscalls_path(day))
}

pub(crate) fn set_syscalls(course: &Course, day: usize, text: &str) -> Result<()> {
    atomic::write(&course.root.join(syscalls_path(day)), text)
}

fn syscalls_path(day: usize) -> String {
    format!("xtask/recorded/syscalls-{day}.txt")
}
