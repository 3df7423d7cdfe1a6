//! `cargo xtask check` and `dev sync`: each kind of drift is named.

use crate::course::{Course, Ran};

/// Runs one check, which must report a drift with a line that begins and ends like this.
fn assert_drift(course: &Course, check: &str, place: &str, what: &str) {
    let ran = course.xtask(&format!("check {check}"));
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let is_it = |line: &str| line.trim_start().starts_with(place) && line.contains(what);
    let found = ran.stdout.lines().any(is_it);
    assert!(found, "no '{place} … {what}' in\n{}", ran.stdout);
}

fn assert_fine(ran: &Ran) {
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
}

/// An edit (a file, a text in it, and its replacement), the check that finds it, and the
/// place and the words of the drift. Without a text, the file is removed.
type Case = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

#[rustfmt::skip] // A table: one row a line.
const CASES: &[Case] = &[
    ("day02-reply/src/reply.rs", "/// What is sent.", "/// What\n    /// is sent.", "generated", "day02-reply/README.md:5:", "'changes 2' is out of date"),
    ("day02-reply/src/reply.rs", "/// What is sent.", "/// What\n    /// is sent.", "generated", "README.zh-CN.md:5:", "'days' is out of date"),
    ("README.md", "generated: days", "generated: weather", "generated", "README.md:5:", "nothing generates 'weather'"),
    ("README.md", "generated: days", "generated: changes 7", "generated", "README.md:5:", "there is no day 7"),
    ("README.md", "<!-- end generated -->", "", "generated", "README.md:5:", "has no end"),
    ("day02-reply/src/words.rs", "", "", "snapshot", "day02-reply/Cargo.toml:1:", "src/words.rs of the day before is missing"),
    ("day02-reply/src/bin/echo.rs", "use reactor::", "use day02_reply::", "snapshot", "day02-reply/src/bin/echo.rs:7:", "outside the alias line"),
    ("day01-listen/src/words.rs", "day01-listen", "day02_reply", "snapshot", "day01-listen/src/words.rs:1:", "another day's crate"),
    ("day02-reply/src/words.rs", "//! Its", "//! Its\n// -- a\n//! Its", "why", "day02-reply/src/words.rs:2:", "nothing says why this changes"),
    ("day02-reply/why.toml", "at = \"Reply::new\"", "at = \"Reply::old\"", "why", "day02-reply/src/bin/echo.rs:16:", "nothing says why this changes"),
    ("day02-reply/why.toml", "at = \"Reply::new\"", "at = \"Reply::old\"", "why", "day02-reply/why.toml:22:", "changes a line with 'Reply::old'"),
    ("day02-reply/why.toml", "zh = \"新模块并入库中。\"\n", "", "why", "day02-reply/why.toml:11:", "has no Chinese twin"),
    ("day02-reply/why.toml", "src/reply.rs", "src/gone.rs", "why", "day02-reply/src/reply.rs:1:", "nothing says why this file is new"),
    ("day02-reply/why.toml", "src/reply.rs", "src/gone.rs", "why", "day02-reply/why.toml:6:", "does not change src/gone.rs"),
    ("day02-reply/why.toml", "", "", "why", "day02-reply/why.toml:1:", "no why.toml"),
    ("day01-listen/README.zh-CN.md", "hello >&3", "你好 >&3", "twins", "day01-listen/README.zh-CN.md:3:", "differs from day01-listen/README.md:3"),
    ("day02-reply/README.zh-CN.md", "## 改动", "### 改动", "twins", "day02-reply/README.zh-CN.md:3:", "the heading differs"),
    ("README.md", "", "", "twins", "README.zh-CN.md:1:", "there is no README.md"),
    ("README.md", "README.md#what-changed", "LESSON.md", "links", "README.md:16:", "the link day02-reply/LESSON.md leads nowhere"),
    ("README.md", "#what-changed", "#what-stayed", "links", "README.md:16:", "leads nowhere"),
    ("README.md", "-p day02-reply", "-p day03-sing", "commands", "README.md:16:", "there is no package day03-sing"),
    ("README.md", "`cargo run", "`cargo xtask dance", "commands", "README.md:16:", "unrecognized subcommand"),
    ("day01-listen/README.md", "console run", "console", "commands", "day01-listen/README.md:3:", "does not run this block's commands"),
    ("day01-listen/README.md", "console run", "rust,ignore src/lib.rs", "excerpts", "day01-listen/README.md:4:", "src/lib.rs has no such lines"),
    ("day02-reply/tests/exercises.rs", "exercise_shout", "exercise_sing", "answers", "day02-reply/tests/exercises.rs:7:", "exercise_sing has no answer"),
    ("day02-reply/tests/exercises.rs", "exercise_shout", "exercise_sing", "answers", "day02-reply/answers/exercise_shout.patch:1:", "no ignored test of this name"),
    ("day02-reply/src/reply.rs", "Echo: {line}", "Reply: {line}", "answers", "day02-reply/answers/exercise_shout.patch:1:", "does not apply"),
    ("day02-reply/tests/exercises.rs", "Echo: X", "Echo: x", "exercises", "day02-reply/tests/exercises.rs:7:", "passes without its answer"),
    ("day02-reply/tests/exercises.rs", "Echo: X", "Echo: x", "exercises", "day02-reply/tests/exercises.rs:7:", "fails with its answer"),
    ("day01-listen/README.md", "\nEcho: hello", "\nEcho: hallo", "transcripts", "day01-listen/README.md:9:", "the text shows 'Echo: hallo', but"),
    ("day01-listen/README.md", "\nEcho: hello", "", "transcripts", "day01-listen/README.md:7:", "also prints 'Echo: hello'"),
    ("day01-listen/README.md", "Message from 127.0.0.1:50000: hello\n", "", "transcripts", "day01-listen/README.md:3:", "in the background also printed 'Message from"),
    ("day01-listen/README.md", "Message from 127.0.0.1:50000: hello\nEcho: hello", "…", "transcripts", "day01-listen/README.md:3:", "in the background also printed"),
];

#[test]
fn each_kind_of_drift_is_named() {
    for (path, from, to, check, place, what) in CASES {
        let course = Course::new();
        match *from {
            "" => course.remove(path),
            from => course.edit(path, from, to),
        }
        assert_drift(&course, check, place, what);
    }
}

#[test]
fn the_course_as_it_is_has_no_drift() {
    let course = Course::new();
    let ran = course.xtask("check --exercises");
    assert_fine(&ran);
    let ok = ran.stdout.lines().filter(|line| line.ends_with(" ok"));
    assert_eq!(ok.count(), ran.stdout.lines().count(), "{ran:?}");
    assert!(ran.stdout.contains("exercises    ok"));
    assert!(!course.xtask("check").stdout.contains("exercises"));
    course.remove("day02-reply/why.toml");
    course.remove("day02-reply/README.md");
    assert_fine(&course.xtask("check why"));
}

#[test]
fn sync_writes_what_check_misses_and_then_has_nothing_to_do() {
    let course = Course::new();
    course.edit(
        "day02-reply/src/reply.rs",
        "/// What",
        "/// What\n    /// What",
    );
    let ran = course.xtask("dev sync");
    assert!(
        ran.stdout.contains("README.md:5: written anew\n"),
        "{ran:?}"
    );
    assert_fine(&course.xtask("check generated"));
    assert_eq!(course.xtask("dev sync").stdout, "");
    assert!(
        course
            .read("day02-reply/README.md")
            .contains("| new | +31 |")
    );
    course.edit("README.md", "generated: days", "generated: weather");
    let ran = course.xtask("dev sync");
    assert!(
        ran.stderr
            .starts_with("error: README.md:5: nothing generates"),
        "{ran:?}"
    );
}

#[test]
fn days_that_do_not_build_are_one_line() {
    let course = Course::new();
    course.write("day01-listen/src/lib.rs", "pub fn\n");
    let ran = course.xtask("check transcripts");
    assert!(
        ran.stderr.ends_with("error: the days do not build\n"),
        "{ran:?}"
    );
}

#[test]
fn a_bad_argument_is_refused() {
    let course = Course::new();
    for args in [
        "check everything",
        "bench --scenario x",
        "bench --rounds 0",
        "compare --only x",
    ] {
        let ran = course.xtask(args);
        assert_eq!((ran.code, &*ran.stdout), (Some(2), ""), "{ran:?}");
        assert!(ran.stderr.starts_with("error: invalid value"), "{ran:?}");
    }
}
