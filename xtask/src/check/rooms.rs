//! Imports lead only into the rooms that a file's room may use, and never back in Elog.
//!
//! A room is a folder of a day's `src`. The arrows run bin → server → reactor → net → base;
//! Elog uses base alone, and what uses Elog names its macros at the crate's root. Paths are
//! read as text, wherever they begin with `crate::` or `super::`; tests may name anything.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use regex_lite::Regex;

use crate::course::{Course, Day};
use crate::drift::{Drift, line_of};
use crate::rust_source::lines_before_tests;

/// Each room, and the rooms that it may use beside itself.
const ROOMS: &[(&str, &[&str])] = &[
    ("base", &[]),
    (ELOG, &["base"]),
    ("net", &["base"]),
    ("reactor", &["net", "base"]),
    ("server", &["reactor", "net", "base"]),
];

const ELOG: &str = "elog";

/// Elog's macros, which are at the crate's root.
const MACROS: &[&str] = &["error", "warn", "info", "debug", "trace"];

const MEND: &str = "name the room that has it, or move the code to a room that may use it";

/// A line of code and a path that it names, from the crate's root: `elog::writer::Writer`.
type Named = (usize, String);

pub(super) fn check(course: &Course) -> Result<Vec<Drift>> {
    let mut drifts = Vec::new();
    for day in &course.days {
        let mut in_elog = Vec::new();
        for (file, text) in &day.files {
            let Some(module) = module_in_room(file) else {
                continue;
            };
            let Some((room, may)) = ROOMS.iter().find(|(room, _)| *room == module[0]) else {
                let what = format!("there is no room {}", module[0]);
                drifts.push(day.drift(file, 1, what, MEND));
                continue;
            };
            let named = paths(&module, text)?;
            for (line, path) in named
                .iter()
                .filter(|(_, path)| !is_allowed(room, may, path))
            {
                let rule = [&[*room], *may].concat().join(", ");
                let what = format!("{room} uses crate::{path}, and may use only {rule}");
                drifts.push(day.drift(file, *line, what, MEND));
            }
            if module[0] == ELOG {
                in_elog.push((file.as_str(), module.get(1).copied(), named));
            }
        }
        drifts.extend(circle(day, &in_elog)?);
    }
    Ok(drifts)
}

/// The module that a file is, if the file is in a room and not a file of tests:
/// `server::connection` as its parts.
fn module_in_room(file: &str) -> Option<Vec<&str>> {
    let path = file.strip_prefix("src/")?.strip_suffix(".rs")?;
    let parts: Vec<_> = path.trim_end_matches("/mod").split('/').collect();
    let is_in_room = path.contains('/') && parts[0] != "bin" && !path.ends_with("/tests");
    is_in_room.then_some(parts)
}

fn is_allowed(room: &str, may: &[&str], path: &str) -> bool {
    let first = path.split("::").next().unwrap_or_default();
    let is_macro = MACROS.contains(&first) && room != "base";
    first == room || may.contains(&first) || is_macro
}

/// The paths that a file's code names. Each part of a list such as
/// `crate::net::{Buffer, Socket}` is one. Comments, tests, and `$crate::` do not count.
fn paths(module: &[&str], text: &str) -> Result<Vec<Named>> {
    let start = Regex::new(r"(?:^|[^\w$:])(crate|super(?:::super)*)::")?;
    let code = code(text)?;
    let mut found = Vec::new();
    for begin in start.captures_iter(&code) {
        let (from, end) = (&begin[1], begin.get(0).map_or(0, |all| all.end()));
        // `crate` leads up all the way.
        let up = from.matches("super").count();
        let kept = module
            .len()
            .saturating_sub(if up > 0 { up } else { usize::MAX });
        let root = module[..kept].iter().flat_map(|part| [*part, "::"]);
        let root = root.collect();
        let line = line_of(&code, end);
        expand(&code[end..], root, &mut |path| found.push((line, path)));
    }
    Ok(found)
}

/// The lines before the tests, without their comments.
fn code(text: &str) -> Result<String> {
    let lines: Vec<_> = text.lines().take(lines_before_tests(text)).collect();
    let comment = Regex::new("//[^\n]*")?;
    Ok(comment.replace_all(&lines.join("\n"), "").into_owned())
}

/// Calls `found` with each path that a text begins with, and returns what follows them.
fn expand<'t>(text: &'t str, before: String, found: &mut impl FnMut(String)) -> &'t str {
    let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '*';
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
            if !rest.starts_with(|c| is_name(c) || c == '{') {
                return rest.strip_prefix('}').unwrap_or(rest);
            }
            rest = expand(rest, before.clone(), found);
        }
    }
    let (name, rest) = text.split_at(text.find(|c| !is_name(c)).unwrap_or(text.len()));
    let path = before + name;
    if let Some(rest) = rest.strip_prefix("::")
        && rest.starts_with(|c| is_name(c) || c == '{')
    {
        return expand(rest, path + "::", found);
    }
    found(path);
    let renamed = rest.trim_start().strip_prefix("as ");
    renamed.map_or(rest, |rest| rest.trim_start_matches(is_name))
}

/// The names that `elog/mod.rs` offers for what is in the files beside it.
fn reexports(day: &Day) -> Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    let text = day.files.get("src/elog/mod.rs").map_or("", |text| text);
    let code = code(text)?;
    for found in Regex::new(r"\buse (?:self::|crate::elog::)?")?.find_iter(&code) {
        expand(&code[found.end()..], String::new(), &mut |path| {
            let (file, name) = (path.split_once("::"), path.rsplit_once("::"));
            if let (Some((file, _)), Some((_, name))) = (file, name) {
                files.insert(name.to_owned(), file.to_owned());
            }
        });
    }
    Ok(files)
}

/// The first circle in which files of Elog use each other; `mod.rs`, which only names what
/// is in the others, is not one of them.
fn circle(day: &Day, files: &[(&str, Option<&str>, Vec<Named>)]) -> Result<Option<Drift>> {
    let reexports = reexports(day)?;
    // By module: the modules that it uses, and the file and line that do.
    let mut uses = BTreeMap::<&str, BTreeMap<&str, (&str, usize)>>::new();
    for (file, module, named) in files {
        let Some(module) = *module else { continue };
        let used = uses.entry(module).or_default();
        for (line, path) in named {
            let name = path.split("::").nth(1).unwrap_or_default();
            let name = reexports.get(name).map_or(name, |module| module);
            if path.starts_with(ELOG) && name != module {
                used.entry(name).or_insert((file, *line));
            }
        }
    }
    for start in uses.keys() {
        let mut seen = BTreeSet::new();
        let mut ways = vec![vec![*start]];
        while let Some(way) = ways.pop() {
            for next in uses
                .get(way[way.len() - 1])
                .into_iter()
                .flat_map(BTreeMap::keys)
            {
                let way = [way.as_slice(), &[*next]].concat();
                if next == start {
                    let (file, line) = uses[start][way[1]];
                    let shown = way.join(" → ");
                    let what = format!("the files of elog use each other in a circle: {shown}");
                    let mend = "move what both need to a file that both use";
                    return Ok(Some(day.drift(file, line, what, mend)));
                }
                if seen.insert(*next) {
                    ways.push(way);
                }
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::fixture;

    fn drifts(files: &[(&str, &str)]) -> Vec<String> {
        let paths: Vec<_> = files
            .iter()
            .map(|(path, _)| format!("day01-one/src/{path}"))
            .collect();
        let texts = paths
            .iter()
            .zip(files)
            .map(|(path, (_, text))| (path.as_str(), *text));
        let files: Vec<_> = texts.chain([("day01-one/Cargo.toml", "")]).collect();
        let (_dir, course) = fixture(&files);
        check(&course)
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn imports_down_are_fine() {
        let server = "\
use crate::base::sync::Lock;
use crate::net::{Buffer, Socket as S};
use crate::reactor::{self, Channel, slab::{Slab, Token}};
use crate::{info, warn};
use super::acceptor::Acceptor;
// Not crate::elog::Elog.
macro_rules! log { () => { $crate::elog::log() } }
fn f(x: crate::net::InetAddr) { crate::error!(\"x\"); super::Worker::new() }

#[cfg(test)]
mod tests {
    use crate::elog::Elog;
}
";
        let found = drifts(&[
            (
                "lib.rs",
                "pub use crate::server::TcpServer;\nuse crate::elog::Elog;\n",
            ),
            ("server/tcp_server.rs", server),
            (
                "server/mod.rs",
                "mod acceptor;\nuse self::acceptor::Acceptor;\n",
            ),
            ("bin/cli.rs", "use crate::anything;\n"),
            ("net/buffer/tests.rs", "use crate::server::TcpServer;\n"),
            (
                "elog/mod.rs",
                "mod line;\npub use line::Line;\nuse crate::base::Counter;\n",
            ),
            ("elog/line.rs", "use super::level::Level;\n"),
            ("elog/level.rs", ""),
        ]);
        assert_eq!(found, [""; 0]);
    }

    #[test]
    fn imports_up_are_named_with_their_rule() {
        for (file, text, place, rule) in [
            (
                "net/a.rs",
                "\nuse crate::{\n    base::X,\n    reactor::Y,\n};\n",
                "2: net uses crate::reactor::Y",
                "may use only net, base",
            ),
            (
                "net/a.rs",
                "fn f() {\n    crate::server::g();\n}\n",
                "2: net uses crate::server::g",
                "",
            ),
            (
                "reactor/mod.rs",
                "use super::server::X;\n",
                "1: reactor uses crate::server::X",
                "",
            ),
            (
                "reactor/b/c.rs",
                "use super::super::super::server::X;\n",
                "1: reactor uses crate::server::X",
                "",
            ),
            (
                "base/a.rs",
                "use crate::net::X;\n",
                "1: base uses crate::net::X",
                "may use only base",
            ),
            (
                "base/a.rs",
                "use crate::info;\n",
                "1: base uses crate::info",
                "",
            ),
            (
                "elog/a.rs",
                "use crate::net::X;\n",
                "1: elog uses crate::net::X",
                "may use only elog, base",
            ),
            (
                "server/a.rs",
                "use crate::elog::Elog;\n",
                "1: server uses crate::elog::Elog",
                "",
            ),
            (
                "server/a.rs",
                "use crate::Channel;\n",
                "1: server uses crate::Channel",
                "",
            ),
            ("attic/a.rs", "", "1: there is no room attic", ""),
        ] {
            let found = drifts(&[(file, text)]);
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            assert!(found[0].contains(&format!("{file}:{place}")), "{found:?}");
            assert!(found[0].contains(rule), "{found:?}");
        }
    }

    #[test]
    fn a_circle_in_elog_is_named() {
        let found = drifts(&[
            (
                "elog/mod.rs",
                "mod a;\npub(crate) use a::{Alpha, other::Beta};\nuse crate::elog::b;\n",
            ),
            ("elog/a.rs", "\nuse super::b::B;\n"),
            ("elog/b.rs", "use crate::elog::c;\n"),
            ("elog/c/inner.rs", "use crate::elog::Beta;\n"),
            ("elog/d.rs", "use super::a::A;\n"),
        ]);
        let circle = "day01-one/src/elog/a.rs:2: the files of elog use each other in a circle: a → b → c → a";
        assert_eq!(found, [circle]);
    }
}
