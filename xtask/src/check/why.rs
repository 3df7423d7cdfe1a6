//! Every hunk of a day's diff has its sentence of why.

use anyhow::Result;

use crate::course::Course;
use crate::diff::{DayDiff, Status};
use crate::drift::Drift;
use crate::why::{self, Whys};

pub(super) fn check(course: &Course) -> Result<Vec<Drift>> {
    let mut drifts = Vec::new();
    // The first day has no day before it, and so no changes.
    for day in course
        .days
        .iter()
        .filter(|day| course.before(day).is_some())
    {
        let has = |name: &str| course.files.contains(&format!("{}/{name}", day.name));
        if let Some(whys) = Whys::of(course, day)? {
            let diff = DayDiff::new(course, day);
            drifts.extend(unexplained(&diff, &whys));
            drifts.extend(out_of_date(&diff, &whys, has("README.zh-CN.md")));
        } else if has("README.md") {
            let what = "the day has a lesson and no why.toml";
            let mend = "write it: CONTRIBUTING.md shows its form";
            drifts.push(Drift::new(why::path(day), 1, what, mend));
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
        let mend = format!(
            "add a [[why]] with file = \"{}\" to {}",
            file.path,
            why::path(diff.day)
        );
        let path = format!("{}/{}", diff.day.name, file.path);
        for hunk in file
            .hunks
            .iter()
            .filter(|hunk| whys.of_hunk(file, hunk).is_none())
        {
            drifts.push(Drift::new(&path, hunk.first_change(), what, &mend));
        }
    }
    drifts
}

/// Sentences about what is no longer in the diff, and untranslated ones.
fn out_of_date(diff: &DayDiff, whys: &Whys, is_translated: bool) -> Vec<Drift> {
    let mut drifts = Vec::new();
    for why in &whys.0 {
        let mut drift = |what: String, mend: &str| {
            drifts.push(Drift::new(why::path(diff.day), why.line, what, mend));
        };
        let file = diff.touched().find(|file| file.path == why.file);
        let has_hunk =
            file.is_some_and(|file| file.hunks.iter().any(|hunk| why.is_about(file, hunk)));
        if file.is_none() {
            drift(
                format!("the day does not change {}", why.file),
                "take the entry out",
            );
        } else if let Some(at) = &why.at
            && !has_hunk
        {
            let mend = "give `at` a text that is in the hunk, or take the entry out";
            drift(
                format!("no hunk of {} changes a line with '{at}'", why.file),
                mend,
            );
        }
        if is_translated && why.zh.is_none() {
            let what = format!("the sentence about {} has no Chinese twin", why.file);
            drift(what, "add `zh`");
        }
    }
    drifts
}
