//! Every hunk of a day's diff has its sentence of why.

use anyhow::Result;

use crate::course::{Course, Day};
use crate::diff::{DayDiff, Status};
use crate::drift::Drift;
use crate::why::{self, Whys};

pub(super) fn check(course: &Course) -> Result<Vec<Drift>> {
    let mut drifts = Vec::new();
    // Of the first day nothing is a change.
    let grown = |day: &&Day| course.before(day).is_some();
    for day in course.days().iter().filter(grown) {
        let has = |name: &str| course.files.contains(&format!("{}/{name}", day.name));
        match Whys::of(course, day)? {
            Some(whys) => {
                let diff = DayDiff::new(course, day);
                drifts.extend(unexplained(&diff, &whys));
                drifts.extend(out_of_date(&diff, &whys, has("README.zh-CN.md")));
            }
            // Until there is a lesson, nobody asks why.
            None if has("README.md") => {
                let mend = "write it: `cargo xtask check --help` shows its form";
                drifts.push(Drift::new(
                    why::path(day),
                    1,
                    "the day has a lesson and no why.toml",
                    mend,
                ));
            }
            None => {}
        }
    }
    Ok(drifts)
}

/// Hunks that no sentence speaks for.
fn unexplained(diff: &DayDiff, whys: &Whys) -> Vec<Drift> {
    let mut drifts = Vec::new();
    for file in diff.touched().filter(|file| whys.of_file(file).is_none()) {
        let path = format!("{}/{}", diff.day.name, file.path);
        for hunk in file
            .hunks
            .iter()
            .filter(|hunk| whys.of_hunk(file, hunk).is_none())
        {
            let what = match file.status() {
                Status::Changed => "nothing says why this changes",
                Status::Removed => "nothing says why this file is gone",
                _ => "nothing says why this file is new",
            };
            let line = hunk.first_change();
            drifts.push(Drift::new(&path, line, what, mend(diff.day, &file.path)));
        }
    }
    drifts
}

fn mend(day: &Day, path: &str) -> String {
    format!("add a [[why]] with file = \"{path}\" to {}", why::path(day))
}

/// Sentences about what is no longer in the diff, and untranslated ones.
fn out_of_date(diff: &DayDiff, whys: &Whys, is_translated: bool) -> Vec<Drift> {
    let path = why::path(diff.day);
    let drift = |line, what: String, mend: &str| Drift::new(&path, line, what, mend);
    let mut drifts = Vec::new();
    for why in whys.iter() {
        let file = diff.touched().find(|file| file.path == why.file);
        match (file, &why.at) {
            (None, _) => {
                drifts.push(drift(
                    why.line,
                    format!("the day does not change {}", why.file),
                    "take the entry out",
                ));
            }
            (Some(file), Some(at)) if !file.hunks.iter().any(|hunk| why.speaks_for(file, hunk)) => {
                let what = format!("no hunk of {} changes a line with '{at}'", why.file);
                drifts.push(drift(
                    why.line,
                    what,
                    "give `at` a text that stands in the hunk, or take the entry out",
                ));
            }
            _ => {}
        }
        if is_translated && !why.is_translated() {
            let what = format!("the sentence about {} has no Chinese twin", why.file);
            drifts.push(drift(why.line, what, "add `zh`"));
        }
    }
    drifts
}
