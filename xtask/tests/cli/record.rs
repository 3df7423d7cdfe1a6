//! `cargo xtask dev record`: measurements are taken anew, in both languages.

use crate::course::Course;

const TEXT: &str = "\
# A measurement

<!-- generated: machine -->
<!-- end generated -->

```console measured
$ echo took $((40 + 2)) ms
took 7 ms
```
";

#[test]
fn numbers_are_written_down_with_their_machine() {
    let course = Course::new();
    course.write("docs/README.md", TEXT);
    course.write("docs/README.zh-CN.md", TEXT);
    let ran = course.xtask("dev record --dry-run docs");
    assert_eq!(ran.stdout, "docs: as shown\n", "{ran:?}");
    assert_eq!(course.read("docs/README.md"), TEXT);

    let ran = course.xtask("dev record docs");
    assert_eq!(ran.stdout, "docs: recorded\n", "{ran:?}");
    for (path, words) in [
        ("docs/README.md", "were measured on 20"),
        ("docs/README.zh-CN.md", "下文的数字测于 20"),
    ] {
        let text = course.read(path);
        assert!(
            text.contains("\ntook 42 ms\n") && text.contains(words),
            "{text}"
        );
    }
    assert_eq!(course.xtask("check generated twins").code, Some(0));
}

#[test]
fn other_words_are_named_and_nothing_is_written() {
    let course = Course::new();
    let text = TEXT.replace("took 7 ms", "took 7 s");
    course.write("docs/README.md", &text);
    let ran = course.xtask("dev record docs");
    assert_eq!(ran.code, Some(1));
    let complaint = "docs/README.md:8: the text shows 'took 7 s'";
    assert!(ran.stdout.contains(complaint), "{ran:?}");
    assert_eq!(course.read("docs/README.md"), text);
    let ran = course.xtask("dev record nowhere");
    assert!(
        ran.stderr.contains("there is no text in 'nowhere'"),
        "{ran:?}"
    );
}
