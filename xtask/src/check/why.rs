//! Every hunk of a day's diff has its sentence of why.

use anyhow::Result;

use crate::course::Course;
use crate::diff::{DayDiff, Hunk, Status};
use crate::drift::Drift;
use crate::why::{self, Whys};

pub(super) fn check(course: &Course) -> Result<Vec<Drift>> {
    let mut drifts = Vec::new();
    // The first day has no day before it, and so no changes.
    for day in course.days.iter().skip(1) {
        let has = |name: &str| course.files.contains(&format!("{}/{name}", day.name));
        if let Some(whys) = Whys::of(course, day)? {
            let diff = DayDiff::new(course, day);
            drifts.extend(unexplained(&diff, &whys));
            drifts.extend(out_of_date(&diff, &whys, has("README.zh-CN.md")));
        } else if has("README.md") {
            let what = "the day has a lesson and no why.toml";
            let mend = "write it: CONTRIBUTING.md shows its form";
            drifts.push(day.drift(why::FILE, 1, what, mend));
        }
    }
    Ok(drifts)
}

/// Hunks without a sentence.
fn unexplained(diff: &DayDiff, whys: &Whys) -> Vec<Drift> {
    let mut drifts = Vec::new();
    for file in diff.touched().filter(|file| whys.of_file(file).is_none()) {
        let what = match file.status() {
            Status::Changed => "nothing says why this changes",
            Status::Removed => "nothing says why this file is gone",
            _ => "nothing says why this file is new",
        };
        let path = &file.path;
        let mend = format!("add a [[why]] with file = \"{path}\" to the day's why.toml");
        let is_unexplained = |hunk: &&Hunk| whys.of_hunk(file, hunk).is_none();
        for hunk in file.hunks.iter().filter(is_unexplained) {
            drifts.push(diff.day.drift(path, hunk.first_change(), what, &mend));
        }
    }
    drifts
}

/// Sentences about what is no longer in the diff, and untranslated ones.
fn out_of_date(diff: &DayDiff, whys: &Whys, is_translated: bool) -> Vec<Drift> {
    let mut drifts = Vec::new();
    for why in &whys.0 {
        let path = &why.file;
        let mut drift = |what: String, mend: &str| {
            drifts.push(diff.day.drift(why::FILE, why.line, what, mend));
        };
        let file = diff.touched().find(|file| file.path == *path);
        let mut hunks = file.into_iter().flat_map(|file| &file.hunks);
        match (file, &why.at) {
            (None, _) => {
                let what = format!("the day does not change {path}");
                drift(what, "take the entry out");
            }
            (Some(file), Some(at)) if !hunks.any(|hunk| why.is_about(file, hunk)) => {
                let what = format!("no hunk of {path} changes a line with '{at}'");
                drift(what, "give `at` a text of the hunk, or take the entry out");
            }
            _ => {}
        }
        if is_translated && why.zh.is_none() {
            let what = format!("the sentence about {path} has no Chinese twin");
            drift(what, "add `zh`");
        }
    }
    drifts
}
