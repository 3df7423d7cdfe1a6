//! The difference as text to be read, and to be applied by `patch`.

use similar::ChangeTag;

use super::model::{DayDiff, FileDiff, Hunk};
use super::table;
use crate::markdown::Language;
use crate::terminal::Paint;
use crate::why::{Why, Whys};

/// What `cargo xtask diff N` prints. The head is a comment to `patch`: it skips
/// whatever stands before the first `---`.
pub(crate) fn printed(diff: &DayDiff, whys: &Whys, paint: Paint) -> String {
    let mut head = format!("{}\n\n", diff.title());
    head += &table::files(diff);
    head += &recipe(diff);
    let mut text = String::new();
    for (number, line) in head.lines().enumerate() {
        let line = format!("# {line}");
        let style = if number == 0 {
            Paint::heading
        } else {
            Paint::aside
        };
        text += &format!("{}\n", style(paint, line.trim_end()));
    }
    text + &patch(diff.touched(), whys, Language::English, paint)
}

/// How to make the day out of the day before.
fn recipe(diff: &DayDiff) -> String {
    let Some(before) = diff.before else {
        return String::new();
    };
    let (old, new) = (&before.name, &diff.day.name);
    let (old_crate, new_crate) = (before.crate_name(), diff.day.crate_name());
    format!(
        "
This output is a patch. From the course's directory, with it in the file FILE:

    cp -r {old} COPY
    grep -rlE '{old}|{old_crate}' COPY | xargs sed -i 's/{old}/{new}/g; s/{old_crate}/{new_crate}/g'
    patch -p1 -d COPY < FILE

makes day {} out of day {}. `git apply` does as well as `patch`.
",
        diff.day.number, before.number
    )
}

/// The files' hunks, for `patch -p1` in the day's directory. The sentences of why are where
/// `patch` does not look: before a file, and behind a hunk's place.
pub(crate) fn patch<'d>(
    files: impl Iterator<Item = &'d FileDiff>,
    whys: &Whys,
    language: Language,
    paint: Paint,
) -> String {
    let mut text = String::new();
    let why = |why: &Why| paint.aside(why.sentence(language));
    for file in files {
        let about = whys.of_file(file);
        text += &about.map_or("\n".to_owned(), |about| format!("\n# {}\n", why(about)));
        let (path, [old, new]) = (&file.path, [&file.old, &file.new].map(Option::is_some));
        if file.hunks.is_empty() {
            // Only git's own header can say that a file without a line comes or goes.
            let what = if new { "new" } else { "deleted" };
            let header = format!("diff --git a/{path} b/{path}\n{what} file mode 100644");
            text += &format!("{}\n", paint.heading(header));
            continue;
        }
        for (mark, dir, exists) in [("---", "a", old), ("+++", "b", new)] {
            let name = if exists {
                format!("{dir}/{path}")
            } else {
                "/dev/null".to_owned()
            };
            text += &format!("{}\n", paint.heading(format_args!("{mark} {name}")));
        }
        for hunk in &file.hunks {
            let about = whys
                .of_hunk(file, hunk)
                .map(|about| format!(" {}", why(about)));
            let place = paint.place(place(hunk));
            text += &format!("{place}{}\n", about.unwrap_or_default());
            write_lines(&mut text, hunk, paint);
        }
    }
    text
}

/// `@@ -12,6 +12,8 @@`. A side without lines names the line before it, which
/// counted from 1 is the number that its first line has counted from 0.
fn place(hunk: &Hunk) -> String {
    let side = |range: &std::ops::Range<usize>| {
        let start = range.start + usize::from(!range.is_empty());
        format!("{start},{}", range.len())
    };
    format!("@@ -{} +{} @@", side(&hunk.old), side(&hunk.new))
}

fn write_lines(text: &mut String, hunk: &Hunk, paint: Paint) {
    for (tag, line) in &hunk.lines {
        let content = line.trim_end_matches('\n');
        *text += &match tag {
            ChangeTag::Equal => format!(" {content}"),
            ChangeTag::Delete => paint.removed(format_args!("-{content}")),
            ChangeTag::Insert => paint.added(format_args!("+{content}")),
        };
        text.push('\n');
        if !line.ends_with('\n') {
            *text += "\\ No newline at end of file\n";
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;

    use super::*;
    use crate::git;

    fn diff_of(old: Option<&str>, new: Option<&str>) -> String {
        let file = FileDiff::new("src/a.rs", old.map(str::to_owned), new.map(str::to_owned));
        patch(
            [&file].into_iter(),
            &Whys::default(),
            Language::English,
            Paint::PLAIN,
        )
    }

    /// What git makes of the old text with the difference to the new one.
    fn patched(old: Option<&str>, new: Option<&str>) -> Option<String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("src/a.rs");
        fs::create_dir(dir.path().join("src")).unwrap();
        if let Some(old) = old {
            fs::write(&path, old).unwrap();
        }
        git::apply(dir.path(), &diff_of(old, new)).unwrap();
        path.exists().then(|| fs::read_to_string(&path).unwrap())
    }

    #[test]
    fn hunks_have_the_standard_form() {
        let diff = diff_of(Some("a\nb\nc"), Some("a\nB\nc\n"));
        let expected = "
--- a/src/a.rs
+++ b/src/a.rs
@@ -1,3 +1,3 @@
 a
-b
-c
\\ No newline at end of file
+B
+c
";
        assert_eq!(diff, expected);
    }

    #[test]
    fn files_come_and_go() {
        assert_eq!(patched(None, Some("a\n")).as_deref(), Some("a\n"));
        assert_eq!(patched(None, Some("")).as_deref(), Some(""));
        assert_eq!(patched(Some("a\n"), None), None);
        assert_eq!(patched(Some(""), None), None);
        assert_eq!(patched(Some("a\n"), Some("")).as_deref(), Some(""));
    }

    /// Texts with lines that look like parts of a patch.
    fn text() -> impl Strategy<Value = String> {
        let line = prop::sample::select(vec![
            "",
            "a",
            "b",
            "    }",
            "-- a/x",
            "++ b/x",
            "--- a/x",
            "+++ b/x",
            "@@ -1,1 +1,1 @@",
            "-",
            "+",
            " ",
            "\\ No newline at end of file",
            "# why",
            "tail \t",
            "\r",
            "a\r",
            "diff --git a/x b/x",
            "ü",
        ]);
        (prop::collection::vec(line, 0..40), any::<bool>()).prop_map(|(lines, is_whole)| {
            let mut text = lines.join("\n");
            if is_whole && !text.is_empty() {
                text.push('\n');
            }
            text
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn a_text_patched_with_the_difference_is_the_other(old in text(), new in text()) {
            prop_assume!(old != new);
            prop_assert_eq!(patched(Some(&old), Some(&new)), Some(new.clone()));
        }
    }
}
