//! `cargo xtask check` and `sync`: each kind of drift is named.

use crate::course::{Course, Said};

/// Runs one check, which has to complain with a line that begins like this.
fn assert_drift(course: &Course, check: &str, place: &str, what: &str) {
    let said = course.xtask(&["check", check]);
    assert_eq!(said.code, Some(1), "{said:?}");
    let is_it = |line: &str| line.trim_start().starts_with(place) && line.contains(what);
    assert!(
        said.stdout.lines().any(is_it),
        "no '{place} … {what}' in\n{}",
        said.stdout
    );
}

fn assert_fine(said: &Said) {
    assert_eq!(said.code, Some(0), "{}{}", said.stdout, said.stderr);
}

#[test]
fn the_course_as_it_is_has_no_drift() {
    let course = Course::new();
    let said = course.xtask(&["check", "--exercises"]);
    assert_fine(&said);
    assert_eq!(
        said.stdout.matches(" ok\n").count(),
        said.stdout.lines().count(),
        "{said:?}"
    );
    assert!(said.stdout.contains("exercises    ok"));
    assert!(!course.xtask(&["check"]).stdout.contains("exercises"));
}

#[test]
fn sync_writes_what_check_misses_and_then_has_nothing_to_do() {
    let course = Course::new();
    course.edit(
        "day02-reply/src/reply.rs",
        "/// What is sent.",
        "/// What is sent,\n    /// all of it.",
    );
    assert_drift(
        &course,
        "generated",
        "day02-reply/README.md:5:",
        "'changes 2' is out of date",
    );
    assert_drift(
        &course,
        "generated",
        "README.zh-CN.md:5:",
        "'days' is out of date",
    );
    assert_fine(&course.xtask(&["sync"]));
    assert_fine(&course.xtask(&["check", "generated"]));
    assert_eq!(course.xtask(&["sync"]).stdout, "");
    assert!(
        course
            .read("day02-reply/README.md")
            .contains("| new | +31 |")
    );
}

#[test]
fn a_region_that_nothing_generates_is_named() {
    let course = Course::new();
    course.write(
        "README.md",
        "<!-- generated: weather -->\n<!-- end generated -->\n",
    );
    assert_drift(
        &course,
        "generated",
        "README.md:1:",
        "nothing generates 'weather'",
    );
    course.write(
        "README.md",
        "# x\n<!-- generated: changes 7 -->\n<!-- end generated -->\n",
    );
    assert_drift(&course, "generated", "README.md:2:", "there is no day 7");
    let said = course.xtask(&["sync"]);
    assert!(
        said.stderr
            .starts_with("error: README.md:2: there is no day 7"),
        "{said:?}"
    );
}

#[test]
fn a_day_that_loses_a_file_is_named() {
    let course = Course::new();
    course.remove("day02-reply/src/words.rs");
    assert_drift(
        &course,
        "snapshot",
        "day02-reply/Cargo.toml:1:",
        "src/words.rs of day 1 is missing",
    );
}

#[test]
fn crate_names_outside_the_alias_line_are_named() {
    let course = Course::new();
    course.edit(
        "day02-reply/src/bin/echo.rs",
        "use reactor::",
        "use day02_reply::",
    );
    assert_drift(
        &course,
        "snapshot",
        "day02-reply/src/bin/echo.rs:7:",
        "outside the alias line",
    );
    course.edit("day01-listen/src/words.rs", "day01-listen", "day02_reply");
    assert_drift(
        &course,
        "snapshot",
        "day01-listen/src/words.rs:1:",
        "another day's crate",
    );
}

#[test]
fn a_dependency_is_named() {
    let course = Course::new();
    course.edit(
        "day02-reply/Cargo.toml",
        "[dependencies]",
        "[dependencies]\nmio = \"1\"",
    );
    assert_drift(
        &course,
        "dependencies",
        "day02-reply/Cargo.toml:14:",
        "depends on mio",
    );
}

#[test]
fn a_hunk_without_its_sentence_is_named() {
    let course = Course::new();
    course.edit(
        "day02-reply/why.toml",
        "at = \"Reply::new\"",
        "at = \"Reply::old\"",
    );
    assert_drift(
        &course,
        "why",
        "day02-reply/src/bin/echo.rs:16:",
        "nothing says why this changes",
    );
    assert_drift(
        &course,
        "why",
        "day02-reply/why.toml:22:",
        "changes a line with 'Reply::old'",
    );

    course.edit("day02-reply/why.toml", "zh = \"新模块并入库中。\"\n", "");
    assert_drift(
        &course,
        "why",
        "day02-reply/why.toml:11:",
        "has no Chinese twin",
    );
    course.edit("day02-reply/why.toml", "src/reply.rs", "src/gone.rs");
    assert_drift(
        &course,
        "why",
        "day02-reply/src/reply.rs:1:",
        "nothing says why this file is new",
    );
    assert_drift(
        &course,
        "why",
        "day02-reply/why.toml:6:",
        "does not change src/gone.rs",
    );
    course.remove("day02-reply/why.toml");
    assert_drift(&course, "why", "day02-reply/why.toml:1:", "no why.toml");
    course.remove("day02-reply/README.md");
    assert_fine(&course.xtask(&["check", "why"]));
}

#[test]
fn twins_that_differ_are_named() {
    let course = Course::new();
    course.edit("day01-listen/README.zh-CN.md", "hello >&3", "你好 >&3");
    assert_drift(
        &course,
        "twins",
        "day01-listen/README.zh-CN.md:3:",
        "differs from the one in day01-listen/README.md:3",
    );
    course.edit("day02-reply/README.zh-CN.md", "## 改动", "### 改动");
    assert_drift(
        &course,
        "twins",
        "day02-reply/README.zh-CN.md:3:",
        "'### 改动'",
    );
    course.remove("README.md");
    assert_drift(
        &course,
        "twins",
        "README.zh-CN.md:1:",
        "there is no README.md",
    );
}

#[test]
fn links_that_lead_nowhere_are_named() {
    let course = Course::new();
    course.write(
        "day01-listen/notes.md",
        "# Notes\n\n[a](../README.md) [b](src/lib.rs#L2) [c](#notes) <img src=\"../none.svg\">\n\
         [d](src/none.rs) [e](../README.md#none) [f](src/lib.rs#L99)\n\
         `src/lib.rs:2`, day01-listen/src/lib.rs:99, 127.0.0.1:8888 and [g](https://example.org/x.rs:9).\n\n\
         ```text\nsrc/none.rs:1\n```\n",
    );
    for (line, what) in [
        (3, "there is no none.svg"),
        (4, "there is no day01-listen/src/none.rs"),
        (4, "README.md has no #none"),
        (4, "day01-listen/src/lib.rs has no #L99"),
        (5, "day01-listen/src/lib.rs:99 leads nowhere"),
    ] {
        assert_drift(
            &course,
            "links",
            &format!("day01-listen/notes.md:{line}:"),
            what,
        );
    }
    let said = course.xtask(&["check", "links"]);
    assert!(
        said.stdout.starts_with("links        5 to mend\n"),
        "{said:?}"
    );
}

#[test]
fn a_name_that_no_library_has_is_named() {
    let course = Course::new();
    course.edit("day02-reply/src/reply.rs", "pub fn text", "fn text");
    assert_drift(
        &course,
        "map",
        "README.md:18:",
        "no library from day 2 on has Reply::text",
    );
    course.edit("README.md", "`listen(addr)`", "`listen_at(addr)`");
    assert_drift(
        &course,
        "map",
        "README.md:19:",
        "no library from day 1 on has listen_at",
    );
}

#[test]
fn exercises_and_answers_belong_together() {
    let course = Course::new();
    course.edit(
        "day02-reply/tests/exercises.rs",
        "exercise_shout",
        "exercise_whisper",
    );
    assert_drift(
        &course,
        "answers",
        "day02-reply/tests/exercises.rs:7:",
        "exercise_whisper has no answer",
    );
    assert_drift(
        &course,
        "answers",
        "day02-reply/answers/exercise_shout.patch:1:",
        "no ignored test exercise_shout",
    );
}

#[test]
fn an_answer_that_no_longer_applies_is_named() {
    let course = Course::new();
    course.edit("day02-reply/src/reply.rs", "Echo: {line}", "Reply: {line}");
    assert_drift(
        &course,
        "answers",
        "day02-reply/answers/exercise_shout.patch:1:",
        "does not apply",
    );
}

#[test]
fn exercises_are_red_unsolved_and_green_with_their_answer() {
    let course = Course::new();
    course.edit("day02-reply/tests/exercises.rs", "Echo: X", "Echo: x");
    assert_drift(
        &course,
        "exercises",
        "day02-reply/tests/exercises.rs:7:",
        "passes without its answer",
    );
    assert_drift(
        &course,
        "exercises",
        "day02-reply/tests/exercises.rs:7:",
        "fails with its answer",
    );
}

#[test]
fn what_a_text_shows_is_what_its_commands_print() {
    let course = Course::new();
    let lesson = "day01-listen/README.md";
    course.edit(lesson, "Echo: hello", "Echo: hallo");
    assert_drift(
        &course,
        "transcripts",
        "day01-listen/README.md:9:",
        "the text shows 'Echo: hallo', but",
    );
    course.edit(lesson, "Echo: hallo\n", "");
    assert_drift(
        &course,
        "transcripts",
        "day01-listen/README.md:7:",
        "also prints 'Echo: hello'",
    );
    course.edit(
        lesson,
        "Message from 127.0.0.1:50000: hello\n",
        "Echo: hello\n",
    );
    assert_drift(
        &course,
        "transcripts",
        "day01-listen/README.md:3:",
        "in the background also printed 'Message from",
    );
    course.edit(lesson, "Echo: hello\n", "…\n");
    assert_drift(
        &course,
        "transcripts",
        "day01-listen/README.md:3:",
        "in the background also printed",
    );
}

#[test]
fn days_that_do_not_build_are_one_line() {
    let course = Course::new();
    course.write("day01-listen/src/lib.rs", "pub fn\n");
    let said = course.xtask(&["check", "transcripts"]);
    assert!(
        said.stderr.ends_with("error: the days do not build\n"),
        "{said:?}"
    );
    assert_drift(
        &course,
        "map",
        "day01-listen/src/lib.rs:1:",
        "expected identifier",
    );
}

#[test]
fn an_unknown_check_is_no_check_passed() {
    let said = Course::new().xtask(&["check", "everything"]);
    assert_eq!(said.code, Some(1));
    assert!(
        said.stderr
            .starts_with("error: there is no check 'everything'"),
        "{said:?}"
    );
}
