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

/// The languages that the course is told in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    Chinese,
}

/// How the names of Chinese texts end.
const CHINESE: &str = ".zh-CN.md";

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Heading {
    pub(crate) level: usize,
    pub(crate) text: String,
    pub(crate) line: usize,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CodeBlock {
    /// What stands behind the opening fence: a language, perhaps more.
    pub(crate) info: String,
    pub(crate) text: String,
    /// The line of the opening fence.
    pub(crate) line: usize,
}

/// A table as plain cells; `code` holds the code spans of each cell.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) header: Vec<Cell>,
    pub(crate) rows: Vec<Vec<Cell>>,
}

#[derive(Debug, Default)]
pub(crate) struct Cell {
    pub(crate) text: String,
    pub(crate) code: Vec<String>,
    pub(crate) line: usize,
}

impl Document {
    pub(crate) fn new(path: &str, text: String) -> Self {
        Self {
            path: path.to_owned(),
            text,
        }
    }

    pub(crate) fn language(&self) -> Language {
        if self.path.ends_with(CHINESE) {
            Language::Chinese
        } else {
            Language::English
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

    pub(crate) fn headings(&self) -> Vec<Heading> {
        let mut headings = Vec::new();
        let mut open: Option<Heading> = None;
        for (event, range) in self.events() {
            match event {
                Event::Start(Tag::Heading { level, .. }) => {
                    open = Some(Heading {
                        level: level as usize,
                        text: String::new(),
                        line: self.line_of(range.start),
                    });
                }
                Event::End(TagEnd::Heading(_)) => headings.extend(open.take()),
                Event::Text(text) | Event::Code(text) => {
                    if let Some(heading) = &mut open {
                        heading.text += &text;
                    }
                }
                _ => {}
            }
        }
        headings
    }

    /// The fenced code blocks.
    pub(crate) fn code_blocks(&self) -> Vec<CodeBlock> {
        let mut blocks = Vec::new();
        let mut open: Option<CodeBlock> = None;
        for (event, range) in self.events() {
            match event {
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                    open = Some(CodeBlock {
                        info: info.to_string(),
                        text: String::new(),
                        line: self.line_of(range.start),
                    });
                }
                Event::End(TagEnd::CodeBlock) => blocks.extend(open.take()),
                Event::Text(text) => {
                    if let Some(block) = &mut open {
                        block.text += &text;
                    }
                }
                _ => {}
            }
        }
        blocks
    }

    pub(crate) fn tables(&self) -> Vec<Table> {
        let mut tables = Vec::new();
        let mut table = Table::default();
        let mut row = Vec::new();
        let mut cell = None;
        for (event, range) in self.events() {
            match event {
                Event::Start(Tag::TableCell) => {
                    cell = Some(Cell {
                        line: self.line_of(range.start),
                        ..Cell::default()
                    });
                }
                Event::Text(text) => {
                    if let Some(cell) = &mut cell {
                        cell.text += &text;
                    }
                }
                Event::Code(code) => {
                    if let Some(cell) = &mut cell {
                        cell.text += &code;
                        cell.code.push(code.to_string());
                    }
                }
                Event::End(TagEnd::TableCell) => row.extend(cell.take()),
                Event::End(TagEnd::TableHead) => table.header = std::mem::take(&mut row),
                Event::End(TagEnd::TableRow) => table.rows.push(std::mem::take(&mut row)),
                Event::End(TagEnd::Table) => tables.push(std::mem::take(&mut table)),
                _ => {}
            }
        }
        tables
    }
}

/// A relative path from a directory, as a path from the root.
pub(crate) fn resolve(dir: &str, path: &str) -> String {
    let mut parts: Vec<_> = dir.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.pop().is_none() => return path.to_owned(),
            ".." => {}
            part => parts.push(part),
        }
    }
    parts.join("/")
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
            (headings[0].text.as_str(), headings[0].level),
            ("One two", 1)
        );
        assert_eq!((headings[1].line, headings[1].level), (9, 2));
        let block = &document.code_blocks()[0];
        assert_eq!((block.info.as_str(), block.line), ("rust", 5));
        assert_eq!(block.text, "# no heading\n");
    }

    #[test]
    fn tables_keep_their_code_spans() {
        let document = document("| Rust | day |\n|---|---|\n| `A::b` and `C` | 2 |\n");
        let tables = document.tables();
        assert_eq!(tables[0].header[1].text, "day");
        let row = &tables[0].rows[0];
        assert_eq!(
            (row[0].code.len(), row[0].line, row[1].text.as_str()),
            (2, 3, "2")
        );
    }

    #[test]
    fn relative_paths_start_at_their_text() {
        assert_eq!(
            resolve("day02-epoll", "../day01-socket/src/lib.rs"),
            "day01-socket/src/lib.rs"
        );
        assert_eq!(resolve("", "./README.md"), "README.md");
        assert_eq!(resolve("a/b", "c"), "a/b/c");
        assert_eq!(resolve("", "../outside"), "../outside");
    }
}
