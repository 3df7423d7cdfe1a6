//! What a command printed, and which lines of it the text shows.

use anyhow::Result;
use regex_lite::{Captures, Regex};

/// How much of a line must be printed as it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exactness {
    /// All but ports, times and thread ids.
    Everything,
    /// The words; the numbers are a measurement, and the spaces follow them.
    Words,
}

/// Makes lines alike that differ from run to run.
pub(super) struct Normal {
    exactness: Exactness,
    port: String,
    address: Regex,
    log: Regex,
    number: Regex,
}

impl Normal {
    /// `port` stands for the 8888 of the texts.
    pub(super) fn new(port: u16, exactness: Exactness) -> Result<Self> {
        Ok(Self {
            exactness,
            port: port.to_string(),
            address: Regex::new(r"127\.0\.0\.1:(\d+)")?,
            log: Regex::new(r"\d{4}/\d\d/\d\d-\d\d:\d\d:\d\d\.\d{6} \d+")?,
            number: Regex::new(r"0x[0-9a-f]+|\d+(?:[.,]\d+)*")?,
        })
    }

    /// A line as the text is to show it.
    pub(super) fn as_shown(&self, line: &str) -> String {
        let port = format!("127.0.0.1:{}", self.port);
        line.trim_end().replace(&port, "127.0.0.1:8888")
    }

    pub(super) fn line(&self, line: &str) -> String {
        let line = self
            .address
            .replace_all(line.trim_end(), |found: &Captures| match &found[1] {
                port if port == self.port || port == "8888" => "127.0.0.1:8888",
                _ => "127.0.0.1:PORT",
            });
        let line = self.log.replace_all(&line, "TIME THREAD");
        if self.exactness == Exactness::Everything {
            return line.into_owned();
        }
        let words: Vec<_> = line.split_whitespace().collect();
        self.number.replace_all(&words.join(" "), "#").into_owned()
    }
}

/// What one command printed, and how much of it was found in the text.
#[derive(Default)]
pub(super) struct Output {
    pub(super) is_background: bool,
    pub(super) has_ended: bool,
    has_gaps: bool,
    lines: Vec<String>,
    taken: usize,
}

impl Output {
    pub(super) fn new(is_background: bool) -> Self {
        Self {
            is_background,
            ..Self::default()
        }
    }

    /// From here on the text leaves lines out.
    pub(super) fn allow_gaps(&mut self) {
        self.has_gaps = true;
    }

    /// `text` is all that was printed up to now. A last line without its end counts
    /// once no more of it can come.
    pub(super) fn update(&mut self, text: &str, has_ended: bool) {
        self.has_ended = has_ended;
        let may_grow = self.is_background || !has_ended;
        self.lines = text.lines().map(str::to_owned).collect();
        self.lines.retain(|line| !is_job_notice(line));
        if may_grow && !text.is_empty() && !text.ends_with('\n') {
            self.lines.pop();
        }
    }

    /// The first line that the text has to show and has not shown yet.
    pub(super) fn next_line(&self, normal: &Normal) -> Option<String> {
        let next = self.lines.get(self.taken).filter(|_| !self.has_gaps);
        next.map(|line| normal.line(line))
    }

    /// Takes a shown line, if it is the next one: the line as it was printed.
    pub(super) fn take(&mut self, shown: &str, normal: &Normal) -> Option<&str> {
        let within_reach = if self.has_gaps { usize::MAX } else { 1 };
        let mut rest = self.lines[self.taken..].iter().take(within_reach);
        let skipped = rest.position(|line| matches(shown, &normal.line(line)))?;
        self.taken += skipped + 1;
        Some(&self.lines[self.taken - 1])
    }
}

/// `[1]+  Terminated …`: what bash says of its jobs, in its own time and words.
fn is_job_notice(line: &str) -> bool {
    let rest = line.strip_prefix('[').and_then(|line| line.split_once(']'));
    rest.is_some_and(|(job, rest)| {
        job.parse::<u32>().is_ok() && rest.trim_start_matches(['+', '-']).starts_with("  ")
    })
}

/// `…` in the shown line stands for any text.
fn matches(shown: &str, line: &str) -> bool {
    let Some((first, rest)) = shown.split_once('…') else {
        return shown == line;
    };
    let Some(line) = line.strip_prefix(first) else {
        return false;
    };
    let mut ends = line.char_indices().map(|(at, _)| at).chain([line.len()]);
    ends.any(|end| matches(rest, &line[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_and_times_are_made_alike() {
        let normal = Normal::new(40123, Exactness::Everything).unwrap();
        assert_eq!(
            normal.line("listening on 127.0.0.1:40123 "),
            "listening on 127.0.0.1:8888"
        );
        assert_eq!(normal.line("from 127.0.0.1:51000"), "from 127.0.0.1:PORT");
        assert_eq!(normal.line("127.0.0.1:8888"), "127.0.0.1:8888");
        assert_eq!(
            normal.line("127.0.0.1:88881 127.0.0.1:888"),
            "127.0.0.1:PORT 127.0.0.1:PORT"
        );
        assert_eq!(
            normal.line("2026/11/23-03:54:35.123456 12345 INFO  x.rs:8] hi"),
            "TIME THREAD INFO  x.rs:8] hi"
        );
    }

    #[test]
    fn a_measured_line_may_have_other_numbers_and_no_other_words() {
        let normal = Normal::new(40123, Exactness::Words).unwrap();
        let line = "  1 client:  12.5 MB at 127.0.0.1:40123, 0x7ff in 3,000 µs";
        assert_eq!(
            normal.line(line),
            "# client: # MB at #.#.#.#:#, # in # µs".replace("#.#.#.#", "#")
        );
        assert_ne!(normal.line("12 MB"), normal.line("12 KB"));
        assert_eq!(normal.as_shown("at 127.0.0.1:40123 "), "at 127.0.0.1:8888");
    }

    #[test]
    fn an_ellipsis_is_any_text() {
        assert!(
            matches("took … ms", "took 12 ms") && matches("…", "") && matches("a…c…e", "abcde")
        );
        assert!(matches("same", "same") && !matches("same", "same more"));
        assert!(!matches("took … ms", "took 12 s") && !matches("a…a", "a"));
    }

    #[test]
    fn what_bash_says_of_its_jobs_is_no_output() {
        assert!(is_job_notice(
            "[1]+  Terminated              { sleep 100; }"
        ));
        assert!(is_job_notice("[12]   Exit 1                  false"));
        assert!(!is_job_notice("[1, 2]") && !is_job_notice("[1] 4711") && !is_job_notice("1]  x"));
    }

    #[test]
    fn lines_are_taken_in_order_unless_some_are_left_out() {
        let normal = Normal::new(1, Exactness::Everything).unwrap();
        let mut output = Output::new(false);
        output.update("one\ntwo\nthree\nfour", true);
        assert_eq!(output.take("one", &normal), Some("one"));
        assert_eq!(output.take("three", &normal), None);
        assert_eq!(output.next_line(&normal).as_deref(), Some("two"));
        output.allow_gaps();
        assert_eq!(output.take("three", &normal), Some("three"));
        assert_eq!(output.take("two", &normal), None);
        assert_eq!(output.next_line(&normal), None);
    }

    #[test]
    fn half_a_line_waits_for_its_end() {
        let normal = Normal::new(1, Exactness::Everything).unwrap();
        let mut server = Output::new(true);
        server.update("listen", false);
        assert!(server.next_line(&normal).is_none());
        server.update("listening\n", false);
        assert_eq!(server.next_line(&normal).unwrap(), "listening");

        let mut client = Output::new(false);
        client.update("x", false);
        assert!(client.next_line(&normal).is_none());
        client.update("x", true);
        assert_eq!(client.next_line(&normal).unwrap(), "x");
    }
}
