//! The printed diff makes a day out of the day before.

use std::fs;

use anyhow::Result;

use crate::course::{Course, Day};
use crate::diff::{self, DayDiff};
use crate::drift::Drift;
use crate::git;
use crate::terminal::Paint;
use crate::why::Whys;

pub(super) fn check(course: &Course) -> Result<Vec<Drift>> {
    let mut drifts = Vec::new();
    for day in &course.days {
        let mend = "mend `cargo xtask diff`: its output must apply to every pair of days";
        let drift = |what| Drift::new(format!("{}/Cargo.toml", day.name), 1, what, mend);
        drifts.extend(prove(course, day)?.map(drift));
    }
    Ok(drifts)
}

/// What is wrong with the printed diff of a day.
fn prove(course: &Course, day: &Day) -> Result<Option<String>> {
    let diff = DayDiff::new(course, day);
    let whys = Whys::of(course, day)?.unwrap_or_default();
    let printed = diff::printed(&diff, &whys, Paint::PLAIN);
    let before = diff
        .before
        .map(|before| before.files_renamed(day))
        .unwrap_or_default();
    let root = tempfile::tempdir()?;
    let dir = root.path().join(&day.name);
    fs::create_dir(&dir)?;
    for (path, text) in &before {
        let path = dir.join(path);
        fs::create_dir_all(path.parent().unwrap_or(&dir))?;
        fs::write(path, text)?;
    }
    // git takes a patch without a hunk for a mistake.
    if day.files != before
        && let Err(error) = git::apply(&dir, &printed)
    {
        return Ok(Some(format!("the printed diff does not apply: {error:#}")));
    }
    let patched = Course::at(root.path())?;
    let Some(patched) = patched.days.first() else {
        return Ok(Some("the printed diff leaves nothing".to_owned()));
    };
    let paths = before.keys().chain(day.files.keys());
    let mut differ = paths.filter(|path| patched.files.get(*path) != day.files.get(*path));
    let what = |path| format!("{path} of the day before, patched with the printed diff, differs");
    Ok(differ.next().map(what))
}
