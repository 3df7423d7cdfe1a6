//! `cargo xtask carry PATH`: an edit goes to the later days.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};

use crate::atomic;
use crate::course::{Course, Day, takes_part};
use crate::git;

/// Carry an edit of one day to the later days
///
/// A later day whose copy was the same before the edit gets the same edit; the
/// crate's own name does not count. Before the edit means: as committed. Days whose
/// copy differs are named, and need a hand or --merge. New and deleted files are
/// carried too.
///
/// The exit code is 1 if a day still needs a hand.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The edited files
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// The revision that holds the files as they were before the edit
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    since: String,

    /// Merge into the days whose copy differs; a conflict is left in the file,
    /// marked as git marks it
    #[arg(long)]
    merge: bool,
}

/// What became of a later day's copy.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Carried,
    Already,
    Differs,
    Merged,
    Conflict,
}

/// A file before and after, or nothing where there is no such file.
type Text = Option<String>;

/// An edit that waits to be carried.
struct Edit<'c> {
    day: &'c Day,
    /// Within the day.
    path: String,
    before: Text,
    after: Text,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let course = Course::open()?;
    ensure!(
        course.root.join(".git").exists(),
        "{} is not a git checkout: nothing tells what the files were before the edit",
        course.root.display()
    );
    let edits = args
        .paths
        .iter()
        .map(|path| Edit::find(&course, path, &args.since))
        .collect::<Result<Vec<_>>>()?;
    let mut out = io::stdout();
    let mut needs_a_hand = false;
    for edit in &edits {
        writeln!(out, "{}/{}", edit.day.name, edit.path)?;
        for day in course.after(edit.day) {
            let path = edit.day.renamed(&edit.path, day);
            let outcome = edit.carry(&course.root.join(&day.name).join(&path), day, args.merge)?;
            needs_a_hand |= matches!(outcome, Outcome::Differs | Outcome::Conflict);
            writeln!(out, "  {}: {outcome}", day.name)?;
        }
    }
    Ok(if needs_a_hand {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

impl<'c> Edit<'c> {
    fn find(course: &'c Course, path: &Path, since: &str) -> Result<Self> {
        let below = below(&course.root, path)?;
        let Some((day, within)) = course.day_of(&below) else {
            bail!("{} is in no day of the course", path.display());
        };
        ensure!(
            takes_part(within),
            "{} is its day's own: only Cargo.toml, src, tests and examples are carried",
            path.display()
        );
        let before = git::show(&course.root, since, &below)?;
        let after = course.text(&below)?;
        ensure!(
            before.is_some() || after.is_some(),
            "there is no {}",
            path.display()
        );
        ensure!(
            before != after,
            "{} is as it was in {since}",
            path.display()
        );
        Ok(Self {
            day,
            path: within.to_owned(),
            before,
            after,
        })
    }

    fn carry(&self, path: &Path, day: &Day, merge: bool) -> Result<Outcome> {
        let renamed = |text: &Text| text.as_ref().map(|text| self.day.renamed(text, day));
        let (before, after) = (renamed(&self.before), renamed(&self.after));
        let theirs = match fs::read_to_string(path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error).context(format!("cannot read {}", path.display())),
        };
        if theirs == after {
            return Ok(Outcome::Already);
        }
        if theirs == before {
            match after {
                Some(text) => atomic::write(path, &text)?,
                None => fs::remove_file(path)?,
            }
            return Ok(Outcome::Carried);
        }
        // Only three texts can be merged; a file that came or went is a decision.
        let (true, Some(before), Some(after), Some(theirs)) = (merge, before, after, theirs) else {
            return Ok(Outcome::Differs);
        };
        let merged = git::merge(&theirs, &before, &after)?;
        atomic::write(path, &merged.text)?;
        Ok(if merged.conflicts {
            Outcome::Conflict
        } else {
            Outcome::Merged
        })
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Carried => "carried",
            Self::Already => "has it already",
            Self::Differs => "its copy differs, and needs a hand",
            Self::Merged => "its copy differs; merged",
            Self::Conflict => "its copy differs; merged with a conflict that needs a hand",
        })
    }
}

/// A path as the user typed it, as a path below the root. The file may be gone,
/// so the file system cannot be asked to resolve it.
fn below(root: &Path, path: &Path) -> Result<String> {
    let mut parts = Vec::new();
    for part in std::path::absolute(path)?.components() {
        match part {
            Component::ParentDir => {
                parts.pop();
            }
            part => parts.push(part.as_os_str().to_owned()),
        }
    }
    let absolute: PathBuf = parts.into_iter().collect();
    let below = absolute.strip_prefix(root).ok().and_then(Path::to_str);
    Ok(below
        .with_context(|| format!("{} is not inside the course", path.display()))?
        .to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_path_is_found_below_the_root() {
        let root = Path::new("/course");
        let found = |path: &str| below(root, Path::new(path)).ok();
        assert_eq!(
            found("/course/day01/src/../x.rs").as_deref(),
            Some("day01/x.rs")
        );
        assert_eq!(found("/course/../else/x.rs"), None);
    }
}
