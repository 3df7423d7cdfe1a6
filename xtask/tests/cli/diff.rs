//! `cargo xtask diff`

use std::fs;
use std::process::Command;

use crate::course::Course;

#[test]
fn the_table_lists_what_is_new_changed_and_as_it_was() {
    let course = Course::new();
    let said = course.xtask(&["diff", "2", "--stat"]);
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
    assert_eq!(said.stdout, expected);
    assert_eq!(course.xtask(&["diff", "1", "--stat"]).code, Some(0));
}

#[test]
fn the_printed_recipe_makes_a_day_out_of_the_day_before() {
    let course = Course::new();
    let printed = course.xtask(&["diff", "2"]).stdout;
    assert!(!printed.contains('\u{1b}'), "colours in a pipe");
    course.write("FILE", &printed);
    let recipe: Vec<_> = printed
        .lines()
        .filter_map(|line| line.strip_prefix("#     "))
        .collect();
    assert_eq!(recipe.len(), 3, "{printed}");
    let said = course.run(Command::new("sh").args(["-ec", &recipe.join("\n")]));
    assert_eq!(said.code, Some(0), "{said:?}");
    for file in [
        "Cargo.toml",
        "src/lib.rs",
        "src/reply.rs",
        "src/words.rs",
        "src/bin/echo.rs",
    ] {
        assert_eq!(
            course.read(&format!("COPY/{file}")),
            course.read(&format!("day02-reply/{file}"))
        );
    }
}

#[test]
fn it_is_the_same_every_time_and_needs_no_git() {
    let first = Course::new().xtask(&["diff", "2"]);
    let second = Course::without_git().xtask(&["diff", "2"]);
    assert_eq!(first.stdout, second.stdout);
    assert!(first.stdout.contains("@@ The program now uses the type.\n"));
    assert!(
        first
            .stdout
            .contains("\n# The new module joins the library.\n--- a/src/lib.rs\n")
    );
}

#[test]
fn the_page_is_one_file_that_needs_nothing_else() {
    let course = Course::new();
    let said = course.xtask(&["diff", "2", "--html", "out/page.html"]);
    assert_eq!(said.stdout, "wrote out/page.html\n");
    let page = course.read("out/page.html");
    assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
    for needed in [
        "prefers-color-scheme: dark",
        "<a href=\"#src-reply-rs\">",
        "<section id=\"src-reply-rs\">",
        "The answer gets a type of its own.",
        "<code>src/words.rs</code>",
        "<mark>",
    ] {
        assert!(page.contains(needed), "{needed}");
    }
    for foreign in ["http://", "https://", "<script", "<link"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    let left_over = fs::read_dir(course.path("out")).unwrap().count();
    assert_eq!(left_over, 1);
}

#[test]
fn bad_input_is_answered_in_one_line() {
    let course = Course::new();
    for (args, complaint) in [
        (
            vec!["diff", "9"],
            "error: there is no day 9: the course has days 1 to 2\n",
        ),
        (
            vec!["diff", "2", "--html", "README.md/x"],
            "error: cannot write README.md/x: ",
        ),
    ] {
        let said = course.xtask(&args);
        assert_eq!(
            (said.code, said.stderr.lines().count()),
            (Some(1), 1),
            "{said:?}"
        );
        assert!(said.stderr.starts_with(complaint), "{said:?}");
    }
    assert_eq!(course.xtask(&["diff", "two"]).code, Some(2));
    assert_eq!(course.xtask(&["difference"]).code, Some(2));

    course.write("day02-reply/why.toml", "[[why]]\nfile = 1\n");
    let said = course.xtask(&["diff", "2"]);
    assert_eq!(
        said.stderr,
        "error: day02-reply/why.toml:1: 'file' is a text\n"
    );

    let outside = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    let output = command
        .args(["diff", "2"])
        .current_dir(outside.path())
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.ends_with(" is not inside the course\n") && output.status.code() == Some(1),
        "{stderr}"
    );
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let course = Course::new();
    let pipe = format!(
        "set -o pipefail; {} diff 2 | true",
        env!("CARGO_BIN_EXE_xtask")
    );
    // Enough text that the pipe cannot take it all before its reader is gone.
    course.write("day02-reply/src/long.rs", &"// long\n".repeat(100_000));
    let said = course.run(Command::new("bash").args(["-c", &pipe]));
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
}
