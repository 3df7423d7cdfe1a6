//! The names of the map from C++ to Rust exist.

use anyhow::Result;
use regex_lite::Regex;

use crate::course::{Course, Day};
use crate::drift::Drift;
use crate::markdown::{Cell, Document, Table};
use crate::rust_source::Items;

/// What the map's columns are called in either language.
const RUST: &str = "rust";
const DAY: &[&str] = &["day", "天", "日"];

pub(super) fn check(course: &Course) -> Result<Vec<Drift>> {
    let mut libraries = Vec::new();
    for day in course.days() {
        libraries.push((day, items(day)?));
    }
    let mut drifts = Vec::new();
    for document in course.documents()? {
        for table in document.tables() {
            drifts.extend(check_table(&document, &table, &libraries)?);
        }
    }
    Ok(drifts)
}

fn items(day: &Day) -> Result<Items> {
    let mut items = Items::default();
    for (path, text) in day.library() {
        items.add_file(text).map_err(|error| {
            let path = format!("{}/{path}", day.name);
            Drift::new(
                path,
                error.span().start().line,
                error.to_string(),
                "cargo check",
            )
        })?;
    }
    Ok(items)
}

/// A table is a map if it has a column of Rust names and one of days.
fn check_table(
    document: &Document,
    table: &Table,
    libraries: &[(&Day, Items)],
) -> Result<Vec<Drift>> {
    let column = |is: &dyn Fn(&str) -> bool| {
        table
            .header
            .iter()
            .position(|cell| is(&cell.text.trim().to_lowercase()))
    };
    let (Some(rust), Some(day)) = (
        column(&|name| name == RUST),
        column(&|name| DAY.contains(&name)),
    ) else {
        return Ok(Vec::new());
    };
    let mut drifts = Vec::new();
    for row in &table.rows {
        let (Some(names), Some(since)) = (row.get(rust), row.get(day)) else {
            continue;
        };
        let since = first_number(&since.text).unwrap_or(0);
        for name in paths(names)? {
            let mut later = libraries.iter().filter(|(day, _)| day.number >= since);
            if !later.any(|(_, items)| items.has(&name)) {
                let what = format!("no library from day {since} on has {name}");
                drifts.push(Drift::new(
                    &document.path,
                    names.line,
                    what,
                    "name it as the code does",
                ));
            }
        }
    }
    Ok(drifts)
}

fn first_number(text: &str) -> Option<usize> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let digits = text[start..].split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

/// The items that the code spans of a cell name. A span is a name if it is a path,
/// perhaps with arguments: `Channel`, `Socket::bind(addr)`, `info!`. Whatever else
/// is written as code (`Rc<Channel>`, `!Send`) says something about types.
fn paths(cell: &Cell) -> Result<Vec<String>> {
    let path = Regex::new(r"^((?:\w+::)*)(\w+|\{[\w, ]+\})(?:\(.*\)|!)?$")?;
    let mut found = Vec::new();
    for span in &cell.code {
        let Some(parts) = path.captures(span) else {
            continue;
        };
        // `Socket::{bind, listen}` names two members.
        for last in parts[2].trim_matches(['{', '}']).split(", ") {
            let whole = format!("{}{last}", &parts[1]);
            let segments: Vec<_> = whole.split("::").collect();
            if segments[0] != "std" {
                found.push(owner_and_member(&segments));
            }
        }
    }
    Ok(found)
}

/// `reactor::Channel::new` is the `new` of `Channel`; modules do not matter.
fn owner_and_member(segments: &[&str]) -> String {
    let is_type = |name: &str| name.starts_with(char::is_uppercase);
    match segments {
        [.., owner, member] if is_type(owner) => format!("{owner}::{member}"),
        [.., last] => (*last).to_owned(),
        [] => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(spans: &[&str]) -> Vec<String> {
        let code = spans.iter().map(|&span| span.to_owned()).collect();
        paths(&Cell {
            code,
            ..Cell::default()
        })
        .unwrap()
    }

    #[test]
    fn paths_are_names_and_other_code_is_not() {
        assert_eq!(
            named(&[
                "Channel",
                "Socket::bind(addr)",
                "reactor::Epoll::{new, add}",
                "info!",
                "on_connect"
            ]),
            [
                "Channel",
                "Socket::bind",
                "Epoll::new",
                "Epoll::add",
                "info",
                "on_connect"
            ]
        );
        assert!(named(&["Rc<Channel>", "!Send", "std::io::Read", "a + b"]).is_empty());
    }

    #[test]
    fn a_row_is_held_against_its_day_and_the_later_ones() {
        let text = "| C++ | Rust | day |\n|---|---|---|\n| a | `Epoll::add`, `Gone` | [2](x) |\n";
        let document = Document::new("README.md", text.to_owned());
        let day = |number| Day {
            number,
            name: format!("day0{number}-x"),
            files: Default::default(),
        };
        let (one, two) = (day(1), day(2));
        let mut items = Items::default();
        items
            .add_file("pub struct Epoll; impl Epoll { pub fn add() {} }")
            .unwrap();
        let mut early = Items::default();
        early.add_file("pub struct Gone;").unwrap();
        let libraries = [(&one, early), (&two, items)];
        let drifts = check_table(&document, &document.tables()[0], &libraries).unwrap();
        let drifts: Vec<_> = drifts.iter().map(ToString::to_string).collect();
        assert_eq!(drifts, ["README.md:3: no library from day 2 on has Gone"]);
    }

    #[test]
    fn days_are_found_in_links_and_ranges() {
        assert_eq!(first_number("3–5"), Some(3));
        assert_eq!(first_number("Day 12"), Some(12));
        assert_eq!(first_number("all"), None);
    }
}
