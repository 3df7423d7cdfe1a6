//! Commands that a text shows can be typed.
//!
//! Those in blocks are run, by the check `transcripts`; for those in the middle of a
//! sentence this check looks up whether what they name exists.

use std::process::Command;

use anyhow::{Context, Result};
use clap::Parser;
use clap::error::ErrorKind;
use pulldown_cmark::Event;
use serde_json::Value;

use crate::Cli;
use crate::course::Course;
use crate::drift::Drift;
use crate::markdown::Document;
use crate::transcripts;

/// Languages of blocks that hold commands.
const SHELLS: &[&str] = &["console", "bash", "sh", "shell"];

pub(super) fn check(course: &Course) -> Result<Vec<Drift>> {
    let packages = packages(course)?;
    let mut drifts = Vec::new();
    for document in course.documents()? {
        drifts.extend(not_run(&document));
        for (event, range) in document.events() {
            let Event::Code(code) = event else { continue };
            if let Some(what) = complaint(course, &packages, &code)? {
                let line = document.line_of(range.start);
                let mend = "write a command that works";
                drifts.push(Drift::new(&document.path, line, what, mend));
            }
        }
    }
    Ok(drifts)
}

/// The packages of the course, as `cargo metadata` describes them.
fn packages(course: &Course) -> Result<Value> {
    let mut cargo = Command::new("cargo");
    cargo.args(["metadata", "--no-deps", "--format-version=1", "--offline"]);
    let output = cargo.current_dir(&course.root).output();
    let output = output.context("cannot run cargo")?.stdout;
    let mut metadata: Value = serde_json::from_slice(&output).context("cargo metadata failed")?;
    Ok(metadata["packages"].take())
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
fn complaint(course: &Course, packages: &Value, code: &str) -> Result<Option<String>> {
    // `N` is a day's number, which the reader chooses.
    let words = code
        .split_whitespace()
        .map(|word| if word == "N" { "1" } else { word });
    let words: Vec<_> = words.collect();
    Ok(match *words.as_slice() {
        ["cargo", "xtask", "…", ..] | ["cargo", "xtask"] => None,
        ["cargo", "xtask", ref rest @ ..] => xtask_complaint(rest),
        ["cargo", "run" | "test" | "build", ref rest @ ..] => {
            cargo_complaint(course, packages, rest)?
        }
        _ => None,
    })
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
fn cargo_complaint(course: &Course, packages: &Value, words: &[&str]) -> Result<Option<String>> {
    let after = |names: &[&str]| {
        let at = words.iter().position(|word| names.contains(word))?;
        words.get(at + 1).copied()
    };
    let Some(name) = after(&["-p", "--package"]) else {
        return Ok(None);
    };
    let mut packages = packages.as_array().into_iter().flatten();
    let Some(package) = packages.find(|package| package["name"] == name) else {
        return Ok(Some(format!("there is no package {name}")));
    };
    for kind in ["bin", "example", "test"] {
        let targets = package["targets"].as_array().into_iter().flatten();
        let mut of_kind = targets.filter(|target| target["kind"][0] == kind);
        if let Some(target) = after(&[&format!("--{kind}")])
            && !of_kind.any(|known| known["name"] == target)
        {
            return Ok(Some(format!("{name} has no {kind} {target}")));
        }
    }
    if let Some(exercise) = words.iter().find(|word| word.starts_with("exercise_")) {
        let path = format!("{name}/tests/exercises.rs");
        let text = course.text(&path)?.unwrap_or_default();
        if !text.contains(&format!("fn {exercise}")) {
            return Ok(Some(format!("{path} has no test {exercise}")));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::fixture;

    fn complain(code: &str) -> Option<String> {
        let (_dir, course) = fixture(&[
            ("day01-one/Cargo.toml", ""),
            ("day01-one/tests/exercises.rs", "fn exercise_one() {}"),
        ]);
        let target = |kind: &str, name: &str| serde_json::json!({ "kind": [kind], "name": name });
        let targets = [
            target("bin", "day01-one-client"),
            target("example", "chat"),
            target("test", "exercises"),
        ];
        let packages = serde_json::json!([{ "name": "day01-one", "targets": targets }]);
        complaint(&course, &packages, code).unwrap()
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
            ("cargo run -p day01-one --bin x", "day01-one has no bin x"),
            (
                "cargo test -p day01-one --test x",
                "day01-one has no test x",
            ),
            (
                "cargo test -p day01-one exercise_two",
                "no test exercise_two",
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
