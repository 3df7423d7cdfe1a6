//! Relative links lead to a file, and their fragments to a heading.

use anyhow::Result;
use pulldown_cmark::{Event, Tag};

use crate::course::Course;
use crate::drift::Drift;
use crate::markdown::Document;

pub(super) fn check(course: &Course) -> Result<Vec<Drift>> {
    let mut drifts = Vec::new();
    for document in course.documents()? {
        for (event, range) in document.events() {
            let Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) = event
            else {
                continue;
            };
            if dest_url.contains("://") || leads_somewhere(course, &document, &dest_url)? {
                continue;
            }
            let line = document.line_of(range.start);
            let what = format!("the link {dest_url} leads nowhere");
            let mend = "name a file and a heading of it";
            drifts.push(Drift::new(&document.path, line, what, mend));
        }
    }
    Ok(drifts)
}

fn leads_somewhere(course: &Course, document: &Document, target: &str) -> Result<bool> {
    let (path, fragment) = target.split_once('#').unwrap_or((target, ""));
    let file = match path {
        "" => document.path.clone(),
        path => format!("{}/{path}", document.dir()),
    };
    let file = file.trim_start_matches('/');
    if fragment.is_empty() {
        return Ok(course.root.join(file).exists());
    }
    let Some(text) = course.text(file)? else {
        return Ok(false);
    };
    let is_id = text.contains(&format!("id=\"{fragment}\""));
    let mut headings = fragments(&Document::new(file, text)).into_iter();
    Ok(is_id || headings.any(|heading| heading == fragment))
}

/// The headings of a text as GitHub names them.
fn fragments(document: &Document) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for heading in document.headings() {
        let kept = |c: &char| c.is_alphanumeric() || "-_ ".contains(*c);
        let name: String = heading.text.to_lowercase().chars().filter(kept).collect();
        let name = name.replace(' ', "-");
        let numbered = (1..).map(|nth| format!("{name}-{nth}"));
        let mut candidates = std::iter::once(name.clone()).chain(numbered);
        found.extend(candidates.find(|candidate| !found.contains(candidate)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_named_as_web_pages_name_them() {
        let text = "# The `Epoll`, and why?\n\n## 事件循环\n\n## Same\n\n## Same\n";
        let document = Document::new("a.md", text.to_owned());
        assert_eq!(
            fragments(&document),
            ["the-epoll-and-why", "事件循环", "same", "same-1"]
        );
    }
}
