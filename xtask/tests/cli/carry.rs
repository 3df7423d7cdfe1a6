//! `cargo xtask dev carry`

use crate::course::Course;

const WORDS: [&str; 2] = ["day01-listen/src/words.rs", "day02-reply/src/words.rs"];
const LIBRARY: &str = "day01-listen/src/lib.rs";

#[test]
fn an_edit_goes_to_the_days_that_had_the_same_file() {
    let course = Course::new();
    course.edit(
        WORDS[0],
        "Words of day01-listen",
        "All words of day01-listen",
    );
    let ran = course.xtask(&format!("dev carry {}", WORDS[0]));
    assert_eq!(
        ran.stdout,
        format!("{}\n  day02-reply: carried\n", WORDS[0])
    );
    assert_eq!(ran.code, Some(0));
    assert!(
        course
            .read(WORDS[1])
            .starts_with("//! All words of day02-reply")
    );

    let again = course.xtask(&format!("dev carry {}", WORDS[0]));
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
        LIBRARY,
        "    Ok(listener)\n",
        "    Ok(listener) // at last\n",
    );
    let ran = course.xtask(&format!("dev carry {LIBRARY}"));
    assert!(
        ran.stdout
            .contains("day02-reply: its copy differs: edit it by hand"),
        "{ran:?}"
    );
    assert_eq!(ran.code, Some(1));
    assert_eq!(course.read("day02-reply/src/lib.rs"), before);

    let merged = course.xtask(&format!("dev carry --merge {LIBRARY}"));
    assert_eq!(merged.code, Some(0), "{merged:?}");
    let text = course.read("day02-reply/src/lib.rs");
    assert!(text.contains("at last") && text.contains("mod reply;"));
}

#[test]
fn a_merge_that_conflicts_is_left_to_be_resolved() {
    let course = Course::new();
    course.edit(LIBRARY, "a server that answers", "a server");
    let ran = course.xtask(&format!("dev carry --merge {LIBRARY}"));
    assert_eq!(ran.code, Some(1));
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
    let ran = course.xtask(&format!("dev carry day01-listen/tests/new.rs {}", WORDS[0]));
    assert_eq!(
        ran.stdout.matches("day02-reply: carried").count(),
        2,
        "{ran:?}"
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
    let ran = course.xtask(&format!("dev carry {}", WORDS[0]));
    assert_eq!(
        ran.stderr,
        format!("error: {} is as it was in HEAD\n", WORDS[0])
    );
    let ran = course.xtask(&format!("dev carry --since HEAD~1 {}", WORDS[0]));
    assert_eq!(ran.code, Some(0));
    assert!(course.read(WORDS[1]).contains("All words"));
}

#[test]
fn bad_input_is_answered_in_one_line() {
    let course = Course::new();
    for (args, complaint) in [
        ("README.md", "README.md is in no day of the course"),
        (
            "day01-listen/README.md",
            "is its day's own: only Cargo.toml, src, tests and examples",
        ),
        (
            "day01-listen/src/none.rs",
            "there is no day01-listen/src/none.rs",
        ),
        ("/etc/hostname", "/etc/hostname is not inside the course"),
        ("--since nowhere day01-listen/src/words.rs", "nowhere"),
    ] {
        let ran = course.xtask(&format!("dev carry {args}"));
        assert_eq!(
            (ran.code, ran.stderr.lines().count()),
            (Some(1), 1),
            "{ran:?}"
        );
        assert!(ran.stderr.contains(complaint), "{ran:?}");
    }
    let ran = Course::without_git().xtask(&format!("dev carry {}", WORDS[0]));
    assert!(ran.stderr.contains("is not a git checkout"), "{ran:?}");
}
