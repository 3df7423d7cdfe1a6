//! What the checks need to know about a Markdown file, with line numbers.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use crate::drift::line_of;

/// A text of the course.
pub(crate) struct Document {
    /// Below the course's root.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// The languages of the course.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    Chinese,
}

impl Language {
    /// Chooses between two texts that say the same.
    pub(crate) fn of<T>(self, english: T, chinese: T) -> T {
        match self {
            Self::English => english,
            Self::Chinese => chinese,
        }
    }
}

/// How the names of Chinese texts end.
const CHINESE: &str = ".zh-CN.md";

/// A part of a text, with what its mark says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Element<I> {
    pub(crate) info: I,
    pub(crate) text: String,
    /// The line of the mark.
    pub(crate) line: usize,
}

/// A fenced block. Behind its opening fence is a language, perhaps more.
pub(crate) type CodeBlock = Element<String>;

impl Document {
    pub(crate) fn new(path: &str, text: String) -> Self {
        let path = path.to_owned();
        Self { path, text }
    }

    pub(crate) fn language(&self) -> Language {
        match self.path.ends_with(CHINESE) {
            true => Language::Chinese,
            false => Language::English,
        }
    }

    /// The English text that a Chinese one is the twin of.
    pub(crate) fn english_twin(&self) -> Option<String> {
        let stem = self.path.strip_suffix(CHINESE)?;
        Some(format!("{stem}.md"))
    }

    /// The directory that relative links start from; empty at the root.
    pub(crate) fn dir(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(dir, _)| dir)
    }

    /// Leads from that directory to the root: empty at the root, `../` below it.
    pub(crate) fn to_root(&self) -> String {
        let parts = self.dir().split('/').filter(|part| !part.is_empty());
        parts.map(|_| "../").collect()
    }

    pub(crate) fn line_of(&self, offset: usize) -> usize {
        line_of(&self.text, offset)
    }

    pub(crate) fn events(&self) -> impl Iterator<Item = (Event<'_>, Range<usize>)> {
        Parser::new_ext(&self.text, Options::ENABLE_TABLES).into_offset_iter()
    }

    /// The headings, with their levels.
    pub(crate) fn headings(&self) -> Vec<Element<usize>> {
        self.elements(|tag| match tag {
            Tag::Heading { level, .. } => Some(*level as usize),
            _ => None,
        })
    }

    /// The fenced code blocks.
    pub(crate) fn code_blocks(&self) -> Vec<CodeBlock> {
        self.elements(|tag| match tag {
            Tag::CodeBlock(CodeBlockKind::Fenced(info)) => Some(info.to_string()),
            _ => None,
        })
    }

    /// The elements that `info` wants.
    fn elements<I>(&self, info: impl Fn(&Tag) -> Option<I>) -> Vec<Element<I>> {
        let mut found = Vec::new();
        let mut open: Option<(TagEnd, Element<I>)> = None;
        for (event, range) in self.events() {
            match (event, &mut open) {
                (Event::Start(tag), None) => {
                    let (text, line) = (String::new(), self.line_of(range.start));
                    let element = info(&tag).map(|info| Element { info, text, line });
                    open = element.map(|element| (tag.to_end(), element));
                }
                (Event::Text(text) | Event::Code(text), Some((_, open))) => open.text += &text,
                (Event::End(end), Some((awaited, _))) if end == *awaited => {
                    found.extend(open.take().map(|(_, element)| element));
                }
                _ => {}
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Document {
        Document::new("day01-one/README.zh-CN.md", text.to_owned())
    }

    #[test]
    fn a_path_tells_language_twin_and_directory() {
        let chinese = document("");
        assert_eq!(chinese.language(), Language::Chinese);
        assert_eq!(chinese.english_twin().unwrap(), "day01-one/README.md");
        assert_eq!(chinese.dir(), "day01-one");
        let root = Document::new("README.md", String::new());
        assert_eq!((root.language(), root.dir()), (Language::English, ""));
        assert!(root.english_twin().is_none());
    }

    #[test]
    fn headings_and_blocks_have_their_lines() {
        let document = document("# One `two`\n\ntext\n\n```rust\n# no heading\n```\n\n## Three\n");
        let headings = document.headings();
        assert_eq!(headings.len(), 2);
        assert_eq!(
            (headings[0].text.as_str(), headings[0].info),
            ("One two", 1)
        );
        assert_eq!((headings[1].line, headings[1].info), (9, 2));
        let block = &document.code_blocks()[0];
        assert_eq!((block.info.as_str(), block.line), ("rust", 5));
        assert_eq!(block.text, "# no heading\n");
    }
}
