//! `cargo xtask dev carry PATH`: applies an edit to the later days.

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
/// A later day whose copy was the same before the edit gets the same edit; the crate's own
/// name does not count. Before the edit means: as committed. Days whose copy differs are
/// named, and must be edited by hand or with --merge. New and deleted files are carried
/// too.
///
/// The exit code is 1 if a day must still be edited by hand.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The edited files
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// The revision that holds the files as they were before the edit
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    since: String,

    /// Merge into the days whose copy differs; a conflict is left in the file, marked as
    /// git marks it
    #[arg(long)]
    merge: bool,
}

/// An edit to be carried.
struct Edit<'c> {
    day: &'c Day,
    /// Within the day.
    path: String,
    /// Before and after; nothing where there is no such file.
    texts: (Option<String>, Option<String>),
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let course = Course::open()?;
    let root = &course.root;
    let is_checkout = root.join(".git").exists();
    ensure!(is_checkout, "{} is not a git checkout", root.display());
    let find = |path: &PathBuf| Edit::find(&course, path, &args.since);
    let edits: Vec<_> = args.paths.iter().map(find).collect::<Result<_>>()?;
    let mut out = io::stdout();
    let mut is_done = true;
    for edit in &edits {
        writeln!(out, "{}/{}", edit.day.name, edit.path)?;
        let is_later = |day: &&Day| day.number > edit.day.number;
        for day in course.days.iter().filter(is_later) {
            let path = root.join(&day.name).join(edit.day.renamed(&edit.path, day));
            let (outcome, is_good) = edit.carry(&path, day, args.merge)?;
            writeln!(out, "  {}: {outcome}", day.name)?;
            is_done &= is_good;
        }
    }
    Ok(ExitCode::from(u8::from(!is_done)))
}

impl<'c> Edit<'c> {
    fn find(course: &'c Course, path: &Path, since: &str) -> Result<Self> {
        let shown = path.display();
        let below = below(&course.root, path)?;
        let Some((day, within)) = course.day_of(&below) else {
            bail!("{shown} is in no day of the course");
        };
        let own = "is its day's own: only Cargo.toml, src, tests and examples are carried";
        ensure!(takes_part(within), "{shown} {own}");
        let before = git::show(&course.root, since, &below)?;
        let after = course.text(&below)?;
        ensure!(before.is_some() || after.is_some(), "there is no {shown}");
        ensure!(before != after, "{shown} is as it was in {since}");
        let path = within.to_owned();
        let texts = (before, after);
        Ok(Self { day, path, texts })
    }

    /// What became of a later day's copy, and whether that day is done.
    fn carry(&self, path: &Path, day: &Day, merge: bool) -> Result<(&'static str, bool)> {
        let renamed = |text: &String| self.day.renamed(text, day);
        let (before, after) = &self.texts;
        let (before, after) = (before.as_ref().map(renamed), after.as_ref().map(renamed));
        let theirs = match fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            text => Some(text.with_context(|| format!("cannot read {}", path.display()))?),
        };
        if theirs == after {
            return Ok(("has it already", true));
        }
        if theirs == before {
            match after {
                Some(text) => atomic::write(path, &text)?,
                None => fs::remove_file(path)?,
            }
            return Ok(("carried", true));
        }
        // Only three texts can be merged; a file that came or went is a decision.
        let (true, Some(before), Some(after), Some(theirs)) = (merge, before, after, theirs) else {
            return Ok(("its copy differs: edit it by hand", false));
        };
        let (text, conflicts) = git::merge(&theirs, &before, &after)?;
        atomic::write(path, &text)?;
        Ok(match conflicts {
            true => ("merged with a conflict: resolve it by hand", false),
            false => ("its copy differs; merged", true),
        })
    }
}

/// A path as the user typed it, as a path below the root. The file may have been deleted,
/// so the file system cannot be asked to resolve it.
fn below(root: &Path, path: &Path) -> Result<String> {
    let mut absolute = PathBuf::new();
    for part in std::path::absolute(path)?.components() {
        match part {
            Component::ParentDir => drop(absolute.pop()),
            part => absolute.push(part),
        }
    }
    let below = absolute.strip_prefix(root).ok().and_then(Path::to_str);
    let below = below.with_context(|| format!("{} is not inside the course", path.display()))?;
    Ok(below.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_path_is_found_below_the_root() {
        let found = |path: &str| below(Path::new("/course"), Path::new(path)).ok();
        assert_eq!(
            found("/course/day01/src/../x.rs").as_deref(),
            Some("day01/x.rs")
        );
        assert_eq!(found("/course/../else/x.rs"), None);
    }
}
