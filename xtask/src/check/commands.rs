//! Commands that a text shows can be typed.
//!
//! Those in blocks are run, by the check `transcripts`; of those in the middle of a
//! sentence it is looked up that what they name is there.

use anyhow::Result;
use clap::Parser;
use clap::error::ErrorKind;
use pulldown_cmark::Event;
use toml::de::DeTable;

use crate::Cli;
use crate::course::Course;
use crate::drift::Drift;
use crate::markdown::Document;
use crate::transcripts;

/// Languages of blocks that hold commands.
const SHELLS: &[&str] = &["console", "bash", "sh", "shell"];

/// Words that stand for what the reader puts in their place.
const PLACEHOLDERS: &[(&str, &str)] = &[("N", "1")];

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

fn not_run(document: &Document) -> Vec<Drift> {
    let blocks = document.code_blocks().into_iter();
    let not_run = blocks.filter(|block| {
        let language = block.info.split_whitespace().next().unwrap_or_default();
        SHELLS.contains(&language) && !transcripts::is_run(block)
    });
    let drift = |line| {
        let mend = "call it `console run` or `console measured`";
        Drift::new(
            &document.path,
            line,
            "nobody runs this block's commands",
            mend,
        )
    };
    not_run.map(|block| drift(block.line)).collect()
}

/// What is wrong with a command, if it is one of cargo's.
fn complaint(course: &Course, code: &str) -> Result<Option<String>> {
    let words: Vec<_> = code
        .split_whitespace()
        .map(|word| {
            let known = PLACEHOLDERS.iter().find(|(name, _)| *name == word);
            known.map_or(word, |(_, value)| value)
        })
        .collect();
    Ok(match *words.as_slice() {
        ["cargo", "xtask", "bench" | "…", ..] | ["cargo", "xtask"] => None,
        ["cargo", "xtask", ref rest @ ..] => xtask_complaint(rest),
        ["cargo", "run" | "test" | "build", ref rest @ ..] => cargo_complaint(course, rest)?,
        _ => None,
    })
}

fn xtask_complaint(words: &[&str]) -> Option<String> {
    let error = Cli::try_parse_from(["cargo xtask"].iter().chain(words)).err()?;
    // A sentence may name a command without its arguments.
    let is_fine = matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::MissingRequiredArgument
    );
    (!is_fine).then(|| {
        let text = error.to_string();
        let first = text.lines().next().unwrap_or_default();
        format!("`cargo xtask {}`: {first}", words.join(" "))
    })
}

/// Looks for the package that cargo is told of, and for what is to be run of it.
fn cargo_complaint(course: &Course, words: &[&str]) -> Result<Option<String>> {
    let after = |names: &[&str]| {
        let at = words.iter().position(|word| names.contains(word))?;
        words.get(at + 1).copied()
    };
    let Some(package) = after(&["-p", "--package"]) else {
        return Ok(None);
    };
    let Some(package) = Package::find(course, package)? else {
        return Ok(Some(format!("there is no package {package}")));
    };
    let missing = |kind: &str, name: &str| {
        let name_of_package = &package.name;
        Ok(Some(format!("{name_of_package} has no {kind} {name}")))
    };
    if let Some(name) = after(&["--bin"])
        && !package.binaries.iter().any(|binary| binary == name)
    {
        return missing("program", name);
    }
    for (option, dir) in [("--example", "examples"), ("--test", "tests")] {
        if let Some(name) = after(&[option])
            && !package.has_target(course, dir, name)
        {
            return missing(option.trim_start_matches('-'), name);
        }
    }
    if let Some(name) = words.iter().find(|word| word.starts_with("exercise_"))
        && !package.mentions(course, &format!("fn {name}"))?
    {
        return missing("test", name);
    }
    Ok(None)
}

struct Package {
    name: String,
    /// With a slash at the end.
    dir: String,
    binaries: Vec<String>,
}

impl Package {
    fn find(course: &Course, name: &str) -> Result<Option<Self>> {
        for path in &course.files {
            let Some(dir) = path.strip_suffix("Cargo.toml") else {
                continue;
            };
            let text = course.text(path)?.unwrap_or_default();
            let manifest = DeTable::parse(&text)?;
            let manifest = manifest.get_ref();
            let name_of = |table: &toml::de::DeValue<'_>| -> Option<String> {
                Some(table.get("name")?.get_ref().as_str()?.to_owned())
            };
            let found = manifest
                .get("package")
                .and_then(|value| name_of(value.get_ref()));
            if found.as_deref() != Some(name) {
                continue;
            }
            let binaries = manifest
                .get("bin")
                .and_then(|bins| bins.get_ref().as_array());
            let binaries = binaries.into_iter().flatten();
            return Ok(Some(Self {
                name: name.to_owned(),
                dir: dir.to_owned(),
                binaries: binaries.filter_map(|bin| name_of(bin.get_ref())).collect(),
            }));
        }
        Ok(None)
    }

    fn has_target(&self, course: &Course, kind: &str, name: &str) -> bool {
        let stem = format!("{}{kind}/{name}", self.dir);
        let paths = [format!("{stem}.rs"), format!("{stem}/main.rs")];
        paths.iter().any(|path| course.files.contains(path))
    }

    fn mentions(&self, course: &Course, text: &str) -> Result<bool> {
        for path in &course.files {
            if path.starts_with(&self.dir)
                && path.ends_with(".rs")
                && course.text(path)?.is_some_and(|file| file.contains(text))
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::fixture;

    const MANIFEST: &str =
        "[package]\nname = \"day01-one\"\n[[bin]]\nname = \"day01-one-client\"\n";

    fn complain(code: &str) -> Option<String> {
        let (_dir, course) = fixture(&[
            ("day01-one/Cargo.toml", MANIFEST),
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
    fn what_a_command_names_has_to_be_there() {
        let no = |code: &str| complain(code).unwrap_or_default();
        assert!(no("cargo xtask dance").contains("unrecognized subcommand"));
        assert_eq!(
            no("cargo run -p day02-two"),
            "there is no package day02-two"
        );
        assert_eq!(
            no("cargo run -p day01-one --bin x"),
            "day01-one has no program x"
        );
        assert_eq!(
            no("cargo test -p day01-one --test x"),
            "day01-one has no test x"
        );
        assert_eq!(
            no("cargo test -p day01-one -- --ignored exercise_two"),
            "day01-one has no test exercise_two"
        );
    }

    #[test]
    fn blocks_with_commands_are_run() {
        let text = "```console\n$ a\n```\n```console run\n$ a\n```\n```sh\na\n```\n";
        let document = Document::new("README.md", text.to_owned());
        let lines: Vec<_> = not_run(&document).iter().map(|drift| drift.line).collect();
        assert_eq!(lines, [1, 7]);
    }
}
