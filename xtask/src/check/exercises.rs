//! Exercises fail as they are and pass with their answers.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::course::{Course, Day};
use crate::drift::Drift;
use crate::git;
use crate::rust_source;

/// How long a day's exercises may take to build and run. Unsolved, one of them may wait
/// for what never comes.
const SECONDS: &str = "300";

struct Exercise<'c> {
    day: &'c Day,
    name: String,
    /// The file and line of the test.
    place: (&'c str, usize),
}

/// Each exercise has its answer, and each answer its exercise.
pub(super) fn check_answers(course: &Course) -> Result<Vec<Drift>> {
    let exercises = find(course)?;
    let mut drifts = Vec::new();
    let mut answers = BTreeSet::new();
    for exercise in &exercises {
        let path = exercise.answer();
        if let Some(answer) = course.text(&path)? {
            let dir = tempfile::tempdir()?;
            copy(course, exercise.day, dir.path())?;
            if let Err(error) = git::apply(dir.path(), &answer) {
                let what = format!("the answer does not apply: {error:#}");
                drifts.push(Drift::new(&path, 1, what, "make the patch anew"));
            }
        } else {
            drifts.push(exercise.drift("has no answer", format!("write {path}")));
        }
        answers.insert(path);
    }
    let is_answer = |path: &&String| path.contains("/answers/") && course.day_of(path).is_some();
    for path in course.files.iter().filter(is_answer) {
        if !answers.contains(path) {
            let what = "the day has no ignored test of this name";
            let mend = "write the exercise or take the answer out";
            drifts.push(Drift::new(path, 1, what, mend));
        }
    }
    Ok(drifts)
}

/// Each exercise is red unsolved, and green with its answer.
pub(super) fn check(course: &Course) -> Result<Vec<Drift>> {
    let exercises = find(course)?;
    let mut drifts = Vec::new();
    let trial = Trial::new(course)?;
    for exercises in exercises.chunk_by(|a, b| a.day.name == b.day.name) {
        let targets: BTreeSet<_> = exercises.iter().map(Exercise::target).collect();
        let unsolved = trial.run(exercises[0].day, targets, "exercise_")?;
        for exercise in exercises {
            let mend = "make the test ask for what is missing";
            drifts.extend(match unsolved.verdict(&exercise.name) {
                Some(false) => None,
                Some(true) => Some(exercise.drift("passes without its answer", mend)),
                None => Some(exercise.drift("does not run as it is", unsolved.complaint())),
            });
            drifts.extend(trial.solve(course, exercise)?);
        }
    }
    Ok(drifts)
}

fn find(course: &Course) -> Result<Vec<Exercise<'_>>> {
    let mut found = Vec::new();
    for file in course.files.iter().filter(|path| path.ends_with(".rs")) {
        if let (Some((day, _)), Some(text)) = (course.day_of(file), course.text(file)?) {
            for (name, line) in rust_source::exercises(&text)? {
                let place = (file.as_str(), line);
                found.push(Exercise { day, name, place });
            }
        }
    }
    Ok(found)
}

impl Exercise<'_> {
    /// What cargo has to build for it: to build all tests of a day takes much longer.
    fn target(&self) -> String {
        let (_, file) = self.place.0.split_once('/').unwrap_or_default();
        match file.strip_prefix("tests/") {
            Some(name) => format!("--test={}", name.trim_end_matches(".rs")),
            None => "--lib".to_owned(),
        }
    }

    fn answer(&self) -> String {
        format!("{}/answers/{}.patch", self.day.name, self.name)
    }

    fn drift(&self, what: impl AsRef<str>, mend: impl Into<String>) -> Drift {
        let what = format!("{} {}", self.name, what.as_ref());
        Drift::new(self.place.0, self.place.1, what, mend)
    }
}

/// A second course to solve exercises in. It stays at one place below `target`, where
/// cargo finds what it built there the last time.
struct Trial {
    root: PathBuf,
    target: PathBuf,
}

impl Trial {
    fn new(course: &Course) -> Result<Self> {
        let target = env::var_os("CARGO_TARGET_DIR");
        let target = target.map_or(course.root.join("target"), PathBuf::from);
        let dir = std::path::absolute(target)?.join("exercises");
        let (root, target) = (dir.join("course"), dir.join("target"));
        if root.exists() {
            fs::remove_dir_all(&root)?;
        }
        copy_files(course, "", &root)?;
        Ok(Self { root, target })
    }

    /// Runs the ignored tests of a day's targets that have `filter` in their names.
    fn run(&self, day: &Day, targets: BTreeSet<String>, filter: &str) -> Result<Run> {
        let mut cargo = Command::new("timeout");
        cargo.args([SECONDS, "cargo", "test", "--quiet", "--no-fail-fast"]);
        cargo.args(["--package", &day.name]).args(targets);
        cargo.args(["--", "--ignored", "--format", "pretty", filter]);
        cargo.env("CARGO_TARGET_DIR", &self.target);
        cargo.current_dir(&self.root);
        let output = cargo.output().context("cannot run cargo")?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        Ok(Run { stdout, stderr })
    }

    /// Applies an answer, runs its test, and leaves the day as it was.
    fn solve(&self, course: &Course, exercise: &Exercise) -> Result<Option<Drift>> {
        let dir = self.root.join(&exercise.day.name);
        // An answer that is missing or does not apply is what `check_answers` reports.
        let answer = course.text(&exercise.answer())?;
        if answer.is_none_or(|answer| git::apply(&dir, &answer).is_err()) {
            return Ok(None);
        }
        let run = self.run(exercise.day, [exercise.target()].into(), &exercise.name)?;
        fs::remove_dir_all(&dir)?;
        copy(course, exercise.day, &dir)?;
        let what = match run.verdict(&exercise.name) {
            Some(true) => return Ok(None),
            Some(false) => "fails with its answer".to_owned(),
            None => format!("does not run with its answer: {}", run.complaint()),
        };
        let mend = format!("mend {}", exercise.answer());
        Ok(Some(exercise.drift(what, mend)))
    }
}

fn copy(course: &Course, day: &Day, dir: &Path) -> Result<()> {
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

/// What `cargo test` printed.
struct Run {
    stdout: String,
    stderr: String,
}

impl Run {
    /// Whether a test passed; nothing if it did not run.
    fn verdict(&self, name: &str) -> Option<bool> {
        let verdict = self.stdout.lines().find_map(|line| {
            let (test, verdict) = line.strip_prefix("test ")?.split_once(" ... ")?;
            // libtest adds the reason of an ignored test's `should_panic` and the like.
            let test = test.split(' ').next()?;
            let is_it = test == name || test.ends_with(&format!("::{name}"));
            is_it.then_some(verdict)
        })?;
        let is_known = verdict == "ok" || verdict.starts_with("FAILED");
        is_known.then_some(verdict == "ok")
    }

    fn complaint(&self) -> &str {
        let error = self.stderr.lines().find(|line| line.starts_with("error"));
        error.unwrap_or("no test of this name ran")
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
        assert_eq!(run.verdict("exercise_one"), Some(false));
        assert_eq!(run.verdict("exercise_two"), Some(true));
        assert_eq!(run.verdict("exercise_ten"), Some(true));
        assert_eq!(run.verdict("exercise_t"), None);
        assert_eq!(run.complaint(), "error[E0425]: cannot find value");
    }
}
