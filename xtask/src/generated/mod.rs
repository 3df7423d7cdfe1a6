//! The parts of the texts that nobody writes by hand.
//!
//! `<!-- generated: NAME WORDS -->` and `<!-- end generated -->`, each on a line of
//! its own, enclose a region. To add a kind, add a row to [`GENERATORS`].

mod bench;
mod bench_day;
mod changes;
mod days;
mod recorded;

use anyhow::{Context, Result};

use crate::course::Course;
use crate::drift::Drift;
use crate::markdown::Document;

/// One kind of region.
pub(crate) struct Generator {
    name: &'static str,
    /// The words that follow the name, for the help.
    words: &'static str,
    about: &'static str,
    render: fn(&Course, &Document, &[&str]) -> Result<String>,
}

const GENERATORS: &[Generator] = &[
    Generator {
        name: "days",
        words: "",
        about: "the table of the days: their command, and the size of their library",
        render: days::table,
    },
    Generator {
        name: "bench",
        words: "[N]",
        about: "the table of the servers: what an echo costs; or day N beside the samples",
        render: bench::servers,
    },
    Generator {
        name: "bench-log",
        words: "",
        about: "the table of the loggers: how long they keep their callers",
        render: bench::loggers,
    },
    Generator {
        name: "machine",
        words: "",
        about: "where and when the text's measured blocks were recorded",
        render: recorded::machine,
    },
    Generator {
        name: "syscalls",
        words: "[N]",
        about: "how many system calls an echo takes; or day N's, one by one",
        render: recorded::syscalls,
    },
    Generator {
        name: "changes",
        words: "N",
        about: "the table of the files that day N adds and changes, with the reasons",
        render: changes::table,
    },
    Generator {
        name: "diff",
        words: "N",
        about: "the hunks of the files that day N changes, folded",
        render: changes::diff,
    },
];

const START: &str = "<!-- generated: ";
const START_END: &str = " -->";
const END: &str = "<!-- end generated -->";

/// The lines of a document that stand between two marks.
struct Region<'d> {
    /// The line of the opening mark, counted from 1.
    line: usize,
    words: Vec<&'d str>,
    body: String,
}

/// A document with every region made anew.
pub(crate) struct Rewritten {
    pub(crate) text: String,
    /// What is no longer as it was generated.
    pub(crate) stale: Vec<Drift>,
}

/// The regions' kinds, for `check --help`.
pub(crate) fn help() -> String {
    GENERATORS
        .iter()
        .map(
            |Generator {
                 name, words, about, ..
             }| {
                let mark = format!("{name} {words}");
                format!("    {mark:<10} {about}\n")
            },
        )
        .collect()
}

pub(crate) fn rewrite(course: &Course, document: &Document) -> Result<Rewritten> {
    let mut text = String::new();
    let mut stale = Vec::new();
    let mut lines = document.text.split_inclusive('\n').enumerate();
    while let Some((at, line)) = lines.next() {
        text += line;
        let Some(mark) = opening(line) else {
            continue;
        };
        let region = Region::read(document, at + 1, mark, &mut lines)?;
        let body = region.render(course, document)?;
        if body != region.body {
            let what = format!("the generated region '{mark}' is out of date");
            stale.push(Drift::new(
                &document.path,
                region.line,
                what,
                "cargo xtask sync",
            ));
        }
        text += &body;
        text += END;
        text.push('\n');
    }
    Ok(Rewritten { text, stale })
}

fn opening(line: &str) -> Option<&str> {
    line.trim_end().strip_prefix(START)?.strip_suffix(START_END)
}

impl<'d> Region<'d> {
    fn read(
        document: &Document,
        line: usize,
        mark: &'d str,
        lines: impl Iterator<Item = (usize, &'d str)>,
    ) -> Result<Self, Drift> {
        let mut body = String::new();
        for (_, text) in lines {
            if text.trim_end() == END {
                let words = mark.split_whitespace().collect();
                return Ok(Self { line, words, body });
            }
            if opening(text).is_some() {
                break;
            }
            body += text;
        }
        let what = format!("the generated region '{mark}' has no end");
        let mend = format!("add a line '{END}' where it ends");
        Err(Drift::new(&document.path, line, what, mend))
    }

    fn render(&self, course: &Course, document: &Document) -> Result<String> {
        let (name, words) = self.words.split_first().unwrap_or((&"", &[]));
        let known = GENERATORS.iter().find(|generator| generator.name == *name);
        let rendered = known
            .with_context(|| format!("nothing generates '{name}'"))
            .and_then(|generator| (generator.render)(course, document, words));
        let body = rendered.map_err(|error| {
            let mend = "see `cargo xtask check --help` for what can be generated";
            Drift::new(&document.path, self.line, format!("{error:#}"), mend)
        })?;
        // Without the blank lines Markdown takes the marks for a part of the table.
        Ok(format!("\n{}\n\n", body.trim_matches('\n')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(Vec<String>, String), String> {
        let document = Document::new("README.md", text.to_owned());
        let mut lines = document.text.split_inclusive('\n').enumerate();
        let (at, first) = lines.next().unwrap();
        let mark = opening(first).unwrap();
        Region::read(&document, at + 1, mark, lines)
            .map(|region| {
                (
                    region.words.iter().map(|&word| word.to_owned()).collect(),
                    region.body,
                )
            })
            .map_err(|drift| drift.to_string())
    }

    #[test]
    fn a_region_lies_between_its_marks() {
        let (words, body) =
            read("<!-- generated: changes 3 -->\na\n\nb\n<!-- end generated -->\nc\n").unwrap();
        assert_eq!(words, ["changes", "3"]);
        assert_eq!(body, "a\n\nb\n");
    }

    #[test]
    fn a_region_without_an_end_does_not_eat_the_next() {
        let complaint = "README.md:1: the generated region 'days' has no end";
        assert_eq!(
            read("<!-- generated: days -->\na\n").unwrap_err(),
            complaint
        );
        let nested =
            "<!-- generated: days -->\n<!-- generated: diff 2 -->\n<!-- end generated -->\n";
        assert_eq!(read(nested).unwrap_err(), complaint);
    }

    #[test]
    fn other_comments_are_no_marks() {
        assert_eq!(opening("<!-- generated: days -->\n"), Some("days"));
        assert_eq!(opening("<!-- a remark -->\n"), None);
        assert_eq!(opening("see <!-- generated: days -->\n"), None);
    }
}
