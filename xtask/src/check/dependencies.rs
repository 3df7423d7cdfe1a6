//! A day is made of the system's calls and nothing else.

use std::collections::BTreeSet;

use anyhow::Result;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::course::{Course, Day};
use crate::drift::{Drift, line_of};

const ALLOWED: &[&str] = &["libc", "socket2"];

pub(super) fn check(course: &Course) -> Result<Vec<Drift>> {
    let mut drifts = Vec::new();
    for day in course.days() {
        drifts.extend(check_day(day));
    }
    Ok(drifts)
}

fn check_day(day: &Day) -> Vec<Drift> {
    let text = &day.files["Cargo.toml"];
    let path = format!("{}/Cargo.toml", day.name);
    let drift = |at: usize, what: String| {
        Drift::new(
            &path,
            line_of(text, at),
            what,
            "a day needs libc and socket2 alone: what it builds by default holds no more",
        )
    };
    let manifest = match DeTable::parse(text) {
        Ok(manifest) => manifest,
        Err(error) => {
            return vec![drift(
                error.span().map_or(0, |span| span.start),
                error.message().to_owned(),
            )];
        }
    };
    let manifest = manifest.get_ref();
    let enabled = enabled_by_default(manifest);
    let mut drifts = Vec::new();
    for (section, dependencies) in dependency_tables(manifest) {
        for (name, value) in dependencies {
            let (name, at) = (name.get_ref().as_ref(), name.span().start);
            let is_off = is_optional(value) && !enabled.contains(name);
            if section == "build-dependencies" {
                drifts.push(drift(at, format!("{name} is needed to build the day")));
            } else if !ALLOWED.contains(&name) && !is_off {
                drifts.push(drift(at, format!("the day depends on {name}")));
            }
        }
    }
    drifts
}

/// Every table of dependencies but those of the tests, those of one platform
/// included.
fn dependency_tables<'t>(manifest: &'t DeTable<'t>) -> Vec<(&'static str, &'t DeTable<'t>)> {
    let mut places = vec![manifest];
    if let Some(targets) = table(manifest, "target") {
        places.extend(
            targets
                .values()
                .filter_map(|target| target.get_ref().as_table()),
        );
    }
    let sections = ["dependencies", "build-dependencies"];
    let in_place = |place| {
        sections
            .iter()
            .filter_map(move |section| Some((*section, table(place, section)?)))
    };
    places.into_iter().flat_map(in_place).collect()
}

fn table<'t>(parent: &'t DeTable<'t>, name: &str) -> Option<&'t DeTable<'t>> {
    parent.get(name)?.get_ref().as_table()
}

fn is_optional(dependency: &Spanned<DeValue>) -> bool {
    let optional = dependency
        .get_ref()
        .as_table()
        .and_then(|table| table.get("optional"));
    optional.and_then(|optional| optional.get_ref().as_bool()) == Some(true)
}

/// The dependencies that the default features turn on, directly or through other
/// features.
fn enabled_by_default(manifest: &DeTable) -> BTreeSet<String> {
    let mut enabled = BTreeSet::new();
    let mut waiting = vec!["default".to_owned()];
    while let Some(feature) = waiting.pop() {
        let turned_on =
            table(manifest, "features").and_then(|features| features.get(feature.as_str()));
        let turned_on = turned_on.and_then(|list| list.get_ref().as_array());
        for name in turned_on
            .into_iter()
            .flatten()
            .filter_map(|name| name.get_ref().as_str())
        {
            // `dep:log`, `log/kv` and `log` all turn the dependency on; `log?/kv` does not.
            let name = name.strip_prefix("dep:").unwrap_or(name);
            let name = name.split('/').next().unwrap_or(name);
            if !name.ends_with('?') && enabled.insert(name.to_owned()) {
                waiting.push(name.to_owned());
            }
        }
    }
    enabled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(manifest: &str) -> Vec<String> {
        let files = [("Cargo.toml".to_owned(), manifest.to_owned())].into();
        let day = Day {
            number: 1,
            name: "day01-one".to_owned(),
            files,
        };
        check_day(&day).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_off_or_only_for_tests_is_no_dependency() {
        let manifest = "
[dependencies]
libc.workspace = true
socket2 = '0.6'
log = { version = '0.4', optional = true }
[dev-dependencies]
proptest = '1'
[features]
default = ['log?/std']
log = ['dep:log']
";
        assert!(complaints(manifest).is_empty());
    }

    #[test]
    fn everything_else_is_named() {
        for (manifest, complaint) in [
            (
                "[dependencies]\nmio = '1'\n",
                "day01-one/Cargo.toml:2: the day depends on mio",
            ),
            (
                "[build-dependencies]\nlibc = '1'\n",
                "day01-one/Cargo.toml:2: libc is needed to build the day",
            ),
            (
                "[target.'cfg(unix)'.dependencies]\nnix = '1'\n",
                "day01-one/Cargo.toml:2: the day depends on nix",
            ),
            (
                "[features]\ndefault = ['facade']\nfacade = ['dep:log']\n[dependencies.log]\noptional = true\n",
                "day01-one/Cargo.toml:4: the day depends on log",
            ),
        ] {
            assert_eq!(complaints(manifest), [complaint]);
        }
        assert_eq!(complaints("[dependencies\n").len(), 1);
    }
}
