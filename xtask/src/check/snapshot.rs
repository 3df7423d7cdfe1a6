//! The laws of a snapshot: what keeps the difference between two days readable.

use anyhow::Result;
use regex_lite::Regex;

use crate::course::{Course, Day, is_library};
use crate::drift::Drift;

pub(super) fn check(course: &Course) -> Result<Vec<Drift>> {
    let mut drifts = Vec::new();
    // Any day's crate name, wherever a word begins.
    let crate_name = Regex::new(r"\bday\d\d_[a-z0-9_]+")?;
    for day in course.days() {
        if let Some(before) = course.before(day) {
            for path in before.files_renamed(day).keys() {
                if !day.files.contains_key(path) {
                    let what = format!("{path} of day {} is missing", before.number);
                    let mend = format!(
                        "cp {}/{path} {}/{path}, or give the day back what it lost",
                        before.name, day.name
                    );
                    drifts.push(Drift::new(
                        format!("{}/Cargo.toml", day.name),
                        1,
                        what,
                        mend,
                    ));
                }
            }
        }
        for (path, text) in &day.files {
            if path.ends_with(".rs") {
                let file = File {
                    day,
                    path,
                    crate_name: &crate_name,
                };
                drifts.extend(file.check(text));
            }
        }
    }
    Ok(drifts)
}

struct File<'c> {
    day: &'c Day,
    path: &'c str,
    crate_name: &'c Regex,
}

impl File<'_> {
    fn check(&self, text: &str) -> Vec<Drift> {
        let own = self.day.crate_name();
        let alias = format!("use {own} as reactor;");
        let mut drifts = Vec::new();
        let mut aliases = 0;
        for (at, line) in text.lines().enumerate() {
            let mut drift = |what: String, mend: &str| {
                let file = format!("{}/{}", self.day.name, self.path);
                drifts.push(Drift::new(file, at + 1, what, mend));
            };
            let code = line.trim_start();
            let is_comment = code.starts_with("//");
            for name in self.crate_name.find_iter(line).map(|found| found.as_str()) {
                if name != own {
                    drift(
                        format!("{name} is another day's crate"),
                        &format!("write {own}"),
                    );
                } else if !line.ends_with(&alias) {
                    drift(
                        format!("{own} stands outside the alias line"),
                        &format!("write '{alias}' once, and reactor:: here"),
                    );
                } else if !is_comment {
                    aliases += 1;
                    if is_library(self.path) {
                        drift("a library names itself".to_owned(), "write crate::");
                    } else if aliases > 1 {
                        drift(
                            "a second alias line".to_owned(),
                            "one alias line serves the whole file",
                        );
                    }
                }
            }
            if !is_library(self.path) && !is_comment && names_crate(code) {
                drift(
                    "crate:: stands outside the library".to_owned(),
                    "write reactor:: for the library, super:: or self:: for the program's own modules",
                );
            }
        }
        drifts
    }
}

/// Whether `crate::` stands in a line by itself, and not as a macro's `$crate::`.
fn names_crate(line: &str) -> bool {
    line.match_indices("crate::").any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != '$')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(path: &str, text: &str) -> Vec<String> {
        let day = Day {
            number: 3,
            name: "day03-channel".to_owned(),
            files: Default::default(),
        };
        let crate_name = Regex::new(r"\bday\d\d_[a-z0-9_]+").unwrap();
        let file = File {
            day: &day,
            path,
            crate_name: &crate_name,
        };
        file.check(text)
            .into_iter()
            .map(|drift| format!("{}: {}", drift.line, drift.what))
            .collect()
    }

    #[test]
    fn the_alias_line_is_the_one_place_for_the_crates_name() {
        let program = "use day03_channel as reactor;\nuse reactor::Channel;\n";
        assert!(complaints("src/bin/echo.rs", program).is_empty());
        let library = "//! ```\n//! # use day03_channel as reactor;\n//! ```\nuse crate::Epoll;\n";
        assert!(complaints("src/lib.rs", library).is_empty());
    }

    #[test]
    fn names_in_other_places_are_found() {
        for (path, text, complaint) in [
            (
                "tests/echo.rs",
                "use day03_channel::Epoll;\n",
                "1: day03_channel stands outside the alias line",
            ),
            (
                "tests/echo.rs",
                "use day02_epoll as reactor;\n",
                "1: day02_epoll is another day's crate",
            ),
            (
                "src/lib.rs",
                "use day03_channel as reactor;\n",
                "1: a library names itself",
            ),
            (
                "tests/echo.rs",
                "use day03_channel as reactor;\n\nuse day03_channel as reactor;\n",
                "3: a second alias line",
            ),
            (
                "src/bin/echo.rs",
                "use crate::x;\n",
                "1: crate:: stands outside the library",
            ),
        ] {
            assert_eq!(complaints(path, text), [complaint]);
        }
    }

    #[test]
    fn a_macros_own_crate_is_no_path_of_the_program() {
        assert!(names_crate("use crate::x;") && names_crate("(crate::x)"));
        assert!(!names_crate("$crate::log") && !names_crate("my_crate::log"));
    }
}
