//! What `cargo xtask record` and `cargo xtask bench` wrote down.

use anyhow::{Result, ensure};

use super::bench;
use super::changes::day;
use crate::course::Course;
use crate::markdown::{Document, Language};
use crate::recorded;

/// Where the numbers around this place are from.
pub(super) fn machine(course: &Course, document: &Document, words: &[&str]) -> Result<String> {
    ensure!(words.is_empty(), "'machine' takes no words");
    let Some(machine) = recorded::machine(course, document.dir())? else {
        let command = format!("cargo xtask record {}", document.dir());
        return Ok(not_recorded(document.language(), &command));
    };
    let (date, cpu, cpus) = (machine.date, machine.cpu, machine.cpus);
    let kernel = machine.kernel;
    Ok(match document.language() {
        Language::English => format!(
            "The numbers below were measured on {date}: {cpu}, {cpus} cores, Linux {kernel}. Yours will differ."
        ),
        Language::Chinese => {
            format!("下文的数字测于 {date}：{cpu}，{cpus} 核，Linux {kernel}。你的机器上会有出入。")
        }
    })
}

/// The calls of one day, or how many there are on every day.
pub(super) fn syscalls(course: &Course, document: &Document, words: &[&str]) -> Result<String> {
    if words.is_empty() {
        return bench::calls(course, document);
    }
    let day = day(course, words)?;
    Ok(match recorded::syscalls(course, day.number)? {
        Some(text) => format!("```text\n{text}```"),
        None => {
            let command = format!("cargo xtask record {}", day.name);
            not_recorded(document.language(), &command)
        }
    })
}

/// What stands where the outcome of a command will be.
pub(super) fn not_recorded(language: Language, command: &str) -> String {
    match language {
        Language::English => format!("Not recorded yet: `{command}` does."),
        Language::Chinese => format!("还没有记录：运行 `{command}`。"),
    }
}
