//! What a command printed, and which lines of it the text shows.

use anyhow::Result;
use regex_lite::{Captures, Regex};

/// Makes lines alike that differ from run to run.
pub(super) struct Normal {
    port: String,
    address: Regex,
    log: Regex,
}

impl Normal {
    /// `port` stands for the 8888 of the texts.
    pub(super) fn new(port: u16) -> Result<Self> {
        Ok(Self {
            port: port.to_string(),
            address: Regex::new(r"127\.0\.0\.1:(\d+)")?,
            log: Regex::new(r"\d{4}/\d\d/\d\d-\d\d:\d\d:\d\d\.\d{6} \d+")?,
        })
    }

    pub(super) fn line(&self, line: &str) -> String {
        let line = self
            .address
            .replace_all(line.trim_end(), |found: &Captures| match &found[1] {
                port if port == self.port || port == "8888" => "127.0.0.1:8888",
                _ => "127.0.0.1:PORT",
            });
        self.log.replace_all(&line, "TIME THREAD").into_owned()
    }
}

/// What one command printed, and how much of it was found in the text.
pub(super) struct Output {
    is_background: bool,
    has_ended: bool,
    has_gaps: bool,
    lines: Vec<String>,
    taken: usize,
}

impl Output {
    pub(super) fn new(is_background: bool) -> Self {
        Self {
            is_background,
            has_ended: false,
            has_gaps: false,
            lines: Vec::new(),
            taken: 0,
        }
    }

    pub(super) fn is_background(&self) -> bool {
        self.is_background
    }

    pub(super) fn has_ended(&self) -> bool {
        self.has_ended
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
        if may_grow && !text.is_empty() && !text.ends_with('\n') {
            self.lines.pop();
        }
    }

    /// The first line that the text has to show and has not shown yet.
    pub(super) fn next_line(&self, normal: &Normal) -> Option<String> {
        let next = self.lines.get(self.taken).filter(|_| !self.has_gaps);
        next.map(|line| normal.line(line))
    }

    /// Takes a shown line, if it is the next one.
    pub(super) fn take(&mut self, shown: &str, normal: &Normal) -> bool {
        let within_reach = if self.has_gaps { usize::MAX } else { 1 };
        let mut rest = self.lines[self.taken..].iter().take(within_reach);
        let found = rest.position(|line| matches(shown, &normal.line(line)));
        self.taken += found.map_or(0, |skipped| skipped + 1);
        found.is_some()
    }
}

/// `…` in the shown line stands for any text.
fn matches(shown: &str, line: &str) -> bool {
    let mut parts = shown.split('…');
    let first = parts.next().unwrap_or("");
    let Some(mut rest) = line.strip_prefix(first) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_and_times_are_made_alike() {
        let normal = Normal::new(40123).unwrap();
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
    fn an_ellipsis_is_any_text() {
        assert!(
            matches("took … ms", "took 12 ms") && matches("…", "") && matches("a…c…e", "abcde")
        );
        assert!(matches("same", "same") && !matches("same", "same more"));
        assert!(!matches("took … ms", "took 12 s") && !matches("a…a", "a"));
    }

    #[test]
    fn lines_are_taken_in_order_unless_some_are_left_out() {
        let normal = Normal::new(1).unwrap();
        let mut output = Output::new(false);
        output.update("one\ntwo\nthree\nfour", true);
        assert!(output.take("one", &normal) && !output.take("three", &normal));
        assert_eq!(output.next_line(&normal).as_deref(), Some("two"));
        output.allow_gaps();
        assert!(output.take("three", &normal) && !output.take("two", &normal));
        assert_eq!(output.next_line(&normal), None);
    }

    #[test]
    fn half_a_line_waits_for_its_end() {
        let normal = Normal::new(1).unwrap();
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
