//! The one sentence that says why a day changes what it changes: `why.toml`.
//!
//! ```toml
//! [[why]]
//! file = "src/lib.rs"      # speaks for every hunk of the file that no other speaks for
//! en = "The new module joins the library."
//! zh = "…"
//!
//! [[why]]
//! file = "src/epoll.rs"
//! at = "fn update_channel" # speaks for the hunks that change a line with this text
//! en = "…"
//! ```

use toml::de::{DeTable, DeValue};

use crate::course::{Course, Day};
use crate::diff::{FileDiff, Hunk};
use crate::drift::{Drift, line_of};
use crate::markdown::Language;

/// Every sentence of a day.
#[derive(Default)]
pub(crate) struct Whys(Vec<Why>);

/// The sentence for a file, or for some of its hunks.
pub(crate) struct Why {
    pub(crate) file: String,
    /// A text in one of the hunk's changed lines.
    pub(crate) at: Option<String>,
    en: String,
    zh: Option<String>,
    /// Where the entry is in `why.toml`.
    pub(crate) line: usize,
}

/// The path of a day's sentences, below the course's root.
pub(crate) fn path(day: &Day) -> String {
    format!("{}/why.toml", day.name)
}

impl Whys {
    /// The sentences of a day, or nothing if nobody wrote any yet.
    pub(crate) fn of(course: &Course, day: &Day) -> anyhow::Result<Option<Self>> {
        let path = path(day);
        match course.text(&path)? {
            Some(text) => Ok(Some(Self::parse(&path, &text)?)),
            None => Ok(None),
        }
    }

    fn parse(path: &str, text: &str) -> Result<Self, Drift> {
        let drift = |at: usize, what: String| {
            let mend = "see `cargo xtask check --help` for the form of why.toml";
            Drift::new(path, line_of(text, at), what, mend)
        };
        let table = DeTable::parse(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            drift(at, error.message().to_owned())
        })?;
        let mut whys = Vec::new();
        for (key, value) in table.get_ref() {
            let entries = value.get_ref().as_array();
            let (Some(entries), "why") = (entries, key.get_ref().as_ref()) else {
                return Err(drift(
                    key.span().start,
                    format!("unexpected '{}'", key.get_ref()),
                ));
            };
            for entry in entries {
                let at = entry.span().start;
                let why = Why::parse(entry.get_ref(), line_of(text, at));
                whys.push(why.map_err(|what| drift(at, what))?);
            }
        }
        Ok(Self(whys))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Why> {
        self.0.iter()
    }

    /// The sentence about a file as a whole.
    pub(crate) fn of_file(&self, file: &FileDiff) -> Option<&Why> {
        let mut about = self.0.iter().filter(|why| why.file == file.path);
        about.find(|why| why.at.is_none())
    }

    /// The sentence about this hunk in particular.
    pub(crate) fn of_hunk(&self, file: &FileDiff, hunk: &Hunk) -> Option<&Why> {
        self.0.iter().find(|why| why.speaks_for(file, hunk))
    }

    /// Every sentence about a file, the one about all of it first, and each once.
    pub(crate) fn about(&self, file: &FileDiff) -> Vec<&Why> {
        let mut about: Vec<_> = self.of_file(file).into_iter().collect();
        let of_hunks = self.0.iter().filter(|why| {
            why.at.is_some() && file.hunks.iter().any(|hunk| why.speaks_for(file, hunk))
        });
        about.extend(of_hunks);
        about
    }
}

impl Why {
    fn parse(entry: &DeValue, line: usize) -> Result<Self, String> {
        let table = entry.as_table().ok_or("an entry is a table")?;
        let mut why = Self {
            file: String::new(),
            at: None,
            en: String::new(),
            zh: None,
            line,
        };
        for (key, value) in table {
            let key = key.get_ref().as_ref();
            let Some(text) = value.get_ref().as_str() else {
                return Err(format!("'{key}' is a text"));
            };
            if text.is_empty() || text.contains('\n') {
                return Err(format!("'{key}' is one line of text"));
            }
            let text = text.to_owned();
            match key {
                "file" => why.file = text,
                "at" => why.at = Some(text),
                "en" => why.en = text,
                "zh" => why.zh = Some(text),
                _ => return Err(format!("unexpected '{key}'")),
            }
        }
        match (why.file.is_empty(), why.en.is_empty()) {
            (true, _) => Err("the entry names no 'file'".to_owned()),
            (_, true) => Err(format!("the entry for {} has no sentence 'en'", why.file)),
            _ => Ok(why),
        }
    }

    /// The sentence in a language, or in English until somebody translates it.
    pub(crate) fn sentence(&self, language: Language) -> &str {
        match language {
            Language::English => &self.en,
            Language::Chinese => self.zh.as_ref().unwrap_or(&self.en),
        }
    }

    pub(crate) fn is_translated(&self) -> bool {
        self.zh.is_some()
    }

    pub(crate) fn speaks_for(&self, file: &FileDiff, hunk: &Hunk) -> bool {
        let at = self.at.as_ref();
        self.file == file.path && at.is_some_and(|at| hunk.changes(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Whys, String> {
        Whys::parse("why.toml", text).map_err(|drift| drift.to_string())
    }

    #[test]
    fn a_hunk_has_its_own_sentence_or_its_files() {
        let whys = parse(
            "[[why]]\nfile = 'a'\nen = 'All.'\nzh = '都。'\n\n[[why]]\nfile = 'a'\nat = 'new'\nen = 'One.'\n",
        )
        .unwrap();
        let file = FileDiff::new("a", Some("x\n".to_owned()), Some("x\nnew\n".to_owned()));
        assert_eq!(
            whys.of_file(&file).unwrap().sentence(Language::Chinese),
            "都。"
        );
        let own = whys.of_hunk(&file, &file.hunks[0]).unwrap();
        assert_eq!((own.sentence(Language::Chinese), own.line), ("One.", 6));
        assert_eq!(whys.about(&file).len(), 2);
        let other = FileDiff::new("b", None, Some("new\n".to_owned()));
        assert!(whys.about(&other).is_empty());
    }

    #[test]
    fn what_is_not_understood_is_named_with_its_line() {
        for (text, complaint) in [
            ("\n[[why]\n", "why.toml:2:"),
            ("[[because]]\n", "why.toml:1: unexpected 'because'"),
            ("why = 1\n", "why.toml:1: unexpected 'why'"),
            (
                "\n[[why]]\nen = 'x'\n",
                "why.toml:2: the entry names no 'file'",
            ),
            (
                "[[why]]\nfile = 'a'\n",
                "why.toml:1: the entry for a has no sentence",
            ),
            (
                "[[why]]\nfile = 'a'\nfr = 'x'\n",
                "why.toml:1: unexpected 'fr'",
            ),
            ("[[why]]\nfile = 3\n", "why.toml:1: 'file' is a text"),
            (
                "[[why]]\nfile = 'a'\nen = \"x\\ny\"\n",
                "'en' is one line of text",
            ),
        ] {
            let error = parse(text).err().unwrap();
            assert!(error.contains(complaint), "{error}");
        }
    }
}
