//! `cargo xtask carry`

use crate::course::Course;

const WORDS: [&str; 2] = ["day01-listen/src/words.rs", "day02-reply/src/words.rs"];

#[test]
fn an_edit_goes_to_the_days_that_had_the_same_file() {
    let course = Course::new();
    course.edit(
        WORDS[0],
        "Words of day01-listen",
        "All words of day01-listen",
    );
    let said = course.xtask(&["carry", WORDS[0]]);
    assert_eq!(
        said.stdout,
        "day01-listen/src/words.rs\n  day02-reply: carried\n"
    );
    assert_eq!(said.code, Some(0));
    assert!(
        course
            .read(WORDS[1])
            .starts_with("//! All words of day02-reply")
    );

    let again = course.xtask(&["carry", WORDS[0]]);
    assert!(
        again.stdout.contains("day02-reply: has it already"),
        "{again:?}"
    );
}

#[test]
fn a_day_that_differs_is_named_and_left_alone() {
    let course = Course::new();
    let before = course.read("day02-reply/src/lib.rs");
    course.edit(
        "day01-listen/src/lib.rs",
        "    Ok(listener)\n",
        "    Ok(listener) // at last\n",
    );
    let said = course.xtask(&["carry", "day01-listen/src/lib.rs"]);
    assert!(
        said.stdout
            .contains("day02-reply: its copy differs, and needs a hand"),
        "{said:?}"
    );
    assert_eq!(said.code, Some(1));
    assert_eq!(course.read("day02-reply/src/lib.rs"), before);

    let merged = course.xtask(&["carry", "--merge", "day01-listen/src/lib.rs"]);
    assert_eq!(merged.code, Some(0), "{merged:?}");
    let text = course.read("day02-reply/src/lib.rs");
    assert!(text.contains("at last") && text.contains("mod reply;"));
}

#[test]
fn a_merge_that_conflicts_needs_a_hand() {
    let course = Course::new();
    course.edit(
        "day01-listen/src/lib.rs",
        "a server that answers",
        "a server",
    );
    let said = course.xtask(&["carry", "--merge", "day01-listen/src/lib.rs"]);
    assert_eq!(said.code, Some(1));
    assert!(course.read("day02-reply/src/lib.rs").contains("<<<<<<<"));
}

#[test]
fn files_that_come_and_go_are_carried() {
    let course = Course::new();
    course.write(
        "day01-listen/tests/new.rs",
        "use day01_listen as reactor;\n",
    );
    course.remove(WORDS[0]);
    let said = course.xtask(&["carry", "day01-listen/tests/new.rs", WORDS[0]]);
    assert_eq!(
        said.stdout.matches("day02-reply: carried").count(),
        2,
        "{said:?}"
    );
    assert_eq!(
        course.read("day02-reply/tests/new.rs"),
        "use day02_reply as reactor;\n"
    );
    assert!(!course.path(WORDS[1]).exists());
}

#[test]
fn an_edit_that_is_committed_can_still_be_carried() {
    let course = Course::new();
    course.edit(WORDS[0], "Words", "All words");
    course.commit();
    let said = course.xtask(&["carry", WORDS[0]]);
    assert_eq!(
        said.stderr,
        "error: day01-listen/src/words.rs is as it was in HEAD\n"
    );
    assert_eq!(
        course.xtask(&["carry", "--since", "HEAD~1", WORDS[0]]).code,
        Some(0)
    );
    assert!(course.read(WORDS[1]).contains("All words"));
}

#[test]
fn bad_input_is_answered_in_one_line() {
    let course = Course::new();
    for (args, complaint) in [
        (vec!["README.md"], "README.md is in no day of the course"),
        (
            vec!["day01-listen/README.md"],
            "is its day's own: only Cargo.toml, src, tests and examples are carried",
        ),
        (
            vec!["day01-listen/src/none.rs"],
            "there is no day01-listen/src/none.rs",
        ),
        (
            vec!["/etc/hostname"],
            "/etc/hostname is not inside the course",
        ),
        (vec!["--since", "nowhere", WORDS[0]], "nowhere"),
    ] {
        let said = course.xtask(&[&["carry"], args.as_slice()].concat());
        assert_eq!(
            (said.code, said.stderr.lines().count()),
            (Some(1), 1),
            "{said:?}"
        );
        assert!(said.stderr.contains(complaint), "{said:?}");
    }
    let said = Course::without_git().xtask(&["carry", WORDS[0]]);
    assert!(said.stderr.contains("is not a git checkout"), "{said:?}");
}
