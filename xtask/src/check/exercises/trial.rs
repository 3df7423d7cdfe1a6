//! A second course, in which exercises are run as they stand and solved.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use super::{Exercise, copy_day, copy_files};
use crate::course::{Course, Day};
use crate::drift::Drift;
use crate::git;

/// How long a day's exercises may take to build and run. Unsolved, one of them
/// may wait for what never comes.
const SECONDS: &str = "300";

/// A second course to solve exercises in. It stays at one place below `target`,
/// where cargo finds what it built there the last time.
pub(super) struct Trial {
    root: PathBuf,
    target: PathBuf,
}

impl Trial {
    pub(super) fn new(course: &Course) -> Result<Self> {
        let target =
            env::var_os("CARGO_TARGET_DIR").map_or(course.root.join("target"), PathBuf::from);
        let dir = std::path::absolute(target)?.join("exercises");
        let trial = Self {
            root: dir.join("course"),
            target: dir.join("target"),
        };
        if trial.root.exists() {
            fs::remove_dir_all(&trial.root)?;
        }
        copy_files(course, "", &trial.root)?;
        Ok(trial)
    }

    /// Runs the ignored tests of a day's targets that have `filter` in their names.
    pub(super) fn run(
        &self,
        day: &Day,
        targets: impl IntoIterator<Item = Target>,
        filter: &str,
    ) -> Result<Run> {
        let targets = targets.into_iter().flat_map(Target::options);
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
            .args(targets)
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
    pub(super) fn solve(&self, course: &Course, exercise: &Exercise) -> Result<Option<Drift>> {
        let Some(answer) = course.text(&exercise.answer())? else {
            return Ok(None);
        };
        let dir = self.root.join(&exercise.day.name);
        // An answer that does not apply is what `check_answers` reports.
        if git::apply(&dir, &answer).is_err() {
            return Ok(None);
        }
        let run = self.run(exercise.day, [exercise.target()], &exercise.name)?;
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

/// Where a test is, as cargo sees it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    Library,
    Test(String),
}

impl Target {
    fn options(self) -> Vec<String> {
        match self {
            Self::Library => vec!["--lib".to_owned()],
            Self::Test(name) => vec!["--test".to_owned(), name],
        }
    }
}

/// What `cargo test` said.
pub(super) struct Run {
    stdout: String,
    stderr: String,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Passed,
    Failed,
    DidNotRun,
}

impl Run {
    pub(super) fn verdict(&self, name: &str) -> Verdict {
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

    pub(super) fn complaint(&self) -> &str {
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
