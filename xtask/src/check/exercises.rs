//! Exercises fail as they stand and pass with their answers.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::course::{Course, Day};
use crate::drift::Drift;
use crate::git;
use crate::rust_source;

/// How long a day's exercises may take to build and run. Unsolved, one of them
/// may wait for what never comes.
const SECONDS: &str = "300";

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
    let copy = Copy::new(course)?;
    let mut drifts = Vec::new();
    for day in course.days() {
        let of_day: Vec<_> = exercises
            .iter()
            .filter(|exercise| exercise.day.name == day.name)
            .collect();
        if of_day.is_empty() {
            continue;
        }
        let unsolved = copy.run(day, "exercise_")?;
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
            drifts.extend(copy.solve(course, exercise)?);
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
    fn answer(&self) -> String {
        format!("{}/answers/{}.patch", self.day.name, self.name)
    }

    fn drift(&self, what: impl AsRef<str>, mend: impl Into<String>) -> Drift {
        let what = format!("{} {}", self.name, what.as_ref());
        Drift::new(&self.file, self.line, what, mend)
    }
}

/// A second course to solve exercises in. It stays at one place below `target`,
/// where cargo finds what it built there the last time.
struct Copy {
    root: PathBuf,
    target: PathBuf,
}

impl Copy {
    fn new(course: &Course) -> Result<Self> {
        let target =
            env::var_os("CARGO_TARGET_DIR").map_or(course.root.join("target"), PathBuf::from);
        let dir = std::path::absolute(target)?.join("exercises");
        let copy = Self {
            root: dir.join("course"),
            target: dir.join("target"),
        };
        if copy.root.exists() {
            fs::remove_dir_all(&copy.root)?;
        }
        copy_files(course, "", &copy.root)?;
        Ok(copy)
    }

    /// Runs the ignored tests of a day that have `filter` in their names.
    fn run(&self, day: &Day, filter: &str) -> Result<Run> {
        let output = Command::new("timeout")
            .args([
                SECONDS,
                "cargo",
                "test",
                "--quiet",
                "--no-fail-fast",
                "--package",
                &day.name,
            ])
            .args(["--", "--ignored", "--format", "pretty", filter])
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", &self.target)
            .output()
            .context("cannot run cargo")?;
        Ok(Run {
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    /// Applies an answer, runs its test, and leaves the day as it was.
    fn solve(&self, course: &Course, exercise: &Exercise) -> Result<Option<Drift>> {
        let Some(answer) = course.text(&exercise.answer())? else {
            return Ok(None);
        };
        let dir = self.root.join(&exercise.day.name);
        // An answer that does not apply is what `check_answers` reports.
        if git::apply(&dir, &answer).is_err() {
            return Ok(None);
        }
        let run = self.run(exercise.day, &exercise.name)?;
        fs::remove_dir_all(&dir)?;
        copy_day(course, exercise.day, &dir)?;
        let what = match run.verdict(&exercise.name) {
            Verdict::Passed => return Ok(None),
            Verdict::Failed => "fails with its answer".to_owned(),
            Verdict::DidNotRun => format!("does not run with its answer: {}", run.complaint()),
        };
        let mend = format!("mend {}", exercise.answer());
        Ok(Some(exercise.drift(what, mend)))
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

/// What `cargo test` said.
struct Run {
    stdout: String,
    stderr: String,
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Passed,
    Failed,
    DidNotRun,
}

impl Run {
    fn verdict(&self, name: &str) -> Verdict {
        let verdict = self.stdout.lines().find_map(|line| {
            let (test, verdict) = line.strip_prefix("test ")?.split_once(" ... ")?;
            // libtest adds the reason of an ignored test's `should_panic` and the like.
            let test = test.split(' ').next()?;
            let is_it = test == name || test.ends_with(&format!("::{name}"));
            is_it.then_some(verdict)
        });
        match verdict {
            Some("ok") => Verdict::Passed,
            Some(verdict) if verdict.starts_with("FAILED") => Verdict::Failed,
            _ => Verdict::DidNotRun,
        }
    }

    fn complaint(&self) -> &str {
        let is_error = |line: &&str| line.starts_with("error");
        self.stderr
            .lines()
            .find(is_error)
            .unwrap_or("no test of this name ran")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdict_is_about_the_test_of_exactly_this_name() {
        let run = Run {
            stdout: "test exercise_two ... ok\ntest tests::exercise_one ... FAILED\ntest exercise_ten - should panic ... ok\n".to_owned(),
            stderr: "error[E0425]: cannot find value\nerror: could not compile\n".to_owned(),
        };
        assert_eq!(run.verdict("exercise_one"), Verdict::Failed);
        assert_eq!(run.verdict("exercise_two"), Verdict::Passed);
        assert_eq!(run.verdict("exercise_ten"), Verdict::Passed);
        assert_eq!(run.verdict("exercise_t"), Verdict::DidNotRun);
        assert_eq!(run.complaint(), "error[E0425]: cannot find value");
    }
}
