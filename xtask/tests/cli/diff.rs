//! `cargo xtask diff`

use std::process::Command;

use crate::course::Course;

const XTASK: &str = env!("CARGO_BIN_EXE_xtask");

#[test]
fn the_table_lists_what_is_new_changed_and_as_it_was() {
    let course = Course::new();
    let ran = course.xtask("diff 2 --stat");
    let expected = "\
Day 2 (day02-reply) against day 1 (day01-listen)
file                        lines   +  -
src/reply.rs     added         30  30
Cargo.toml       changed       13   1  1
src/bin/echo.rs  changed       19   2  2
src/lib.rs       changed       15   5  1
src/words.rs     unchanged      2
5 files                        79  38  4
";
    assert_eq!(ran.stdout, expected);
    assert_eq!(course.xtask("diff 1 --stat").code, Some(0));
}

#[test]
fn the_printed_recipe_makes_a_day_out_of_the_day_before() {
    let course = Course::new();
    let printed = course.xtask("diff 2").stdout;
    assert!(!printed.contains('\u{1b}'), "colours in a pipe");
    course.write("FILE", &printed);
    let lines = printed
        .lines()
        .filter_map(|line| line.strip_prefix("#     "));
    let recipe: Vec<_> = lines.collect();
    assert_eq!(recipe.len(), 3, "{printed}");
    let ran = course.run(Command::new("sh").args(["-ec", &recipe.join("\n")]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for file in [
        "Cargo.toml",
        "src/lib.rs",
        "src/reply.rs",
        "src/words.rs",
        "src/bin/echo.rs",
    ] {
        let (made, day) = (format!("COPY/{file}"), format!("day02-reply/{file}"));
        assert_eq!(course.read(&made), course.read(&day));
    }
}

#[test]
fn it_is_the_same_every_time_and_needs_no_git() {
    let first = Course::new().xtask("diff 2").stdout;
    assert_eq!(first, Course::without_git().xtask("diff 2").stdout);
    assert!(first.contains("@@ The program now uses the type.\n"));
    assert!(first.contains("\n# The new module joins the library.\n--- a/src/lib.rs\n"));
}

#[test]
fn a_terminal_gets_it_through_the_pager_and_a_pipe_as_it_is() {
    let course = Course::new();
    let diff = format!("{XTASK} diff 2 --stat");
    let pager = |command: &mut Command| course.run(command.env("PAGER", "sed s/^/paged:/"));
    // script(1) runs a command on a terminal of its own.
    let on_terminal = pager(Command::new("script").args(["-qec", &diff, "/dev/null"]));
    assert!(
        on_terminal.stdout.contains("paged:src/reply.rs"),
        "{on_terminal:?}"
    );
    let in_pipe = pager(Command::new("sh").args(["-c", &diff]));
    assert!(!in_pipe.stdout.contains("paged:"), "{in_pipe:?}");
}

#[test]
fn bad_input_is_answered_in_one_line() {
    let course = Course::new();
    let ran = course.xtask("diff 9");
    assert_eq!(
        ran.stderr,
        "error: there is no day 9: the course has days 1 to 2\n"
    );
    assert_eq!(ran.code, Some(1));
    assert_eq!(course.xtask("diff two").code, Some(2));
    assert_eq!(course.xtask("difference").code, Some(2));
    course.write("day02-reply/why.toml", "[[why]]\nen = \"\"\nfile = 1\n");
    let ran = course.xtask("diff 2");
    assert!(
        ran.stderr
            .starts_with("error: day02-reply/why.toml:3: invalid type"),
        "{ran:?}"
    );
    assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");

    let outside = course.run(Command::new("sh").args(["-c", &format!("cd / && {XTASK} diff 2")]));
    assert_eq!(outside.stderr, "error: / is not inside the course\n");
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let course = Course::new();
    let pipe = format!("set -o pipefail; {XTASK} diff 2 | true");
    // Enough text that the pipe cannot take it all before its reader is gone.
    course.write("day02-reply/src/long.rs", &"// long\n".repeat(100_000));
    let ran = course.run(Command::new("bash").args(["-c", &pipe]));
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
}
