//! Exercises fail as they stand and pass with their answers.

mod trial;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::course::{Course, Day};
use crate::drift::Drift;
use crate::git;
use crate::rust_source;
use trial::{Target, Trial, Verdict};

struct Exercise<'c> {
    day: &'c Day,
    name: String,
    /// Where the test is.
    file: String,
    line: usize,
}

/// Each exercise has its answer, and each answer its exercise.
pub(super) fn check_answers(course: &Course) -> Result<Vec<Drift>> {
    let mut drifts = Vec::new();
    let exercises = find(course)?;
    for exercise in &exercises {
        let Some(answer) = course.text(&exercise.answer())? else {
            drifts.push(exercise.drift("has no answer", format!("write {}", exercise.answer())));
            continue;
        };
        let dir = tempfile::tempdir()?;
        copy_day(course, exercise.day, dir.path())?;
        if let Err(error) = git::apply(dir.path(), &answer) {
            let what = format!("the answer does not apply: {error:#}");
            drifts.push(Drift::new(
                exercise.answer(),
                1,
                what,
                "make the patch anew",
            ));
        }
    }
    for path in &course.files {
        let Some((day, answer)) = course.day_of(path) else {
            continue;
        };
        let name = answer
            .strip_prefix("answers/")
            .and_then(|name| name.strip_suffix(".patch"));
        if let Some(name) = name
            && !exercises
                .iter()
                .any(|exercise| exercise.day.name == day.name && exercise.name == name)
        {
            let what = format!("the day has no ignored test {name}");
            drifts.push(Drift::new(
                path,
                1,
                what,
                "write the exercise or take the answer out",
            ));
        }
    }
    Ok(drifts)
}

/// Each exercise is red unsolved, and green with its answer.
pub(super) fn check(course: &Course) -> Result<Vec<Drift>> {
    let exercises = find(course)?;
    if exercises.is_empty() {
        return Ok(Vec::new());
    }
    let trial = Trial::new(course)?;
    let mut drifts = Vec::new();
    for day in course.days() {
        let of_day: Vec<_> = exercises
            .iter()
            .filter(|exercise| exercise.day.name == day.name)
            .collect();
        if of_day.is_empty() {
            continue;
        }
        let targets: BTreeSet<_> = of_day.iter().map(|exercise| exercise.target()).collect();
        let unsolved = trial.run(day, targets, "exercise_")?;
        for exercise in of_day {
            match unsolved.verdict(&exercise.name) {
                Verdict::Failed => {}
                Verdict::Passed => {
                    drifts.push(exercise.drift(
                        "passes without its answer",
                        "make the test ask for what is missing",
                    ));
                }
                Verdict::DidNotRun => drifts.push(exercise.drift(
                    format!("does not run as it stands: {}", unsolved.complaint()),
                    format!("cargo test -p {} -- --ignored {}", day.name, exercise.name),
                )),
            }
            drifts.extend(trial.solve(course, exercise)?);
        }
    }
    Ok(drifts)
}

fn find(course: &Course) -> Result<Vec<Exercise<'_>>> {
    let mut found = Vec::new();
    for path in course.files.iter().filter(|path| path.ends_with(".rs")) {
        let (Some((day, _)), Some(text)) = (course.day_of(path), course.text(path)?) else {
            continue;
        };
        let exercises = rust_source::exercises(&text).map_err(|error| {
            Drift::new(
                path,
                error.span().start().line,
                error.to_string(),
                "cargo check",
            )
        })?;
        found.extend(exercises.into_iter().map(|exercise| Exercise {
            day,
            name: exercise.name,
            file: path.clone(),
            line: exercise.line,
        }));
    }
    Ok(found)
}

impl Exercise<'_> {
    /// What cargo has to build for it: to build all tests of a day takes much longer.
    fn target(&self) -> Target {
        let path = self.file.strip_prefix(&self.day.name);
        path.and_then(|path| path.strip_prefix("/tests/"))
            .and_then(|name| name.strip_suffix(".rs"))
            .map_or(Target::Library, |name| Target::Test(name.to_owned()))
    }

    fn answer(&self) -> String {
        format!("{}/answers/{}.patch", self.day.name, self.name)
    }

    fn drift(&self, what: impl AsRef<str>, mend: impl Into<String>) -> Drift {
        let what = format!("{} {}", self.name, what.as_ref());
        Drift::new(&self.file, self.line, what, mend)
    }
}

fn copy_day(course: &Course, day: &Day, dir: &Path) -> Result<()> {
    copy_files(course, &format!("{}/", day.name), dir)
}

fn copy_files(course: &Course, prefix: &str, dir: &Path) -> Result<()> {
    for path in &course.files {
        if let Some(below) = path.strip_prefix(prefix) {
            let to = dir.join(below);
            fs::create_dir_all(to.parent().unwrap_or(dir))?;
            fs::copy(course.root.join(path), to).with_context(|| format!("cannot copy {path}"))?;
        }
    }
    Ok(())
}
