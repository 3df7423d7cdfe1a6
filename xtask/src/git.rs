//! What the tools ask of git.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, bail};

/// Runs git in `dir`. The variables that git sets for its hooks are taken away: they
/// would turn every command to the repository that runs the hook.
fn git(dir: &Path, args: &[&str], input: &str) -> Result<Output> {
    let mut command = Command::new("git");
    command.args(args).current_dir(dir);
    for name in ["GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"] {
        command.env_remove(name);
    }
    // Inside a checkout `git apply` leaves out the paths that it takes for another
    // directory's; with this ceiling it finds no checkout above `dir`.
    if args.first() == Some(&"apply") {
        command.env("GIT_CEILING_DIRECTORIES", dir.parent().unwrap_or(dir));
    }
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().context("cannot run git")?;
    // A patch that git refuses early is reported by git itself, better than by the broken
    // pipe.
    if let Some(mut stdin) = child.stdin.take() {
        let _ = stdin.write_all(input.as_bytes());
    }
    Ok(child.wait_with_output()?)
}

/// What git printed, or the first line of its complaint.
fn printed(output: Output) -> Result<String> {
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        bail!("{}", text.lines().next().unwrap_or("git failed"));
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// A file as it is in a revision, or nothing if the revision lacks it.
pub(crate) fn show(root: &Path, revision: &str, path: &str) -> Result<Option<String>> {
    let listed = printed(git(root, &["ls-tree", "-z", revision, "--", path], "")?)?;
    if listed.is_empty() {
        return Ok(None);
    }
    printed(git(root, &["show", &format!("{revision}:{path}")], "")?).map(Some)
}

/// Applies a patch to the files below `dir`, which need not be a checkout.
pub(crate) fn apply(dir: &Path, patch: &str) -> Result<()> {
    printed(git(dir, &["apply", "--whitespace=nowarn"], patch)?).map(drop)
}

/// Brings the change from `base` to `theirs` into `ours`: the text, and whether there were
/// conflicts.
pub(crate) fn merge(ours: &str, base: &str, theirs: &str) -> Result<(String, bool)> {
    let dir = tempfile::tempdir()?;
    for (name, text) in [("ours", ours), ("base", base), ("theirs", theirs)] {
        std::fs::write(dir.path().join(name), text)?;
    }
    let names = ["merge-file", "-p", "ours", "base", "theirs"];
    let output = git(dir.path(), &names, "")?;
    // The exit code counts the conflicts, up to 127; higher codes are failures.
    match output.status.code() {
        Some(conflicts @ 0..=127) => Ok((String::from_utf8(output.stdout)?, conflicts > 0)),
        _ => bail!("git merge-file failed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_applies_or_says_why_not() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a");
        std::fs::write(&file, "one\n").unwrap();
        let patch = "--- a/a\n+++ b/a\n@@ -1,1 +1,1 @@\n-one\n+two\n";
        apply(dir.path(), patch).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "two\n");
        let error = apply(dir.path(), patch).unwrap_err();
        assert!(error.to_string().contains("patch failed: a:1"), "{error}");
    }

    #[test]
    fn changes_at_a_distance_merge_and_the_same_line_conflicts() {
        let base = "a\nb\nc\nd\ne\n";
        let merged = merge("A\nb\nc\nd\ne\n", base, "a\nb\nc\nd\nE\n").unwrap();
        assert_eq!(merged, ("A\nb\nc\nd\nE\n".to_owned(), false));
        assert!(merge("A\n", "a\n", "x\n").unwrap().1);
    }
}
