//! The printed diff makes a day out of the day before.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::course::{Course, Day};
use crate::diff::{self, DayDiff};
use crate::drift::Drift;
use crate::git;
use crate::paint::Paint;
use crate::why::Whys;

const MEND: &str = "mend `cargo xtask diff`: its output must apply to every pair of days";

pub(super) fn check(course: &Course) -> Result<Vec<Drift>> {
    let mut drifts = Vec::new();
    for day in course.days() {
        let diff = DayDiff::new(course, day);
        let whys = Whys::of(course, day)?.unwrap_or_default();
        let printed = diff::printed(&diff, &whys, Paint::PLAIN);
        let before = diff
            .before
            .map(|before| before.files_renamed(day))
            .unwrap_or_default();
        drifts.extend(prove(day, &before, &printed)?);
    }
    Ok(drifts)
}

fn prove(day: &Day, before: &BTreeMap<String, String>, printed: &str) -> Result<Vec<Drift>> {
    let at = |path: &str| format!("{}/{path}", day.name);
    let dir = tempfile::tempdir()?;
    for (path, text) in before {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap_or(dir.path()))?;
        fs::write(path, text)?;
    }
    // git takes a patch without a hunk for a mistake.
    if day.files != *before
        && let Err(error) = git::apply(dir.path(), printed)
    {
        let what = format!("the printed diff does not apply: {error:#}");
        return Ok(vec![Drift::new(at("Cargo.toml"), 1, what, MEND)]);
    }
    let mut drifts = Vec::new();
    for (path, text) in &day.files {
        if read(dir.path(), path)?.as_ref() != Some(text) {
            let what = "the day before, patched with the printed diff, is not this file";
            drifts.push(Drift::new(at(path), 1, what, MEND));
        }
    }
    for path in before.keys().filter(|path| !day.files.contains_key(*path)) {
        if read(dir.path(), path)?.is_some() {
            let what = format!("the printed diff does not remove {path}");
            drifts.push(Drift::new(at("Cargo.toml"), 1, what, MEND));
        }
    }
    Ok(drifts)
}

fn read(dir: &Path, path: &str) -> Result<Option<String>> {
    let path = dir.join(path);
    if !path.exists() {
        return Ok(None);
    }
    let text = fs::read_to_string(&path);
    text.map(Some)
        .with_context(|| format!("cannot read {}", path.display()))
}
