//! Whether a line is the line that a text shows.

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
    pub(super) is_background: bool,
    lines: Vec<String>,
    taken: usize,
}

impl Output {
    pub(super) fn new(is_background: bool) -> Self {
        Self {
            is_background,
            lines: Vec::new(),
            taken: 0,
        }
    }

    /// A last line without its end counts once no more of it can come.
    pub(super) fn update(&mut self, text: String, has_ended: bool) {
        let is_whole = text.is_empty() || text.ends_with('\n') || has_ended && !self.is_background;
        self.lines = text.lines().map(str::to_owned).collect();
        if !is_whole {
            self.lines.pop();
        }
    }

    /// The first line that the text has not shown yet.
    pub(super) fn next_line(&self, normal: &Normal) -> Option<String> {
        self.lines.get(self.taken).map(|line| normal.line(line))
    }

    pub(super) fn skip_rest(&mut self) {
        self.taken = self.lines.len();
    }

    fn take(&mut self, shown: &str, skipping: bool, normal: &Normal) -> bool {
        let mut rest = self.lines[self.taken..].iter();
        let found = if skipping {
            rest.position(|line| matches(shown, &normal.line(line)))
        } else {
            rest.next()
                .filter(|line| matches(shown, &normal.line(line)))
                .map(|_| 0)
        };
        self.taken += found.map_or(0, |skipped| skipped + 1);
        found.is_some()
    }
}

/// Takes a shown line from the output of the current command, or else from that of
/// a program in the background.
pub(super) fn take(
    outputs: &mut [Output],
    current: usize,
    shown: &str,
    skipping: bool,
    normal: &Normal,
) -> bool {
    if outputs[current].take(shown, skipping, normal) {
        return true;
    }
    let mut others = outputs.iter_mut().filter(|output| output.is_background);
    others.any(|output| output.take(shown, skipping, normal))
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

    fn output(is_background: bool, text: &str) -> Output {
        let mut output = Output::new(is_background);
        output.update(text.to_owned(), true);
        output
    }

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
    fn lines_come_from_the_command_or_from_the_background() {
        let normal = Normal::new(1).unwrap();
        let mut outputs = [
            output(true, "listening\nmessage\n"),
            output(false, "reply\nend"),
        ];
        for line in ["listening", "reply", "message", "end"] {
            assert!(take(&mut outputs, 1, line, false, &normal), "{line}");
        }
        assert!(!take(&mut outputs, 1, "end", false, &normal));
    }

    #[test]
    fn lines_are_taken_in_order_unless_some_are_left_out() {
        let normal = Normal::new(1).unwrap();
        let mut outputs = [output(false, "one\ntwo\nthree\n")];
        assert!(!take(&mut outputs, 0, "three", false, &normal));
        assert!(take(&mut outputs, 0, "three", true, &normal));
        assert!(outputs[0].next_line(&normal).is_none());
    }

    #[test]
    fn half_a_line_waits_for_its_end() {
        let normal = Normal::new(1).unwrap();
        let mut server = Output::new(true);
        server.update("listen".to_owned(), false);
        assert!(server.next_line(&normal).is_none());
        server.update("listening\n".to_owned(), false);
        assert_eq!(server.next_line(&normal).unwrap(), "listening");
    }
}
