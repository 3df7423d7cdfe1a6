//! What a text points at is there.

use std::collections::BTreeMap;

use anyhow::Result;
use pulldown_cmark::{Event, Tag, TagEnd};
use regex_lite::Regex;

use crate::course::Course;
use crate::drift::Drift;
use crate::markdown::{Document, resolve};

pub(super) fn check(course: &Course) -> Result<Vec<Drift>> {
    let documents = course.documents()?;
    let checker = Checker {
        course,
        fragments: documents
            .iter()
            .map(|document| (document.path.as_str(), fragments(document)))
            .collect(),
        html: Regex::new(r#"\b(?:href|src|srcset)="([^"]+)""#)?,
        // A slash keeps log lines and `127.0.0.1:8888` apart from files.
        place: Regex::new(
            r"[\w.-]+(?:/[\w.-]+)+\.(?:rs|toml|md|py|svg|json|yml|txt|sh|c|h|cc|cpp):(\d+)",
        )?,
    };
    let mut drifts = Vec::new();
    for document in &documents {
        drifts.extend(checker.document(document)?);
    }
    Ok(drifts)
}

struct Checker<'c> {
    course: &'c Course,
    /// What `#…` can name in each text.
    fragments: BTreeMap<&'c str, Vec<String>>,
    html: Regex,
    place: Regex,
}

impl Checker<'_> {
    fn document(&self, document: &Document) -> Result<Vec<Drift>> {
        let mut drifts = Vec::new();
        let mut in_block = false;
        for (event, range) in document.events() {
            let line = document.line_of(range.start);
            match event {
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    drifts.extend(self.link(document, line, &dest_url)?);
                }
                Event::Html(html) | Event::InlineHtml(html) => {
                    for found in self.html.captures_iter(&html) {
                        drifts.extend(self.link(document, line, &found[1])?);
                    }
                }
                Event::Start(Tag::CodeBlock(_)) => in_block = true,
                Event::End(TagEnd::CodeBlock) => in_block = false,
                Event::Text(text) | Event::Code(text) if !in_block => {
                    for found in self.place.captures_iter(&text) {
                        drifts.extend(self.place(document, line, &found[0], &found[1])?);
                    }
                }
                _ => {}
            }
        }
        Ok(drifts)
    }

    fn link(&self, document: &Document, line: usize, target: &str) -> Result<Option<Drift>> {
        if target.contains("://") || target.starts_with("mailto:") {
            return Ok(None);
        }
        let (path, fragment) = target.split_once('#').unwrap_or((target, ""));
        let path = match path {
            "" => document.path.clone(),
            path => resolve(document.dir(), path),
        };
        let drift = |what: String| {
            Some(Drift::new(
                &document.path,
                line,
                what,
                "point the link at what there is",
            ))
        };
        if !self.course.root.join(&path).exists() {
            return Ok(drift(format!("the link leads nowhere: there is no {path}")));
        }
        let is_there = match (fragment, self.fragments.get(path.as_str())) {
            ("", _) => true,
            (fragment, Some(fragments)) => fragments.iter().any(|known| known == fragment),
            (fragment, None) => self.has_line(&path, fragment.trim_start_matches('L'))?,
        };
        Ok(if is_there {
            None
        } else {
            drift(format!("{path} has no #{fragment}"))
        })
    }

    /// `day03-channel/src/channel.rs:88`, from the root or from the text's own
    /// directory.
    fn place(
        &self,
        document: &Document,
        line: usize,
        found: &str,
        number: &str,
    ) -> Result<Option<Drift>> {
        let path = found
            .strip_suffix(number)
            .unwrap_or(found)
            .trim_end_matches(':');
        for path in [resolve(document.dir(), path), resolve("", path)] {
            if self.has_line(&path, number)? {
                return Ok(None);
            }
        }
        let what = format!("{found} leads nowhere");
        Ok(Some(Drift::new(
            &document.path,
            line,
            what,
            "name a file and a line that it has",
        )))
    }

    fn has_line(&self, path: &str, number: &str) -> Result<bool> {
        let text = self.course.text(path)?;
        let (Some(text), Ok(number)) = (text, number.parse::<usize>()) else {
            return Ok(false);
        };
        Ok((1..=text.lines().count()).contains(&number))
    }
}

/// The headings of a text as its web page names them, and the names that the
/// text gives itself by `id="…"`.
fn fragments(document: &Document) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for heading in document.headings() {
        let kept = |c: &char| c.is_alphanumeric() || matches!(c, '-' | '_' | ' ');
        let name: String = heading.text.to_lowercase().chars().filter(kept).collect();
        let name = name.replace(' ', "-");
        let numbered = (1..).map(|nth| format!("{name}-{nth}"));
        let mut candidates = std::iter::once(name.clone()).chain(numbered);
        found.extend(candidates.find(|candidate| !found.contains(candidate)));
    }
    let ids = document.text.split("id=\"").skip(1);
    found.extend(
        ids.filter_map(|rest| rest.split_once('"'))
            .map(|(id, _)| id.to_owned()),
    );
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_named_as_web_pages_name_them() {
        let document = Document::new(
            "a.md",
            "# The `Epoll`, and why?\n\n## 事件循环\n\n## Same\n\n## Same\n\n<a id=\"x\"></a>\n"
                .to_owned(),
        );
        assert_eq!(
            fragments(&document),
            ["the-epoll-and-why", "事件循环", "same", "same-1", "x"]
        );
    }
}
