//! What the tools need to know about a Rust file.

use anyhow::Result;
use regex_lite::Regex;

use crate::drift::line_of;

/// How many lines a file has before its tests begin.
pub(crate) fn lines_before_tests(text: &str) -> usize {
    let start = text.find("#[cfg(test)]\nmod ").unwrap_or(text.len());
    text[..start].trim_end_matches('\n').lines().count()
}

/// The names and lines of the ignored tests whose names begin with `exercise_`: each fails
/// until the reader of a lesson makes it pass.
pub(crate) fn exercises(text: &str) -> Result<Vec<(String, usize)>> {
    let test = Regex::new(r"#\[ignore\b[^\n]*\]\s+(?:#\[[^\n]*\]\s+)*fn (exercise_\w+)")?;
    let found = test.captures_iter(text).filter_map(|found| found.get(1));
    Ok(found
        .map(|name| (name.as_str().to_owned(), line_of(text, name.start())))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "\
pub fn helper() {}

#[cfg(test)]
mod tests {
    #[test]
    #[ignore = \"an exercise\"]
    #[should_panic]
    fn exercise_one() {}
    #[test]
    fn exercise_without_a_mark() {}
    #[test]
    #[ignore]
    fn slow() {}
}
";

    #[test]
    fn an_exercise_is_ignored_and_has_its_line() {
        assert_eq!(exercises(SOURCE).unwrap(), [("exercise_one".to_owned(), 8)]);
    }

    #[test]
    fn tests_and_the_blank_line_above_them_do_not_count() {
        assert_eq!(lines_before_tests(SOURCE), 1);
        assert_eq!(lines_before_tests("a\nb\n"), 2);
        assert_eq!(lines_before_tests("#[cfg(test)]\nuse x;\n"), 2);
        assert_eq!(lines_before_tests(""), 0);
    }
}
