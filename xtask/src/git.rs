//! What the tools ask of git.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// A git command in `dir`. The variables that git sets for its hooks are taken
/// away: they would turn every command to the repository that runs the hook.
fn git(dir: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .current_dir(dir)
        .env_remove("GIT_DIR")
        .env_remove("GIT_INDEX_FILE")
        .env_remove("GIT_WORK_TREE");
    command
}

fn output(command: &mut Command) -> Result<Vec<u8>> {
    let output = command.output().context("cannot run git")?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        bail!("{}", text.lines().next().unwrap_or("git failed"));
    }
    Ok(output.stdout)
}

/// Every file that is or could be committed, as paths below `root`.
pub(crate) fn files(root: &Path) -> Result<Vec<String>> {
    let listing = output(git(root).args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
        "--deduplicate",
    ]))?;
    Ok(String::from_utf8(listing)?
        .split_terminator('\0')
        .map(str::to_owned)
        .collect())
}

/// A file as it is in a revision, or nothing if it is not in there.
pub(crate) fn show(root: &Path, revision: &str, path: &str) -> Result<Option<String>> {
    let listed = output(git(root).args(["ls-tree", "-z", revision, "--", path]))?;
    if listed.is_empty() {
        return Ok(None);
    }
    let text = output(git(root).args(["show", &format!("{revision}:{path}")]))?;
    let text = String::from_utf8(text).with_context(|| format!("{path} is not text"))?;
    Ok(Some(text))
}

/// Applies a patch to the files below `dir`, which need not be a checkout.
pub(crate) fn apply(dir: &Path, patch: &str) -> Result<()> {
    let mut child = git(dir)
        .args(["apply", "--whitespace=nowarn"])
        // Inside a checkout git leaves out the paths that it takes for another
        // directory's; a directory that it may not look above is in none.
        .env("GIT_CEILING_DIRECTORIES", dir.parent().unwrap_or(dir))
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot run git")?;
    let mut stdin = child.stdin.take().context("git has no stdin")?;
    // A patch that git refuses early is reported by git itself, better than by
    // the broken pipe.
    let written = stdin.write_all(patch.as_bytes());
    drop(stdin);
    let output = child.wait_with_output()?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        bail!("{}", text.lines().next().unwrap_or("git apply failed"));
    }
    Ok(written?)
}

/// The outcome of a three-way merge.
pub(crate) struct Merged {
    pub(crate) text: String,
    pub(crate) conflicts: bool,
}

/// Brings the change from `base` to `theirs` into `ours`.
pub(crate) fn merge(ours: &str, base: &str, theirs: &str) -> Result<Merged> {
    let dir = tempfile::tempdir()?;
    for (name, text) in [("ours", ours), ("base", base), ("theirs", theirs)] {
        std::fs::write(dir.path().join(name), text)?;
    }
    let output = git(dir.path())
        .args(["merge-file", "-p", "ours", "base", "theirs"])
        .output()
        .context("cannot run git")?;
    // The exit code counts the conflicts, up to 127; beyond are failures.
    match output.status.code() {
        Some(conflicts @ 0..=127) => Ok(Merged {
            text: String::from_utf8(output.stdout)?,
            conflicts: conflicts > 0,
        }),
        _ => bail!("git merge-file failed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_applies_or_says_why_not() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a"), "one\n").unwrap();
        let patch = "--- a/a\n+++ b/a\n@@ -1,1 +1,1 @@\n-one\n+two\n";
        apply(dir.path(), patch).unwrap();
        assert_eq!(
            std::fs::read_to_string(dir.path().join("a")).unwrap(),
            "two\n"
        );
        let error = apply(dir.path(), patch).unwrap_err();
        assert!(error.to_string().contains("patch failed: a:1"), "{error}");
    }

    #[test]
    fn changes_at_a_distance_merge_and_the_same_line_conflicts() {
        let base = "a\nb\nc\nd\ne\n";
        let merged = merge("A\nb\nc\nd\ne\n", base, "a\nb\nc\nd\nE\n").unwrap();
        assert_eq!(
            (merged.text.as_str(), merged.conflicts),
            ("A\nb\nc\nd\nE\n", false)
        );
        assert!(merge("A\n", "a\n", "x\n").unwrap().conflicts);
    }
}
