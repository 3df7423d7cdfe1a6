//! Commands that a text shows can be typed.
//!
//! Those in blocks are run, by the check `transcripts`; for those in the middle of a
//! sentence this check looks up whether what they name exists.

use anyhow::Result;
use clap::Parser;
use clap::error::ErrorKind;
use pulldown_cmark::Event;

use crate::Cli;
use crate::course::Course;
use crate::drift::Drift;
use crate::markdown::Document;
use crate::transcripts;

/// Languages of blocks that hold commands.
const SHELLS: &[&str] = &["console", "bash", "sh", "shell"];

pub(super) fn check(course: &Course) -> Result<Vec<Drift>> {
    let mut drifts = Vec::new();
    for document in course.documents()? {
        drifts.extend(not_run(&document));
        for (event, range) in document.events() {
            let Event::Code(code) = event else { continue };
            if let Some(what) = complaint(course, &code)? {
                let line = document.line_of(range.start);
                let mend = "write a command that works";
                drifts.push(Drift::new(&document.path, line, what, mend));
            }
        }
    }
    Ok(drifts)
}

fn not_run(document: &Document) -> impl Iterator<Item = Drift> {
    let blocks = document.code_blocks().into_iter().filter(|block| {
        let language = block.info.split_whitespace().next().unwrap_or_default();
        SHELLS.contains(&language) && !transcripts::is_run(block)
    });
    blocks.map(|block| {
        let mend = "call it `console run` or `console measured`";
        let what = "the check does not run this block's commands";
        Drift::new(&document.path, block.line, what, mend)
    })
}

/// What is wrong with a command, if it is one of cargo's.
fn complaint(course: &Course, code: &str) -> Result<Option<String>> {
    // `N` is a day's number, which the reader chooses.
    let words = code
        .split_whitespace()
        .map(|word| if word == "N" { "1" } else { word });
    let words: Vec<_> = words.collect();
    match *words.as_slice() {
        ["cargo", "xtask", "…", ..] | ["cargo", "xtask"] => Ok(None),
        ["cargo", "xtask", ref rest @ ..] => Ok(xtask_complaint(rest)),
        ["cargo", "run" | "test" | "build", ref rest @ ..] => cargo_complaint(course, rest),
        _ => Ok(None),
    }
}

fn xtask_complaint(words: &[&str]) -> Option<String> {
    let error = Cli::try_parse_from(["cargo xtask"].iter().chain(words)).err()?;
    // A sentence may name a command without its arguments.
    let is_fine = matches!(
        error.kind(),
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            | ErrorKind::MissingRequiredArgument
    );
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    (!is_fine).then(|| format!("`cargo xtask {}`: {first}", words.join(" ")))
}

/// Looks for the package that a command names, and for its program, example or test.
fn cargo_complaint(course: &Course, words: &[&str]) -> Result<Option<String>> {
    let after = |names: &[&str]| {
        let at = words.iter().position(|word| names.contains(word))?;
        words.get(at + 1).copied()
    };
    let Some(package) = after(&["-p", "--package"]) else {
        return Ok(None);
    };
    let text = |path: &str| course.text(&format!("{package}/{path}"));
    let Some(manifest) = text("Cargo.toml")? else {
        return Ok(Some(format!("there is no package {package}")));
    };
    let mut programs = after(&["--bin"]).into_iter();
    if let Some(name) = programs.find(|name| !manifest.contains(&format!("\"{name}\""))) {
        return Ok(Some(format!("{package} has no program {name}")));
    }
    for (option, dir) in [("--example", "examples"), ("--test", "tests")] {
        let Some(name) = after(&[option]) else {
            continue;
        };
        if text(&format!("{dir}/{name}.rs"))?
            .or(text(&format!("{dir}/{name}/main.rs"))?)
            .is_none()
        {
            return Ok(Some(format!("{package}/{dir} has no {name}")));
        }
    }
    let exercises = text("tests/exercises.rs")?.unwrap_or_default();
    let mut named = words.iter().filter(|word| word.starts_with("exercise_"));
    let missing = named.find(|name| !exercises.contains(&format!("fn {name}")));
    Ok(missing.map(|name| format!("{package} has no test {name}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::fixture;

    fn complain(code: &str) -> Option<String> {
        let (_dir, course) = fixture(&[
            (
                "day01-one/Cargo.toml",
                "[[bin]]\nname = \"day01-one-client\"\n",
            ),
            ("day01-one/tests/exercises.rs", "fn exercise_one() {}"),
            ("day01-one/examples/chat.rs", ""),
        ]);
        complaint(&course, code).unwrap()
    }

    #[test]
    fn what_can_be_typed_is_fine() {
        for code in [
            "cargo xtask syscalls N",
            "cargo xtask syscalls",
            "cargo xtask check --help",
            "cargo xtask bench --quick",
            "cargo xtask dev carry",
            "cargo run -p day01-one --bin day01-one-client",
            "cargo run -p day01-one --example chat",
            "cargo test -p day01-one --test exercises -- --ignored exercise_one",
            "cargo test --workspace",
            "epoll_wait",
        ] {
            assert_eq!(complain(code), None, "{code}");
        }
    }

    #[test]
    fn what_a_command_names_has_to_exist() {
        for (code, what) in [
            ("cargo xtask dance", "unrecognized subcommand"),
            ("cargo xtask bench --scenario x", "invalid value 'x'"),
            ("cargo run -p day02-two", "there is no package day02-two"),
            (
                "cargo run -p day01-one --bin x",
                "day01-one has no program x",
            ),
            (
                "cargo test -p day01-one --test x",
                "day01-one/tests has no x",
            ),
            (
                "cargo test -p day01-one exercise_two",
                "has no test exercise_two",
            ),
        ] {
            let complaint = complain(code).unwrap_or_default();
            assert!(complaint.contains(what), "{complaint}");
        }
    }

    #[test]
    fn blocks_with_commands_are_run() {
        let text = "```console\n$ a\n```\n```console run\n$ a\n```\n```sh\na\n```\n";
        let document = Document::new("README.md", text.to_owned());
        let lines: Vec<_> = not_run(&document).map(|drift| drift.line).collect();
        assert_eq!(lines, [1, 7]);
    }
}
