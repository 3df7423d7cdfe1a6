//! The parts of the texts that are generated.
//!
//! `<!-- generated: NAME WORDS -->` and `<!-- end generated -->`, each on a line of its
//! own, enclose a region. To add a kind, add an arm to [`render`].

mod changes;
mod days;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::atomic;
use crate::course::{Course, Day};
use crate::drift::Drift;
use crate::markdown::{Document, Language};
use crate::record;

/// Where `cargo xtask bench` publishes.
const RESULTS: &str = "xtask/bench/results";

const START: &str = "<!-- generated: ";
const START_END: &str = " -->";
const END: &str = "<!-- end generated -->";

/// What a region contains. CONTRIBUTING.md lists the kinds.
fn render(course: &Course, document: &Document, words: &[&str]) -> Result<String> {
    let day = |number: &str| -> Result<&Day> {
        let number = number.parse();
        course.day(number.context("the region names no day, as in 'changes 3'")?)
    };
    match *words {
        ["days"] => days::table(course, document),
        ["machine"] => machine(course, document),
        ["syscalls", number] => syscalls(course, document, day(number)?),
        ["changes", number] => changes::table(course, document, day(number)?),
        ["diff", number] => changes::diff(course, document, day(number)?),
        ["bench" | "bench-log" | "syscalls"] | ["bench", _] => measured(course, document, words),
        _ => bail!("nothing generates '{}'", words.join(" ")),
    }
}

/// A table that `cargo xtask bench` has published, in the text's language. Its links begin
/// at the course's root.
fn measured(course: &Course, document: &Document, words: &[&str]) -> Result<String> {
    let end = document.language().of("md", "zh-CN.md");
    let table = course.text(&format!("{RESULTS}/{}.{end}", words.join("-")))?;
    let missing = || not_recorded(document.language(), "bench");
    let from_here = |table: String| table.replace("](/", &format!("]({}", document.to_root()));
    Ok(table.map_or_else(missing, from_here))
}

/// Where the numbers around this place are from.
fn machine(course: &Course, document: &Document) -> Result<String> {
    let language = document.language();
    let Some(machine) = record::machines(course)?.remove(document.dir()) else {
        let command = format!("dev record {}", document.dir());
        return Ok(not_recorded(language, &command));
    };
    let (date, cpu, cpus, kernel) = (machine.date, machine.cpu, machine.cpus, machine.kernel);
    Ok(language.of(
        format!("The numbers below were measured on {date}: {cpu}, {cpus} cores, Linux {kernel}. Yours will differ."),
        format!("下文的数字测于 {date}：{cpu}，{cpus} 核，Linux {kernel}。你的机器上会有出入。"),
    ))
}

/// The system calls of one day's echo, as `cargo xtask syscalls` prints them.
fn syscalls(course: &Course, document: &Document, day: &Day) -> Result<String> {
    let text = course.text(&record::syscalls_path(day))?;
    let missing = || not_recorded(document.language(), &format!("dev record {}", day.name));
    Ok(text.map_or_else(missing, |text| format!("```text\n{text}```")))
}

/// The placeholder for what a command has not written yet.
fn not_recorded(language: Language, command: &str) -> String {
    language.of(
        format!("Not recorded yet: `cargo xtask {command}` does."),
        format!("还没有记录：运行 `cargo xtask {command}`。"),
    )
}

pub(crate) fn check(course: &Course) -> Result<Vec<Drift>> {
    let mut drifts = Vec::new();
    for document in course.documents()? {
        drifts.extend(rewrite(course, &document)?.1);
    }
    Ok(drifts)
}

/// `cargo xtask dev sync`
pub(crate) fn sync() -> Result<ExitCode> {
    let mut out = io::stdout();
    for drift in write(&Course::open()?, |_| true)? {
        writeln!(out, "{}:{}: written anew", drift.file, drift.line)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes the generated parts of some documents, and returns which were out of date.
pub(crate) fn write(course: &Course, is_wanted: impl Fn(&Document) -> bool) -> Result<Vec<Drift>> {
    let documents = course.documents()?.into_iter().filter(is_wanted);
    let rewritten = documents.map(|document| Ok((rewrite(course, &document)?, document.path)));
    // Nothing is written before everything is known to be good.
    let rewritten: Vec<_> = rewritten.collect::<Result<_>>()?;
    let mut written = Vec::new();
    for ((text, stale), path) in rewritten {
        if !stale.is_empty() {
            atomic::write(&course.root.join(path), &text)?;
        }
        written.extend(stale);
    }
    Ok(written)
}

/// A document with every region generated anew, and what is no longer as it was generated.
fn rewrite(course: &Course, document: &Document) -> Result<(String, Vec<Drift>)> {
    let mut text = String::new();
    let mut stale = Vec::new();
    let mut lines = document.text.split_inclusive('\n').enumerate();
    while let Some((at, line)) = lines.next() {
        text += line;
        let Some(mark) = opening(line) else {
            continue;
        };
        let drift = |what, mend: &str| Drift::new(&document.path, at + 1, what, mend);
        let Some(old) = body(lines.by_ref().map(|(_, line)| line)) else {
            let what = format!("the generated region '{mark}' has no end");
            return Err(drift(what, "add a line '<!-- end generated -->' where it ends").into());
        };
        let words: Vec<_> = mark.split_whitespace().collect();
        let mend = "CONTRIBUTING.md lists what can be generated";
        let new = render(course, document, &words);
        let new = new.map_err(|error| drift(format!("{error:#}"), mend))?;
        // Without the blank lines Markdown takes the marks for a part of the table.
        let new = format!("\n{}\n\n", new.trim_matches('\n'));
        if new != old {
            let what = format!("the generated region '{mark}' is out of date");
            stale.push(drift(what, "cargo xtask dev sync"));
        }
        text += &format!("{new}{END}\n");
    }
    Ok((text, stale))
}

fn opening(line: &str) -> Option<&str> {
    line.trim_end().strip_prefix(START)?.strip_suffix(START_END)
}

/// The lines up to the end of the region that they begin in, if it has an end.
fn body<'d>(mut lines: impl Iterator<Item = &'d str>) -> Option<String> {
    let mut body = String::new();
    loop {
        match lines.next()? {
            line if line.trim_end() == END => return Some(body),
            line if opening(line).is_some() => return None,
            line => body += line,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::fixture;

    fn stale(text: &str) -> Result<Vec<String>, String> {
        let (_dir, course) =
            fixture(&[("day01-one/Cargo.toml", "[package]\nname = \"day01-one\"\n")]);
        let document = Document::new("README.md", text.to_owned());
        let new = rewrite(&course, &document).map_err(|error| error.to_string())?;
        Ok(new.1.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_region_lies_between_its_marks() {
        let text = "a\n<!-- generated: syscalls -->\nb\n\n<!-- end generated -->\nc\n";
        let found = "README.md:2: the generated region 'syscalls' is out of date";
        assert_eq!(stale(text).unwrap(), [found]);
        let missing = "\nNot recorded yet: `cargo xtask bench` does.\n\n";
        assert!(stale(&text.replace("b\n\n", missing)).unwrap().is_empty());
    }

    #[test]
    fn a_region_without_an_end_does_not_eat_the_next() {
        let complaint = "README.md:1: the generated region 'days' has no end";
        assert_eq!(
            stale("<!-- generated: days -->\na\n").unwrap_err(),
            complaint
        );
        let nested =
            "<!-- generated: days -->\n<!-- generated: diff 2 -->\n<!-- end generated -->\n";
        assert_eq!(stale(nested).unwrap_err(), complaint);
    }

    #[test]
    fn other_comments_are_no_marks() {
        assert_eq!(opening("<!-- generated: days -->\n"), Some("days"));
        assert_eq!(opening("<!-- a remark -->\n"), None);
        assert_eq!(opening("see <!-- generated: days -->\n"), None);
    }
}
