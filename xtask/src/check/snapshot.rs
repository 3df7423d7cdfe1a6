//! The laws of a snapshot: what keeps the difference between two days readable.

use anyhow::Result;
use regex_lite::Regex;

use crate::course::{Course, Day, is_library};
use crate::drift::Drift;

pub(super) fn check(course: &Course) -> Result<Vec<Drift>> {
    let mut drifts = Vec::new();
    for day in &course.days {
        let before = course.before(day).into_iter();
        let kept = before.flat_map(|before| before.files_renamed(day).into_keys());
        for path in kept.filter(|path| !day.files.contains_key(path)) {
            let what = format!("{path} of the day before is missing");
            let mend = "copy it, or give the day back what it lost";
            drifts.push(day.drift("Cargo.toml", 1, what, mend));
        }
        for (path, text) in day.files.iter().filter(|(path, _)| path.ends_with(".rs")) {
            drifts.extend(check_names(day, path, text)?);
        }
    }
    Ok(drifts)
}

/// Where a file names a crate, which the next day's copy would have to change.
fn check_names(day: &Day, path: &str, text: &str) -> Result<Vec<Drift>> {
    // Any day's crate name, or `crate::` that is not a macro's `$crate::`.
    let name = Regex::new(r"\bday\d\d_[a-z0-9_]+|(?:^|[^\w$])crate::")?;
    let own = day.crate_name();
    let alias = format!("use {own} as reactor;");
    let write_alias = format!("write '{alias}' once, and reactor:: here");
    let mut drifts = Vec::new();
    let mut aliases = 0;
    for (at, line) in text.lines().enumerate() {
        let is_comment = line.trim_start().starts_with("//");
        for found in name.find_iter(line).map(|found| found.as_str()) {
            let is_alias = found == own && line.ends_with(&alias);
            aliases += usize::from(is_alias && !is_comment);
            let (what, mend) = match (found.ends_with("crate::"), is_library(path)) {
                (true, false) if !is_comment => (
                    "crate:: outside the library".to_owned(),
                    "write reactor:: for the library, super:: or self:: for the program's own modules",
                ),
                (true, _) => continue,
                _ if found != own => (format!("{found} is another day's crate"), "name this day's"),
                _ if !is_alias => (format!("{own} outside the alias line"), &*write_alias),
                _ if is_comment => continue,
                (_, true) => ("a library names itself".to_owned(), "write crate::"),
                _ if aliases > 1 => ("a second alias line".to_owned(), "keep one of them"),
                _ => continue,
            };
            drifts.push(day.drift(path, at + 1, what, mend));
        }
    }
    Ok(drifts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(path: &str, text: &str) -> Vec<String> {
        let drifts = check_names(&Day::new("day03-channel"), path, text).unwrap();
        let said = |drift: &Drift| format!("{}: {}", drift.line, drift.what);
        drifts.iter().map(said).collect()
    }

    #[test]
    fn the_alias_line_is_the_one_place_for_the_crates_name() {
        let program = "use day03_channel as reactor;\nuse reactor::Channel;\n$crate::log\n";
        assert!(complaints("src/bin/echo.rs", program).is_empty());
        let library = "//! ```\n//! # use day03_channel as reactor;\n//! ```\nuse crate::Epoll;\n";
        assert!(complaints("src/lib.rs", library).is_empty());
    }

    #[test]
    fn names_in_other_places_are_found() {
        let alias = "use day03_channel as reactor;\n";
        let twice = format!("{alias}\n{alias}");
        for (path, text, complaint) in [
            (
                "tests/a.rs",
                "use day03_channel::Epoll;\n",
                "1: day03_channel outside the alias line",
            ),
            (
                "tests/a.rs",
                "use day02_epoll as reactor;\n",
                "1: day02_epoll is another day's crate",
            ),
            ("src/lib.rs", alias, "1: a library names itself"),
            ("tests/a.rs", &twice, "3: a second alias line"),
            (
                "src/bin/echo.rs",
                "use crate::x;\n",
                "1: crate:: outside the library",
            ),
            (
                "src/bin/echo.rs",
                "f(crate::x)\n",
                "1: crate:: outside the library",
            ),
        ] {
            assert_eq!(complaints(path, text), [complaint]);
        }
    }
}
