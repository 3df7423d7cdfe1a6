//! The difference as one page for the browser.

use std::fmt::{self, Display, Write};

use similar::ChangeTag;

use super::model::{DayDiff, FileDiff, Hunk, Line, Status};
use super::words::{self, Piece};
use crate::markdown::Language;
use crate::why::Whys;

const STYLE: &str = include_str!("page.css");

/// A page that needs no other file and no script.
pub(crate) fn page(diff: &DayDiff, whys: &Whys) -> String {
    let mut page = Page {
        whys,
        html: String::new(),
    };
    page.head(diff);
    page.index(diff);
    for file in diff.touched() {
        page.file(file);
    }
    page.html + "</body>\n</html>\n"
}

struct Page<'w> {
    whys: &'w Whys,
    html: String,
}

impl Page<'_> {
    fn push(&mut self, text: impl Display) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.html, "{text}");
    }

    fn head(&mut self, diff: &DayDiff) {
        let title = Escaped(&diff.title()).to_string();
        let day = diff.day;
        let against = match diff.before {
            Some(before) => format!("what changes after day {}, {}", before.number, before.name),
            None => "everything is new".to_owned(),
        };
        self.push(format_args!(
            "<!doctype html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<title>{title}</title>
<style>
{STYLE}</style>
</head>
<body>
<h1 id=\"top\">Day {}: {} <small>{against}</small></h1>",
            day.number, day.name
        ));
    }

    fn index(&mut self, diff: &DayDiff) {
        self.push(
            "<table class=\"index\">\n<thead><tr><th>File</th><th></th><th>Lines</th><th></th></tr></thead>\n<tbody>",
        );
        for file in diff.touched() {
            let why: Vec<_> = self
                .whys
                .about(file)
                .iter()
                .map(|why| why.sentence(Language::English))
                .collect();
            self.push(format_args!(
                "<tr><td><a href=\"#{}\"><code>{}</code></a></td><td>{}</td><td class=\"count\">{}</td><td class=\"why\">{}</td></tr>",
                anchor(file),
                Escaped(&file.path),
                word(file),
                counts(file),
                Escaped(&why.join(" ")),
            ));
        }
        self.push("</tbody>\n</table>");
        let unchanged: Vec<_> = diff.with(Status::Unchanged).collect();
        if !unchanged.is_empty() {
            self.push(format_args!(
                "<details class=\"unchanged\"><summary>{} files are as they were</summary>",
                unchanged.len()
            ));
            for file in unchanged {
                self.push(format_args!("<code>{}</code>", Escaped(&file.path)));
            }
            self.push("</details>");
        }
    }

    fn file(&mut self, file: &FileDiff) {
        self.push(format_args!(
            "<section id=\"{}\">\n<h2><code>{}</code> <span class=\"status\">{} {}</span> <a class=\"top\" href=\"#top\">all files</a></h2>",
            anchor(file),
            Escaped(&file.path),
            word(file),
            counts(file),
        ));
        if let Some(why) = self.whys.of_file(file) {
            self.push(format_args!(
                "<p class=\"why\">{}</p>",
                Escaped(why.sentence(Language::English))
            ));
        }
        // One side would be empty from top to bottom.
        let is_whole = file.status() != Status::Changed;
        for (nth, hunk) in file.hunks.iter().enumerate() {
            if !is_whole {
                self.place(file, hunk, nth > 0);
            }
            self.hunk(hunk, is_whole);
        }
        self.push("</section>");
    }

    fn place(&mut self, file: &FileDiff, hunk: &Hunk, is_later: bool) {
        let why = self.whys.of_hunk(file, hunk);
        let why = why.map_or(String::new(), |why| {
            format!("<span>{}</span>", Escaped(why.sentence(Language::English)))
        });
        let class = if is_later { "place later" } else { "place" };
        self.push(format_args!(
            "<div class=\"{class}\">from line {}{why}</div>",
            hunk.new.start + 1
        ));
    }

    /// The lines in runs: those that stay, and those that go with those that come
    /// for them.
    fn hunk(&mut self, hunk: &Hunk, is_whole: bool) {
        let (mut old, mut new) = (hunk.old.start, hunk.new.start);
        let whole = if is_whole { " whole" } else { "" };
        for run in hunk.lines.chunk_by(|a, b| is_same(a) == is_same(b)) {
            let kind = if is_same(&run[0]) { "same" } else { "changed" };
            self.push(format_args!("<div class=\"block {kind}{whole}\">"));
            let (gone, come): (Vec<_>, Vec<_>) = match kind {
                "same" => (run.iter().collect(), run.iter().collect()),
                _ => run.iter().partition(|line| line.tag == ChangeTag::Delete),
            };
            for at in 0..gone.len().max(come.len()) {
                let (left, right) = (gone.get(at), come.get(at));
                let (left_pieces, right_pieces) = words::compare(text(left), text(right));
                if !is_whole || left.is_some() {
                    self.cell("old", left.map(|_| (old + at, left_pieces)), kind);
                }
                if !is_whole || right.is_some() {
                    self.cell("new", right.map(|_| (new + at, right_pieces)), kind);
                }
            }
            self.push("</div>");
            old += gone.len();
            new += come.len();
        }
    }

    fn cell(&mut self, side: &str, line: Option<(usize, Vec<Piece>)>, kind: &str) {
        let Some((number, pieces)) = line else {
            self.push(format_args!("<div class=\"cell {side} empty\"></div>"));
            return;
        };
        let sign = match (kind, side) {
            ("same", _) => " ",
            (_, "old") => "−",
            _ => "+",
        };
        // What does not fit into a line goes on further in than the line begins.
        let first = pieces.first().map_or("", |piece| &piece.text);
        let indent = match first.len() - first.trim_start_matches(' ').len() {
            0 => String::new(),
            indent => format!(" style=\"--indent:{indent}\""),
        };
        let code: String = pieces.iter().map(marked).collect();
        self.push(format_args!(
            "<div class=\"cell {side}\"><span class=\"number\">{}</span><span class=\"sign\">{sign}</span><code{indent}>{code}</code></div>",
            number + 1
        ));
    }
}

fn is_same(line: &Line) -> bool {
    line.tag == ChangeTag::Equal
}

fn text<'l>(line: Option<&&'l Line>) -> Option<&'l str> {
    line.map(|line| line.text.trim_end_matches('\n'))
}

fn marked(piece: &Piece) -> String {
    let text = Escaped(&piece.text);
    if piece.differs {
        format!("<mark>{text}</mark>")
    } else {
        text.to_string()
    }
}

fn word(file: &FileDiff) -> &'static str {
    match file.status() {
        Status::Added => "new",
        Status::Changed => "changed",
        Status::Removed => "gone",
        Status::Unchanged => "as it was",
    }
}

fn counts(file: &FileDiff) -> String {
    let mut text = String::new();
    for (class, sign, count) in [("plus", '+', file.added()), ("minus", '−', file.removed())] {
        if count > 0 {
            // Writing to a String cannot fail.
            let _ = write!(text, "<span class=\"{class}\">{sign}{count}</span> ");
        }
    }
    text
}

/// A file's place in the page.
fn anchor(file: &FileDiff) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    file.path.chars().map(plain).collect()
}

/// A text as HTML shows it.
struct Escaped<'t>(&'t str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file_html(old: Option<&str>, new: Option<&str>) -> String {
        let whys = Whys::default();
        let mut page = Page {
            whys: &whys,
            html: String::new(),
        };
        let file = FileDiff::new("src/a.rs", old.map(str::to_owned), new.map(str::to_owned));
        page.file(&file);
        page.html
    }

    #[test]
    fn both_sides_stand_in_one_row_with_their_own_numbers() {
        let html = file_html(
            Some("a\nlet x = 1;\nb\n"),
            Some("first\na\nlet x = 2;\nb\n"),
        );
        assert!(html.contains(
            "<div class=\"cell old\"><span class=\"number\">2</span><span class=\"sign\">−</span><code>let x = <mark>1</mark>;</code></div>"
        ));
        assert!(html.contains(
            "<div class=\"cell new\"><span class=\"number\">3</span><span class=\"sign\">+</span><code>let x = <mark>2</mark>;</code></div>"
        ));
        assert_eq!(html.matches("cell old empty").count(), 1);
    }

    #[test]
    fn a_new_file_has_one_side() {
        let html = file_html(None, Some("a\nb\n"));
        assert!(html.contains("block changed whole"));
        assert!(!html.contains("cell old"));
        assert_eq!(html.matches("cell new").count(), 2);
    }

    #[test]
    fn code_is_no_markup() {
        let html = file_html(None, Some("Vec<u8> & \"x\"\n"));
        assert!(html.contains("Vec&lt;u8&gt; &amp; &quot;x&quot;"));
    }
}
